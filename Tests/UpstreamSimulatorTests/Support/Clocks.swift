import ArchiveModel
import Foundation
import NIOConcurrencyHelpers

/// A clock that stands still until it is moved.
final class ManualClock: WallClock {
    private struct Sleeper {
        let due: Date
        let duration: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Date
        var sleepers: [Int: Sleeper] = [:]
        var nextSleeper = 0
    }

    private let state: NIOLockedValueBox<State>

    /// - Parameter now: By default 2026-11-22 12:00:00 UTC.
    init(now: Date = Date(timeIntervalSince1970: 1_795_348_800)) { state = NIOLockedValueBox(State(now: now)) }

    var now: Date { state.withLockedValue { $0.now } }

    func sleep(for duration: Duration) async throws {
        guard duration > .zero else { return try Task.checkCancellation() }
        let number = state.withLockedValue { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLockedValue { state in
                    if Task.isCancelled { return true }
                    let due = state.now.addingTimeInterval(TimeInterval(duration))
                    state.sleepers[number] = Sleeper(due: due, duration: duration, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLockedValue { $0.sleepers.removeValue(forKey: number) }?.continuation.resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let due = state.withLockedValue { state in
            state.now = state.now.addingTimeInterval(TimeInterval(duration))
            let due = state.sleepers.filter { $0.value.due <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Returns when something waits for exactly `duration`.
    func waitForSleep(of duration: Duration) async throws {
        while !state.withLockedValue({ $0.sleepers.values.contains { $0.duration == duration } }) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}

/// A clock on which every wait is over at once.
final class InstantClock: WallClock {
    private let state = NIOLockedValueBox((now: Date(timeIntervalSince1970: 1_795_348_800), slept: [Duration]()))

    var now: Date { state.withLockedValue { $0.now } }
    var slept: [Duration] { state.withLockedValue { $0.slept } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        state.withLockedValue { state in
            state.slept.append(duration)
            state.now = state.now.addingTimeInterval(TimeInterval(duration))
        }
    }
}
