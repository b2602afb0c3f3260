package import ArchiveModel
package import Foundation

/// An operation exceeded its time limit.
package struct TimeoutError: Error, CustomStringConvertible {
    package var seconds: TimeInterval
    package var description: String { "it took longer than \(Int(seconds.rounded(.up))) s" }
}

/// Runs `work`, and cancels it after a time limit.
///
/// - Parameter waited: The seconds that `work` has spent so far on waits for other work of this process. They do not count.
/// - Throws: ``TimeoutError`` after `seconds` on `clock`, or an error of `work`.
package func withTimeout<Value: Sendable>(
    _ seconds: TimeInterval, clock: any WallClock, without waited: @escaping @Sendable () -> TimeInterval = { 0 },
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await work() }
        group.addTask {
            var (rest, counted) = (seconds, TimeInterval(0))
            while rest > 0 {
                try await clock.sleep(for: .seconds(rest))
                let all = waited()
                (rest, counted) = (all - counted, all)
            }
            throw TimeoutError(seconds: seconds)
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
