import ArchiveModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Networking

private let noon = Date(milliseconds: 1_795_348_800_000)

private struct Fixed: RandomNumberGenerator {
    mutating func next() -> UInt64 { .max }
}

@Suite struct HostPaceTests {
    private var generator = Fixed()

    @Test func concurrentRequestsAreLimitedPerHost() {
        var pace = HostPace(HostLimits(concurrent: 2))
        #expect(pace.acquire(now: noon) == .entered)
        #expect(pace.acquire(now: noon) == .entered)
        #expect(pace.acquire(now: noon) == .full)
        pace.release()
        #expect(pace.acquire(now: noon) == .entered)
    }

    @Test mutating func aRefusalPausesTheHostAndHalvesTheWidth() {
        var pace = HostPace(HostLimits(concurrent: 8))
        _ = pace.acquire(now: noon)
        pace.recordRefusal(now: noon, retryAfter: noon.addingTimeInterval(7), using: &generator)
        pace.release()
        #expect(pace.acquire(now: noon.addingTimeInterval(6.9)) == .closed(until: noon.addingTimeInterval(7)))
        #expect(pace.concurrency == 4)
        pace.recordRefusal(now: noon.addingTimeInterval(1), retryAfter: nil, using: &generator)
        #expect(pace.concurrency == 4, "one burst counts once")
        #expect(pace.closedUntil == noon.addingTimeInterval(7), "a burst never shortens the pause")
        #expect(pace.acquire(now: noon.addingTimeInterval(7)) == .entered)
    }

    @Test mutating func pausesWithoutRetryAfterGrowToAMaximum() {
        var pace = HostPace(HostLimits(longestPause: 5))
        var now = noon
        var pauses: [Double] = []
        for _ in 0..<5 {
            pace.recordRefusal(now: now, retryAfter: nil, using: &generator)
            pauses.append((pace.closedUntil.timeIntervalSince(now) * 10).rounded() / 10)
            now = pace.closedUntil
        }
        // The draw is always the bound: 1, 2, 4, then the longest.
        #expect(pauses == [1, 2, 4, 5, 5])
        #expect(pace.concurrency == 1)
    }

    @Test mutating func aPauseIsAtMostFiveMinutes() {
        var pace = HostPace(HostLimits(longestPause: 5))
        pace.recordRefusal(now: noon, retryAfter: noon.addingTimeInterval(299), using: &generator)
        #expect(pace.closedUntil == noon.addingTimeInterval(299))
        pace.recordRefusal(now: noon, retryAfter: noon.addingTimeInterval(9_999_999), using: &generator)
        #expect(pace.acquire(now: noon) == .closed(until: noon.addingTimeInterval(300)))
    }

    /// The refusal came while the clock was three days ahead.
    @Test mutating func aPauseEndsWhenTheClockIsSetBack() {
        var pace = HostPace(HostLimits())
        let ahead = noon.addingTimeInterval(3 * 86_400)
        pace.recordRefusal(now: ahead, retryAfter: ahead.addingTimeInterval(300), using: &generator)
        #expect(pace.acquire(now: ahead) == .closed(until: ahead.addingTimeInterval(300)))
        #expect(pace.acquire(now: noon) == .entered)
    }

    @Test mutating func goodAnswersRestoreTheWidth() {
        var pace = HostPace(HostLimits(concurrent: 4))
        pace.recordRefusal(now: noon, retryAfter: noon, using: &generator)
        #expect(pace.concurrency == 2)
        pace.recordSuccess()
        #expect(pace.concurrency == 2)
        pace.recordSuccess()
        #expect(pace.concurrency == 3)
        for _ in 0..<20 { pace.recordSuccess() }
        #expect(pace.concurrency == 4)
    }

    @Test func aRateLimitSpreadsTheRequests() {
        var pace = HostPace(HostLimits(concurrent: 9, perSecond: 4))
        #expect(pace.acquire(now: noon) == .entered)
        #expect(pace.acquire(now: noon) == .closed(until: noon.addingTimeInterval(0.25)))
        #expect(pace.acquire(now: noon.addingTimeInterval(0.25)) == .entered)
    }
}

@Suite struct HostRateLimiterTests {
    @Test func waitersGetAPlaceInTurnOrAreCancelled() async throws {
        let gate = HostRateLimiter(limits: HostLimits(concurrent: 1), clock: LeapingClock())
        #expect(try await gate.acquire("a", maxWait: 0) == nil)
        #expect(try await gate.acquire("b", maxWait: 0) == nil, "another host has its own limit")
        let second = Task { try await gate.acquire("a", maxWait: 0) }
        let third = Task { try await gate.acquire("a", maxWait: 0) }
        third.cancel()
        await #expect(throws: CancellationError.self) { try await third.value }
        await gate.release("a")
        #expect(try await second.value == nil)
    }

    /// A waiter is cancelled at the moment in which it gets its turn.
    @Test(.timeLimit(.minutes(1))) func aCancelledWaiterPassesItsTurnOn() async throws {
        for _ in 0..<200 {
            let gate = HostRateLimiter(limits: HostLimits(concurrent: 1), clock: LeapingClock())
            #expect(try await gate.acquire("a", maxWait: 0) == nil)
            let second = Task { try await gate.acquire("a", maxWait: 0) }
            let third = Task { try await gate.acquire("a", maxWait: 0) }
            for _ in 0..<20 { await Task.yield() }
            await gate.release("a")
            second.cancel()
            if case .success = await second.result { await gate.release("a") }
            #expect(try await third.value == nil)
        }
    }

    @Test func waitsForOthersDoNotCountAgainstATimeLimit() async throws {
        let clock = LeapingClock()
        let waits = Mutex<[TimeInterval]>([10, 15, 15])
        let waited: @Sendable () -> TimeInterval = { waits.withLock { $0.removeFirst() } }
        await #expect(throws: TimeoutError.self) {
            try await withTimeout(20, clock: clock, without: waited) {
                try await Task.sleep(for: .seconds(3600))
            }
        }
        #expect(clock.waits == [20, 10, 5])
    }

    @Test func aPauseIsAwaitedOnlyWithinThePatience() async throws {
        let clock = LeapingClock()
        let gate = HostRateLimiter(clock: clock)
        let end = clock.now.addingTimeInterval(20)
        await gate.recordRefusal(of: "a", retryAfter: end)
        #expect(try await gate.acquire("a", maxWait: 19) == end)
        #expect(clock.waits == [])
        #expect(try await gate.acquire("a", maxWait: 20) == nil)
        #expect(clock.waits == [20])
    }
}
