import BlockingThreads
import Foundation
import Glibc
import Synchronization
import Testing

@Suite struct BlockingThreadPoolTests {
    /// Opens when the test says so, or after a minute, so that a failure ends.
    private struct Gate {
        private let semaphore = DispatchSemaphore(value: 0)
        func pass() { _ = semaphore.wait(timeout: .now() + 60) }
        func open() { semaphore.signal() }
    }

    /// What has happened on a pool so far.
    private final class Tally: Sendable {
        private let counts = Mutex((now: 0, most: 0, done: 0))

        var most: Int { counts.withLock { $0.most } }
        var done: Int { counts.withLock { $0.done } }

        func during(_ work: () -> Void) {
            counts.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            work()
            counts.withLock {
                $0.now -= 1
                $0.done += 1
            }
        }
    }

    @Test func blockedWorkDoesNotDelayWorkElsewhere() async throws {
        let width = BlockingThreadPool.processors * 8
        let blocked = BlockingThreadPool(name: "blocked", width: width)
        let tally = Tally()
        let gate = Gate()
        let waiting = (0..<width).map { _ in Task { try await blocked.run { tally.during { gate.pass() } } } }
        #expect(try await BlockingThreadPool(name: "other", width: 1).run { 7 } == 7)
        for _ in waiting { gate.open() }
        for task in waiting { try await task.value }
        #expect(tally.done == width)
    }

    @Test(arguments: [1, 3])
    func concurrentWorkIsLimitedToTheWidth(_ width: Int) async throws {
        let pool = BlockingThreadPool(name: "narrow", width: width)
        let tally = Tally()
        let work = (0..<500).map { _ in Task { try await pool.run { tally.during { sched_yield() } } } }
        for task in work { try await task.value }
        #expect((1...width).contains(tally.most))
        #expect(tally.done == 500)
    }

    @Test func errorsAreThrownToTheCaller() async throws {
        await #expect(throws: Refused.self) { try await BlockingThreadPool(name: "brief", width: 1).run { throw Refused() } }
    }

    private struct Refused: Error {}

    @Test func workFinishesAfterItsOwnerIsReleased() async throws {
        let gate = Gate()
        async let first: Void = BlockingThreadPool(name: "brief", width: 1).run { gate.pass() }
        gate.open()
        try await first
    }

    @Test func threadsEndWithTheirPool() async throws {
        let most = try await threadsOfAPool()
        #expect((1...4).contains(most))
        let patience = ContinuousClock.now + .seconds(60)
        while try threads(named: "fleeting") > 0, ContinuousClock.now < patience { await Task.yield() }
        #expect(try threads(named: "fleeting") == 0)
    }

    private func threadsOfAPool() async throws -> Int {
        let pool = BlockingThreadPool(name: "fleeting", width: 4)
        for _ in 0..<40 { try await pool.run {} }
        // The kernel's list can miss a thread while threads of other tests end, so one look is not enough.
        let patience = ContinuousClock.now + .seconds(60)
        var most = 0
        for _ in 0..<100 { most = max(most, try threads(named: "fleeting")) }
        while most == 0, ContinuousClock.now < patience {
            await Task.yield()
            most = try threads(named: "fleeting")
        }
        // Its last use would be its end, and that of its threads.
        return withExtendedLifetime(pool) { most }
    }

    private func threads(named name: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count {
            (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == name + "\n"
        }
    }
}
