import ArchiveModel
import Foundation
import Synchronization

/// A clock for an archiver under test. It runs faster than the wall's, so that waits keep their proportions; and while only the loop of
/// the archiver waits, it jumps to the end of that wait: a day takes seconds.
///
/// A sleep of at least ``leastGuard`` seconds is a time limit of some work that is under way. A shorter sleep is a pause before a next try.
final class JumpClock: WallClock {
    private enum Kind { case loop, pause, timeLimit }

    private struct Sleeper {
        var wake: Date
        var kind: Kind
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Seconds that were jumped over.
        var jumped: TimeInterval = 0
        var sleepers: [Int: Sleeper] = [:]
        /// Sleepers that were cancelled before they slept.
        var cancelled: Set<Int> = []
        var next = 0
        /// Whether one jump of any length is allowed.
        var hasJump = false
        /// Counts every change.
        var changes = 0
        var isOver = false
    }

    private final class Shared: Sendable {
        private let began = Date()
        let start: Date
        let factor: Double
        let leastJump: TimeInterval
        let leastGuard: TimeInterval
        let state = Mutex(State())
        /// Signalled when somebody goes to sleep.
        let changed = NSCondition()

        init(start: Date, factor: Double, leastJump: TimeInterval, leastGuard: TimeInterval) {
            self.start = start.wholeMilliseconds
            self.factor = factor
            self.leastJump = leastJump
            self.leastGuard = leastGuard
        }

        func now(_ state: State) -> Date {
            start.addingTimeInterval(Date().timeIntervalSince(began) * factor + state.jumped).wholeMilliseconds
        }
    }

    /// The clock of the archiver's loop. A jump needs that nobody else waits: every download and every call of the API waits for its
    /// time-out.
    private struct Loop: WallClock {
        let shared: Shared
        var now: Date { shared.state.withLock { shared.now($0) } }
        func sleep(for duration: Duration) async throws { try await JumpClock.sleep(duration, .loop, shared) }
    }

    private let shared: Shared

    /// - Parameters:
    ///   - start: The time that it shows first.
    ///   - factor: How many times faster than the wall's clock it runs.
    ///   - leastJump: Seconds. While the loop holds leases it wakes every 10 s for their sake, so a longer wait means that it is idle.
    ///   - leastGuard: Seconds. Pauses shorter than this are jumped over as well; by default none is.
    init(start: Date = Date(), factor: Double = 25, leastJump: TimeInterval = 10.5, leastGuard: TimeInterval = 0) {
        let shared = Shared(start: start, factor: factor, leastJump: leastJump, leastGuard: leastGuard)
        self.shared = shared
        Thread.detachNewThread { Self.drive(shared) }
    }

    deinit { shared.state.withLock { $0.isOver = true } }

    var now: Date { shared.state.withLock { shared.now($0) } }

    /// Allows one jump of any length: some work has ended, and the loop may wait for the sake of a lease that is no longer held.
    func allowJump() { shared.state.withLock { $0.hasJump = true } }

    /// Seconds that one call of the API may take.
    var callLimit: TimeInterval { shared.factor > 25 || shared.leastGuard > 0 ? 7200 : 60 }
    var loop: any WallClock { Loop(shared: shared) }

    func sleep(for duration: Duration) async throws {
        try await Self.sleep(duration, TimeInterval(duration) < shared.leastGuard ? .pause : .timeLimit, shared)
    }

    private static func sleep(_ duration: Duration, _ kind: Kind, _ shared: Shared) async throws {
        let id = shared.state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = shared.state.withLock { state in
                    state.changes += 1
                    guard state.cancelled.remove(id) == nil, !Task.isCancelled else { return true }
                    let wake = shared.now(state).addingTimeInterval(max(0, TimeInterval(duration)))
                    state.sleepers[id] = Sleeper(wake: wake, kind: kind, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) } else { shared.changed.signal() }
            }
        } onCancel: {
            let sleeper = shared.state.withLock { state in
                state.changes += 1
                guard let sleeper = state.sleepers.removeValue(forKey: id) else {
                    state.cancelled.insert(id)
                    return Sleeper?.none
                }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private static func drive(_ shared: Shared) {
        var seen = -1
        while true {
            var pause: TimeInterval = 0.02
            let due = shared.state.withLock { state -> [Sleeper]? in
                guard !state.isOver else { return nil }
                guard let first = state.sleepers.values.map(\.wake).min() else { return [] }
                var wait = first.timeIntervalSince(shared.now(state))
                let kinds = state.sleepers.values.map(\.kind)
                // A pause ends while other work is under way: an hour of time limits bears the seconds of pauses.
                let isLong = wait >= shared.leastJump || (state.hasJump && wait > 0) || (kinds.contains(.pause) && wait > 0)
                if isLong, !kinds.contains(.timeLimit) || kinds.contains(.pause) {
                    // Not at once: a download may be about to begin.
                    if state.changes == seen {
                        state.jumped += wait
                        state.hasJump = false
                        wait = 0
                    } else {
                        wait = (kinds.contains(.timeLimit) ? 0.02 : 0.002) * shared.factor
                    }
                }
                seen = state.changes
                guard wait <= 0 else {
                    pause = min(pause, wait / shared.factor)
                    return []
                }
                let now = shared.now(state)
                let due = state.sleepers.filter { $0.value.wake <= now.addingTimeInterval(0.0005) }
                for id in due.keys { state.sleepers[id] = nil }
                if !due.isEmpty { state.changes += 1 }
                return Array(due.values)
            }
            guard let due else { break }
            for sleeper in due { sleeper.continuation.resume() }
            shared.changed.lock()
            if due.isEmpty { _ = shared.changed.wait(until: Date(timeIntervalSinceNow: max(pause, 0.0005))) }
            shared.changed.unlock()
        }
        let rest = shared.state.withLock { state in
            defer { state.sleepers = [:] }
            return Array(state.sleepers.values)
        }
        for sleeper in rest { sleeper.continuation.resume(throwing: CancellationError()) }
    }
}
