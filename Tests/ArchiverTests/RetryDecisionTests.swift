import ArchiveModel
import Archiver
import Catalog
import Foundation
import Testing

/// The rule of patience by itself, over whole windows: a failure follows each try at once, until the rule says that it is final.
@Suite struct RetryDecisionTests {
    private static let deadline = Date(timeIntervalSince1970: 1_790_000_000)

    private struct Sequence: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    enum Answer: CaseIterable { case refused, silent, comeBackInAnHour, mixed }

    /// When each try was, in seconds before the deadline; the last one made it final.
    private func tries(_ answer: Answer, from start: TimeInterval, seed: UInt64) -> (
        times: [TimeInterval], history: FailureHistory
    ) {
        var generator = Sequence(state: seed)
        var history = FailureHistory()
        var now = Self.deadline.addingTimeInterval(-start)
        var times: [TimeInterval] = []
        while times.count < 1000 {
            times.append(Self.deadline.timeIntervalSince(now))
            var failure = Failure("it failed", kind: "test", cause: .vendor, isRefusal: answer == .refused)
            if answer == .comeBackInAnHour { failure.retryAfter = now.addingTimeInterval(3600) }
            if answer == .mixed { failure.isRefusal = Bool.random(using: &generator) }
            let decision = RetryDecision(
                after: failure, tries: times.count, history: history, deadline: Self.deadline, now: now, isClockConfirmed: true,
                using: &generator)
            history = decision.history
            guard let next = decision.nextTry else { break }
            now = max(next, now)
        }
        return (times, history)
    }

    @Test(arguments: Answer.allCases, [86_399, 43_200, 3600, 300, 30, -60, -7200] as [TimeInterval])
    func triesAreBoundedAndContinueUntilTheWindowEnds(_ answer: Answer, _ start: TimeInterval) throws {
        for seed in 0..<200 as Range<UInt64> {
            let (times, history) = tries(answer, from: start, seed: seed)
            #expect(times.count <= 120, "\(times.count) tries")
            let last = try #require(times.last)
            let isRefused = history.refusals >= 3 && last <= -600
            #expect(isRefused || last <= -86_400, "final \(last) s before the deadline after \(history.refusals) refusals")
            // At least a minute apart once the deadline has passed, and no burst before it.
            let late = times.filter { $0 < 0 }
            #expect(zip(late, late.dropFirst()).allSatisfy { $0 - $1 >= 60 })
            guard start > 0 else { continue }
            for span in [3600, 600, 60] as [TimeInterval] where start >= span {
                let inside = times.count { $0 > 0 && $0 <= span }
                #expect(inside >= 1, "no try in the last \(span) s")
                #expect(inside <= 20 || start == span, "\(inside) tries in the last \(span) s: \(times)")
            }
        }
    }

    /// Tries thin out: seconds at first, then minutes, and never more than half an hour apart by much.
    @Test func waitsGrowFromSecondsToHalfAnHour() {
        for seed in 0..<200 as Range<UInt64> {
            let times = tries(.refused, from: 86_399, seed: seed).times
            let gaps = zip(times, times.dropFirst()).map { $0 - $1 }
            #expect(gaps.prefix(4).allSatisfy { $0 <= 16 })
            #expect(times.count { $0 > 86_399 - 600 } >= 6, "in the first 10 minutes")
            #expect(gaps.allSatisfy { $0 <= 2160 })
        }
    }

    /// The clock shows the deadline as passed, and no answer of the API has confirmed it.
    @Test(arguments: [true, false], [60, 90_000, 259_200] as [TimeInterval])
    func nothingIsFinalUnderAnUnconfirmedClock(_ isRefusal: Bool, _ late: TimeInterval) throws {
        var generator = Sequence(state: 1)
        var history = FailureHistory()
        let failure = Failure("it failed", kind: "test", cause: .vendor, isRefusal: isRefusal)
        func decide(_ tries: Int, _ now: Date, isClockConfirmed: Bool) -> RetryDecision {
            RetryDecision(
                after: failure, tries: tries, history: history, deadline: Self.deadline, now: now,
                isClockConfirmed: isClockConfirmed, using: &generator)
        }
        var now = Self.deadline.addingTimeInterval(late)
        for tries in 1...300 {
            let decision = decide(tries, now, isClockConfirmed: false)
            history = decision.history
            let next = try #require(decision.nextTry)
            #expect((239.9...1800.1).contains(next.timeIntervalSince(now)))
            now = next
        }
        #expect(history.refusals == 0 && history.refusedSince == nil && history.causeInWindow == nil)
        // By then the last try is more than a day late.
        #expect(decide(301, now, isClockConfirmed: true).nextTry == nil)
        // The clock is set back, and the link lives: the failure began before now.
        now = Self.deadline.addingTimeInterval(-3600)
        let early = decide(302, now, isClockConfirmed: true)
        #expect(early.nextTry != nil && early.history.failingSince == now)
    }

    /// Refusals that an earlier release counted under a clock that was ahead.
    @Test func refusalsBeforeTheDeadlineDoNotCount() throws {
        var generator = Sequence(state: 1)
        var history = FailureHistory()
        (history.refusals, history.refusedSince) = (5, Self.deadline.addingTimeInterval(9 * 3600))
        let failure = Failure("it failed", kind: "test", cause: .vendor, isRefusal: true)
        let early = RetryDecision(
            after: failure, tries: 6, history: history, deadline: Self.deadline, now: Self.deadline.addingTimeInterval(-60),
            isClockConfirmed: true, using: &generator)
        #expect(early.history.refusals == 0 && early.history.refusedSince == nil)
        let late = RetryDecision(
            after: failure, tries: 7, history: early.history, deadline: Self.deadline, now: Self.deadline.addingTimeInterval(60),
            isClockConfirmed: true, using: &generator)
        #expect(late.nextTry != nil && late.history.refusals == 1)
    }
}
