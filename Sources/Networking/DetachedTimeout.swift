package import ArchiveModel

/// The operation did not finish in time and is still running.
package struct DeadlineExceeded: Error, CustomStringConvertible {
    let limit: Duration
    package var description: String { "it took longer than \(limit.components.seconds) s and is still running" }
}

/// Waits at most `limit` for the result of `work`. After that, `work` continues in the background: a call that waits for another
/// program's lock can't be cancelled, so a task group would have to wait for it.
///
/// - Throws: ``DeadlineExceeded`` after `limit` on `clock`, or an error of `work`.
package func withDetachedTimeout<Value: Sendable>(
    _ limit: Duration, clock: any WallClock, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    // A stream ignores every `finish` after the first one.
    let (outcome, first) = AsyncThrowingStream.makeStream(of: Value.self)
    Task {
        do {
            first.yield(try await work())
            first.finish()
        } catch {
            first.finish(throwing: error)
        }
    }
    let timer = Task {
        try await clock.sleep(for: limit)
        first.finish(throwing: DeadlineExceeded(limit: limit))
    }
    defer { timer.cancel() }
    for try await value in outcome { return value }
    throw CancellationError()
}
