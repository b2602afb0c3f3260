package import Foundation

/// When to try again: exponential back-off with full jitter.
package struct RetryPolicy: Sendable {
    /// Seconds that the first wait may last at most; each further one may last twice as long.
    package var base: TimeInterval
    /// Seconds that no wait exceeds.
    package var ceiling: TimeInterval
    /// How often a call is made in all before its error is given on.
    package var attempts: Int

    package init(base: TimeInterval = 1, ceiling: TimeInterval = 60, attempts: Int = 5) {
        self.base = base
        self.ceiling = ceiling
        self.attempts = attempts
    }

    /// Seconds beyond which a `Retry-After` is not believed.
    private static let longestRetryAfter: TimeInterval = 6 * 3600

    /// The wait after a number of failures, in seconds: evenly drawn between nothing and the exponential bound.
    package func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> TimeInterval {
        let bound = min(ceiling, base * pow(2, Double(max(0, min(failures, 30) - 1))))
        return bound > 0 ? TimeInterval.random(in: 0...bound, using: &generator) : 0
    }

    /// When to try again.
    ///
    /// - Parameters:
    ///   - failures: Tries that failed so far, at least 1.
    ///   - retryAfter: What the upstream asked for; never undercut.
    ///   - deadline: The wait is cut so that one more try still fits before this, `margin` seconds ahead of it. A `retryAfter` beyond
    ///     the deadline is cut too: a try that is refused costs nothing, a picture that is lost costs all.
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
    /// Reads a `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3).
    package static func retryAfter(_ header: String?, now: Date) -> Date? {
        guard let text = header?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        // The standard knows whole seconds only; some servers send a fraction.
        guard text.wholeMatch(of: /[0-9]{1,12}(\.[0-9]{1,6})?/) != nil else { return HTTPDate.parse(text, now: now) }
        return Double(text).map { now.addingTimeInterval(min($0, 1e7)) }
    }
}
