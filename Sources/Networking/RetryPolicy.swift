package import Foundation

/// Exponential back-off with full jitter.
package struct RetryPolicy: Sendable {
    /// Longest first wait, in seconds; doubles with each failure.
    package var base: TimeInterval
    /// Longest wait in seconds.
    package var ceiling: TimeInterval
    /// Maximum number of attempts at a call before its error is thrown.
    package var attempts: Int

    package init(base: TimeInterval = 1, ceiling: TimeInterval = 60, attempts: Int = 5) {
        self.base = base
        self.ceiling = ceiling
        self.attempts = attempts
    }

    /// The longest `Retry-After` in seconds that is respected.
    private static let longestRetryAfter: TimeInterval = 6 * 3600

    /// The wait in seconds after a number of failures: uniformly random between zero and the exponential limit.
    package func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> TimeInterval {
        let bound = min(ceiling, base * pow(2, Double(max(0, min(failures, 30) - 1))))
        return bound > 0 ? TimeInterval.random(in: 0...bound, using: &generator) : 0
    }

    /// The time of the next attempt.
    ///
    /// - Parameters:
    ///   - failures: Failed attempts so far, at least 1.
    ///   - retryAfter: The upstream's `Retry-After`. The wait is not shorter, except to meet the deadline.
    ///   - deadline: The wait is shortened so that one more attempt fits before the deadline, `margin` seconds ahead of it. The
    ///     deadline has priority over `retryAfter`: a refused attempt costs nothing, but a missed deadline loses a picture.
    package func nextTry(
        after now: Date, failures: Int, retryAfter: Date? = nil, deadline: Date? = nil, margin: TimeInterval = 60,
        using generator: inout some RandomNumberGenerator
    ) -> Date {
        let drawn = now.addingTimeInterval(delay(failures: failures, using: &generator))
        let wanted = max(drawn, min(retryAfter ?? drawn, now.addingTimeInterval(Self.longestRetryAfter)))
        guard let deadline, now < deadline else { return wanted }
        let last = max(now, deadline.addingTimeInterval(-margin))
        return now < last ? min(wanted, last) : min(wanted, deadline)
    }
}

extension RetryPolicy {
    /// Parses `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3).
    package static func retryAfter(_ header: String?, now: Date) -> Date? {
        guard let text = header?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        // The standard allows whole seconds only, but some servers send fractions.
        guard text.wholeMatch(of: /[0-9]{1,12}(\.[0-9]{1,6})?/) != nil else { return HTTPDate.parse(text, now: now) }
        return Double(text).map { now.addingTimeInterval(min($0, 1e7)) }
    }
}
