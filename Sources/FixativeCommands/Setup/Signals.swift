import Archiver
import Foundation
import UnixSignals

/// Runs `work`, and asks `archiver` to stop on SIGTERM or SIGINT. Work in progress is then finished or put back into the queue,
/// and a later run continues.
func stoppingAtSignals<Value: Sendable>(_ archiver: Archiver, _ work: @escaping @Sendable () async throws -> Value) async throws
    -> Value
{
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            for await _ in signals {
                Terminal.log("stopping: work in progress is finished or put back into the queue")
                archiver.stop()
            }
            return nil
        }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}

/// Keeps SIGHUP from ending the process. The service calls this first, before it can read its settings again.
func ignoreHangups() { _ = signal(SIGHUP, SIG_IGN) }
