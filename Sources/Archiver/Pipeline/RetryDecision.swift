package import ArchiveModel
package import Catalog
package import Foundation

/// An attempt that brought no picture, or a read that brought no result.
package struct Failure: Error, Sendable {
    /// A readable description; contains no link's query.
    package var detail: String
    /// The kind, such as `gone` or `status 503`.
    package var kind: String
    package var cause: FailureCause
    /// Whether the host or the API refused a call that used a freshly read link or an ID. Only refusals close a window; an outage
    /// does not.
    package var isRefusal: Bool
    /// When the host or the API asked the client to retry.
    package var retryAfter: Date?
    /// Delivered bytes that are not a complete picture.
    package var candidate: DeliveryCandidate?

    package init(
        _ detail: String, kind: String, cause: FailureCause, isRefusal: Bool = false, retryAfter: Date? = nil,
        candidate: DeliveryCandidate? = nil
    ) {
        self.detail = detail
        self.kind = kind
        self.cause = cause
        self.isRefusal = isRefusal
        self.retryAfter = retryAfter
        self.candidate = candidate
    }
}

/// Decides whether and when a failed item is retried: a pure function of its history, the failure and the time.
///
/// While a link works, no failure is final. The window closes when the deadline has passed *and* the vendor has refused freshly
/// read links at least ``refusalsToClose`` times over at least ``refusalSpan``. Without such refusals, attempts continue for
/// ``grace`` after the deadline, since links often work longer than promised.
///
/// A clock that is ahead shows every deadline as passed. So no window closes, and no refusal counts, unless the API has just
/// confirmed the clock.
package struct RetryDecision: Sendable {
    /// When to retry; `nil` if the window has closed.
    package var nextTry: Date?
    /// Includes this failure.
    package var history: FailureHistory
    /// Whether the failure should be reported now.
    package var isToBeTold: Bool
    /// The cause of the loss if the window has closed: the cause of the last failure before the deadline. Without an attempt
    /// before the deadline the cause is `ours`, since this service was not running.
    package var causeOfLoss: FailureCause

    /// Maximum number of attempts at one output.
    package static let mostTries = 120
    /// Attempts before the deadline that are scheduled by back-off. The others are reserved for the checkpoints and for the time
    /// after the deadline.
    private static let plannedTries = 80
    /// At start, an item becomes due immediately only below this number of attempts.
    package static let triesBeforeStartsAreIgnored = 60
    package static let refusalsToClose = 3
    /// Seconds over which the refusals must be spread.
    package static let refusalSpan: TimeInterval = 600
    /// Seconds after the deadline during which attempts continue without refusals.
    package static let grace: TimeInterval = 24 * 3600
    /// Seconds of failure after which it is reported.
    package static let timeBeforeTelling: TimeInterval = 600
    /// Attempts reserved for the time after the deadline.
    private static let lateTries = 24
    /// Seconds before the deadline with a guaranteed attempt: in the last hour, the last 10 minutes and the last minute.
    private static let checkpoints: [TimeInterval] = [3000, 1500, 540, 240, 100, 45, 20]
    /// A `Retry-After` of up to so many seconds is always honoured.
    private static let leastBelievedWait: TimeInterval = 300
    /// Seconds by which a refused output comes after the pause that its host has requested, so that the host's other files go first.
    private static let stepBack: ClosedRange<TimeInterval> = 10...40
    /// An attempt is earlier than its checkpoint by up to this fraction of the remaining time. This spreads outputs with the same
    /// deadline.
    private static let checkpointSpread = 0.1

    /// - Parameters:
    ///   - tries: Attempts so far, including the failed one.
    ///   - isClockConfirmed: Whether an answer of the API has confirmed the clock behind `now` within the last minutes.
    ///   - base: Longest first wait, in seconds; doubles with each attempt.
    ///   - ceiling: Longest wait in seconds, as long as ``mostTries`` allows it.
    package init(
        after failure: Failure, tries: Int, history: FailureHistory, deadline: Date, now: Date, isClockConfirmed: Bool,
        base: TimeInterval = 2, ceiling: TimeInterval = 1800, using generator: inout some RandomNumberGenerator
    ) {
        var history = history
        // A clock that was ahead may have left times that are still to come.
        history.failingSince = min(history.failingSince ?? now, now)
        if now < deadline {
            history.causeInWindow = failure.cause
            (history.refusals, history.refusedSince) = (0, nil)
        } else if failure.isRefusal, isClockConfirmed {
            history.refusals += 1
            history.refusedSince = min(history.refusedSince ?? now, now)
        }
        let failingFor = now.timeIntervalSince(history.failingSince ?? now)
        isToBeTold = !history.isTold && (failure.cause == .ours || failingFor >= Self.timeBeforeTelling)
        self.history = history
        causeOfLoss = history.causeInWindow ?? .ours
        guard now >= deadline else {
            nextTry = Self.beforeDeadline(failure, tries, deadline, now, base, ceiling, &generator)
            return
        }
        guard isClockConfirmed else {
            nextTry = Self.withUnconfirmedClock(failure, deadline, now, ceiling, &generator)
            return
        }
        let refusedFor = history.refusedSince.map { now.timeIntervalSince($0) } ?? 0
        let isClosed = history.refusals >= Self.refusalsToClose && refusedFor >= Self.refusalSpan
        nextTry =
            isClosed || now >= deadline.addingTimeInterval(Self.grace)
            ? nil : Self.afterDeadline(failure, tries, deadline, now, &generator)
    }

    /// Exponential back-off with full jitter. The mean grows where needed to stay within the planned attempts.
    private static func beforeDeadline(
        _ failure: Failure, _ tries: Int, _ deadline: Date, _ now: Date, _ base: TimeInterval, _ ceiling: TimeInterval,
        _ generator: inout some RandomNumberGenerator
    ) -> Date {
        let left = deadline.timeIntervalSince(now)
        let exponential = min(ceiling, base * pow(2, Double(min(max(tries, 1), 30) - 1))) / 2
        let affordable = tries <= 12 ? 0 : tries < plannedTries ? left / Double(plannedTries - tries) : .infinity
        let mean = max(exponential, affordable)
        let delay: TimeInterval =
            if mean == .infinity {
                left
            } else if mean >= ceiling {
                mean * .random(in: 0.8...1.2, using: &generator)
            } else {
                .random(in: max(0, 2 * mean - ceiling)...min(ceiling, 2 * mean), using: &generator)
            }
        var next = now.addingTimeInterval(delay)
        // Maintenance pages ask for a day, which is the whole window. So at most a tenth of the remaining time is honoured.
        let longest = now.addingTimeInterval(max(leastBelievedWait, left / 10))
        let asked = failure.retryAfter.flatMap { $0 > now ? min($0, longest) : nil }
        if let asked { next = max(next, asked.addingTimeInterval(.random(in: stepBack, using: &generator))) }
        // An attempt that failed within a checkpoint's spread counts as that checkpoint's attempt.
        let isScarce = tries >= mostTries - lateTries - checkpoints.count
        let ahead = isScarce ? checkpoints.suffix(1) : checkpoints[...]
        let checkpoint = ahead.first {
            let date = deadline.addingTimeInterval(-$0)
            return date.addingTimeInterval(-$0 * checkpointSpread) > now.addingTimeInterval(1) && date >= (asked ?? now)
        }
        if let checkpoint {
            let early = TimeInterval.random(in: 0...checkpoint * checkpointSpread, using: &generator)
            let place = deadline.addingTimeInterval(-checkpoint - early)
            return min(next, max(place, min(asked ?? now, deadline.addingTimeInterval(-checkpoint))))
        }
        // A `Retry-After` of the host must not move the last attempt beyond the deadline.
        let last = deadline.addingTimeInterval(-(checkpoints.last ?? 20))
        if asked != nil, last.timeIntervalSince(now) > 1 { return min(next, last) }
        return min(max(next, now.addingTimeInterval(1)), deadline.addingTimeInterval(.random(in: 1...60, using: &generator)))
    }

    /// The deadline may not have passed, so the wait has the ceiling of the waits before it, however many attempts there were.
    private static func withUnconfirmedClock(
        _ failure: Failure, _ deadline: Date, _ now: Date, _ ceiling: TimeInterval,
        _ generator: inout some RandomNumberGenerator
    ) -> Date {
        let late = now.timeIntervalSince(deadline) * .random(in: 0.5...1, using: &generator)
        let gap = min(max(late, .random(in: 240...360, using: &generator)), ceiling)
        let asked = failure.retryAfter.map { min($0.timeIntervalSince(now), 1800) } ?? 0
        return now.addingTimeInterval(max(gap, asked))
    }

    private static func afterDeadline(
        _ failure: Failure, _ tries: Int, _ deadline: Date, _ now: Date, _ generator: inout some RandomNumberGenerator
    ) -> Date {
        var gap: TimeInterval
        if failure.isRefusal {
            gap = .random(in: 305...360, using: &generator)
        } else {
            let late = now.timeIntervalSince(deadline) * .random(in: 0.5...1, using: &generator)
            gap = min(max(late, .random(in: 240...360, using: &generator)), 5400)
        }
        // Spread the last attempts over the rest of the grace period.
        let triesLeft = mostTries - tries
        if triesLeft <= 4 {
            gap = max(gap, deadline.addingTimeInterval(grace).timeIntervalSince(now) / Double(max(triesLeft, 1)))
        }
        let asked = failure.retryAfter.map { min($0.timeIntervalSince(now), 1800) } ?? 0
        return now.addingTimeInterval(max(gap, asked))
    }
}
