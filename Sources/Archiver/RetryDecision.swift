package import ArchiveModel
package import Catalog
package import Foundation

/// A try that brought no picture, or a reading that brought no result.
package struct Failure: Error, Sendable {
    /// What happened, for people; without a link's query.
    package var detail: String
    /// The kind, such as `gone` or `status 503`.
    package var kind: String
    package var cause: FailureCause
    /// Whether the host or the API answered a call with a freshly read link or id, and refused it. Only this closes a window.
    package var isRefusal: Bool
    /// When the host or the API asked to come back.
    package var retryAfter: Date?
    /// Delivered bytes that were not a whole picture.
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

/// Whether and when something that failed is tried again: a pure function of its history, the failure and the time.
///
/// While a link lives, nothing is final. The window closes when the deadline has passed *and* the vendor has refused freshly read links
/// at least ``refusalsToClose`` times over at least ``refusalSpan``. Where nobody answers, or the cause is our own, tries go on for
/// ``grace`` after the deadline: links often live longer than promised.
package struct RetryDecision: Sendable {
    /// When the next try comes; `nil` when the window has closed.
    package var nextTry: Date?
    /// With this failure.
    package var history: FailureHistory
    /// Whether the failure is to be told now.
    package var isToBeTold: Bool
    /// Who caused the loss, should the window have closed: the cause of the last failure before the deadline. Without a try before
    /// the deadline it is our own: nobody was there to try.
    package var causeOfLoss: FailureCause

    /// The most tries of one output.
    package static let mostTries = 120
    /// Tries before the deadline that are planned by back-off. The rest is kept for the checkpoints and for the time after the deadline.
    private static let plannedTries = 80
    /// A start makes something due at once only below this number of tries.
    package static let triesBeforeStartsAreIgnored = 60
    package static let refusalsToClose = 3
    /// Seconds over which the refusals must be spread.
    package static let refusalSpan: TimeInterval = 600
    /// Seconds after the deadline for which tries go on while nobody refuses.
    package static let grace: TimeInterval = 24 * 3600
    /// Seconds of failure after which it is told.
    package static let timeBeforeTelling: TimeInterval = 600
    /// Tries that are kept for the time after the deadline.
    private static let lateTries = 24
    /// Seconds before the deadline at which there is always a try: in the last hour, the last 10 minutes and the last minute.
    private static let checkpoints: [TimeInterval] = [3000, 1500, 540, 240, 100, 45, 20]
    /// Seconds for which a host or the API may always ask.
    private static let leastBelievedWait: TimeInterval = 300
    /// A try comes before its checkpoint by up to this share of what is left then, so that outputs of one deadline do not come all at
    /// once.
    private static let checkpointSpread = 0.1

    /// - Parameters:
    ///   - tries: Tries so far, with the one that failed.
    ///   - base: Seconds that the first wait may last at most; each further one may last twice as long.
    ///   - ceiling: Seconds that a wait may last at most, as long as ``mostTries`` allows it.
    package init(
        after failure: Failure, tries: Int, history: FailureHistory, deadline: Date, now: Date, base: TimeInterval = 2,
        ceiling: TimeInterval = 1800, using generator: inout some RandomNumberGenerator
    ) {
        var history = history
        history.failingSince = history.failingSince ?? now
        if now < deadline {
            history.causeInWindow = failure.cause
        } else if failure.isRefusal {
            history.refusals += 1
            history.refusedSince = history.refusedSince ?? now
        }
        let failingFor = now.timeIntervalSince(history.failingSince ?? now)
        isToBeTold = !history.isTold && (failure.cause == .ours || failingFor >= Self.timeBeforeTelling)
        self.history = history
        causeOfLoss = history.causeInWindow ?? .ours
        guard now >= deadline else {
            nextTry = Self.beforeDeadline(failure, tries, deadline, now, base, ceiling, &generator)
            return
        }
        let refusedFor = history.refusedSince.map { now.timeIntervalSince($0) } ?? 0
        let isClosed = history.refusals >= Self.refusalsToClose && refusedFor >= Self.refusalSpan
        nextTry =
            isClosed || now >= deadline.addingTimeInterval(Self.grace)
            ? nil : Self.afterDeadline(failure, tries, deadline, now, &generator)
    }

    /// Exponential back-off with full jitter. Its mean grows where that is needed to keep within the planned tries.
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
        // Maintenance pages ask for a day, which is the whole window: a longer wait than a tenth of the time left is not believed.
        let longest = now.addingTimeInterval(max(leastBelievedWait, left / 10))
        let asked = failure.retryAfter.flatMap { $0 > now ? min($0, longest) : nil }
        if let asked { next = max(next, asked) }
        // The try that just failed counts for a checkpoint whose spread has begun.
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
        // What the host asked for never puts the last try beyond the deadline.
        let last = deadline.addingTimeInterval(-(checkpoints.last ?? 20))
        if asked != nil, last.timeIntervalSince(now) > 1 { return min(next, last) }
        return min(max(next, now.addingTimeInterval(1)), deadline.addingTimeInterval(.random(in: 1...60, using: &generator)))
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
        // The last tries are spread over what is left of the grace.
        let triesLeft = mostTries - tries
        if triesLeft <= 4 {
            gap = max(gap, deadline.addingTimeInterval(grace).timeIntervalSince(now) / Double(max(triesLeft, 1)))
        }
        let asked = failure.retryAfter.map { min($0.timeIntervalSince(now), 1800) } ?? 0
        return now.addingTimeInterval(max(gap, asked))
    }
}
