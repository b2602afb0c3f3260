import ArchiveModel

/// Something is still under way.
struct StillUnderWay: Error, CustomStringConvertible {
    let limit: Duration
    var description: String { "it took longer than \(limit.components.seconds) s, and goes on" }
}

/// What `work` gives, if that comes in time. Otherwise it goes on by itself: what waits for another program's lock can't be called off,
/// so a group of tasks would wait for it.
///
/// - Throws: ``StillUnderWay`` after `limit` on `clock`, or what `work` throws.
func atMost<Value: Sendable>(
    _ limit: Duration, clock: any WallClock, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    // Only the first end of a stream counts.
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
        first.finish(throwing: StillUnderWay(limit: limit))
    }
    defer { timer.cancel() }
    for try await value in outcome { return value }
    throw CancellationError()
}
