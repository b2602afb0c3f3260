package import Foundation

/// How much may be asked of one host.
package struct HostLimits: Sendable, Hashable {
    /// Requests on their way at once, their bodies included.
    package var concurrent: Int
    /// Requests begun in a second; `nil` for no limit.
    package var perSecond: Double?
    /// Seconds that a pause without a `Retry-After` lasts at the most.
    package var longestPause: TimeInterval

    package init(concurrent: Int = 16, perSecond: Double? = nil, longestPause: TimeInterval = 60) {
        self.concurrent = concurrent
        self.perSecond = perSecond
        self.longestPause = longestPause
    }
}

/// What one host bears, learnt from its answers: additive increase, multiplicative decrease.
///
/// After "too many requests" nobody asks until the pause is over, and then half as many at once; each round of good answers allows
/// one more, up to the limit.
struct HostPace: Sendable {
    /// Seconds of a pause that a host is believed at the most, since one answer closes the door for all: a try that is refused costs
    /// nothing, a picture that is lost costs all.
    static let longestRetryAfter: TimeInterval = 5 * 60

    private let limits: HostLimits
    /// Requests that may be on their way at once now.
    private(set) var width: Int
    private(set) var closedUntil = Date.distantPast
    private var active = 0
    private var refusals = 0
    private var goodAnswers = 0
    private var nextStart = Date.distantPast

    enum Entry: Equatable {
        case entered
        /// Ask again then.
        case closed(until: Date)
        /// Ask again when a request has ended.
        case full
    }

    init(_ limits: HostLimits) {
        self.limits = limits
        width = limits.concurrent
    }

    var isIdle: Bool { active == 0 }

    mutating func enter(now: Date) -> Entry {
        let opens = max(closedUntil, nextStart)
        if opens > now { return .closed(until: opens) }
        guard active < width else { return .full }
        active += 1
        if let rate = limits.perSecond, rate > 0 { nextStart = now.addingTimeInterval(1 / rate) }
        return .entered
    }

    mutating func leave() { active -= 1 }

    mutating func noteGoodAnswer() {
        refusals = 0
        goodAnswers += 1
        guard goodAnswers >= width, width < limits.concurrent else { return }
        goodAnswers = 0
        width += 1
    }

    /// - Parameter retryAfter: When the host asked to come back, believed up to ``longestRetryAfter``; without it the pause grows with
    ///   each refusal in a row.
    mutating func noteRefusal(now: Date, retryAfter: Date?, using generator: inout some RandomNumberGenerator) {
        // Several requests may be refused for one and the same burst: only the first of them narrows the way.
        if now >= closedUntil {
            refusals += 1
            width = max(1, width / 2)
            goodAnswers = 0
        }
        let policy = RetryPolicy(base: 1, ceiling: limits.longestPause)
        let pause = max(0.1, policy.delay(failures: refusals, using: &generator))
        let asked = retryAfter.map { min($0, now.addingTimeInterval(Self.longestRetryAfter)) }
        closedUntil = max(closedUntil, asked ?? now.addingTimeInterval(pause))
    }
}
