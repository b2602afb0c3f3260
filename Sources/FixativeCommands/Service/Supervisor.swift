import ArchiveModel
import ArchiveServer
import Archiver
import Foundation
import GenerationAPI
import Logging
import ServiceLifecycle

/// Keeps a part of the service at work: what fails is begun again after a wait that grows, and the others go on meanwhile.
struct Supervisor: Service {
    /// The wait after the first failure, and the longest, in seconds.
    private static let waits = RetryPolicy(base: 1, ceiling: 300)
    /// Who has worked for so many seconds starts anew with the waits.
    private static let goodTime: TimeInterval = 600

    let name: String
    let health: SourceHealth
    let clock: any WallClock
    let logger: Logger
    /// Works until the service is to end, or until nothing is left for it to do.
    let work: @Sendable () async throws -> Void

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let begun = clock.now
            health.isRunning(name)
            let reason: String
            do {
                try await work()
                // Who is done early leaves the others at work.
                if !Task.isShuttingDownGracefully { try? await gracefulShutdown() }
                return
            } catch is CancellationError {
                return
            } catch {
                reason = "\(error)"
            }
            if Task.isShuttingDownGracefully { return }
            failures = clock.now.timeIntervalSince(begun) > Self.goodTime ? 1 : failures + 1
            var generator = SystemRandomNumberGenerator()
            let next = Self.waits.nextTry(after: clock.now, failures: failures, retryAfter: nil, using: &generator)
            health.failed(name, reason: reason, nextTry: next, isEnd: true)
            logger.error(
                "\(name) failed and is begun again", metadata: ["reason": "\(reason)", "nextTry": "\(next.iso8601)"])
            try? await cancelWhenGracefulShutdown { [clock] in try await clock.sleep(until: next) }
        }
    }
}
