package import Foundation

/// Request limits for one host.
package struct HostLimits: Sendable, Hashable {
    /// Maximum number of concurrent requests, including the reading of their bodies.
    package var concurrent: Int
    /// Maximum number of requests started per second; `nil` for no limit.
    package var perSecond: Double?
    /// Longest pause in seconds if the host sends no `Retry-After`.
    package var longestPause: TimeInterval

    package init(concurrent: Int = 16, perSecond: Double? = nil, longestPause: TimeInterval = 60) {
        self.concurrent = concurrent
        self.perSecond = perSecond
        self.longestPause = longestPause
    }
}

/// Adapts the concurrency of requests to a host: additive increase, multiplicative decrease.
///
/// After "too many requests", all requests pause, and the concurrency is halved. Each round of successful answers then raises it
/// by one, up to the limit.
struct HostPace: Sendable {
    /// The longest `Retry-After` in seconds that is respected, since one answer pauses all requests. A refused attempt costs
    /// nothing, but a missed deadline loses a picture.
    static let longestRetryAfter: TimeInterval = 5 * 60

    private let limits: HostLimits
    /// The current concurrency limit.
    private(set) var concurrency: Int
    private(set) var closedUntil = Date.distantPast
    private var active = 0
    private var refusals = 0
    private var goodAnswers = 0
    private var nextStart = Date.distantPast

    enum Admission: Equatable {
        case entered
        /// Retry at this time.
        case closed(until: Date)
        /// Retry when a request has ended.
        case full
    }

    init(_ limits: HostLimits) {
        self.limits = limits
        concurrency = limits.concurrent
    }

    var isIdle: Bool { active == 0 }

    /// Seconds.
    private var longestClosure: TimeInterval {
        max(Self.longestRetryAfter, limits.longestPause, limits.perSecond.map { 1 / $0 } ?? 0)
    }

    mutating func acquire(now: Date) -> Admission {
        // Only a clock that was set back leaves a longer pause.
        if max(closedUntil, nextStart).timeIntervalSince(now) > longestClosure { (closedUntil, nextStart) = (now, now) }
        let opens = max(closedUntil, nextStart)
        if opens > now { return .closed(until: opens) }
        guard active < concurrency else { return .full }
        active += 1
        if let rate = limits.perSecond, rate > 0 { nextStart = now.addingTimeInterval(1 / rate) }
        return .entered
    }

    mutating func release() { active -= 1 }

    mutating func recordSuccess() {
        refusals = 0
        goodAnswers += 1
        guard goodAnswers >= concurrency, concurrency < limits.concurrent else { return }
        goodAnswers = 0
        concurrency += 1
    }

    /// - Parameter retryAfter: When the host asked the client to retry, limited to ``longestRetryAfter``. Without it, the pause
    ///   grows with each consecutive refusal.
    mutating func recordRefusal(now: Date, retryAfter: Date?, using generator: inout some RandomNumberGenerator) {
        // One burst may cause several refusals; only the first one reduces the concurrency.
        if now >= closedUntil {
            refusals += 1
            concurrency = max(1, concurrency / 2)
            goodAnswers = 0
        }
        let policy = RetryPolicy(base: 1, ceiling: limits.longestPause)
        let pause = max(0.1, policy.delay(failures: refusals, using: &generator))
        let asked = retryAfter.map { min($0, now.addingTimeInterval(Self.longestRetryAfter)) }
        closedUntil = max(closedUntil, asked ?? now.addingTimeInterval(pause))
    }
}
