import ArchiveModel
import ArchiveServer
import Archiver
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Logging
import Networking
import ServiceLifecycle

/// Restarts a part of the service after a failure, with increasing waits. Other parts are not affected.
struct Supervisor: Service {
    /// Back-off between restarts: first and longest wait, in seconds.
    private static let waits = RetryPolicy(base: 1, ceiling: 300)
    /// After running this many seconds without a failure, the back-off starts again from the beginning.
    private static let goodTime: TimeInterval = 600
    /// The longest wait in seconds after a failure of the archive's disk.
    private static let diskCeiling: TimeInterval = 15

    let name: String
    let health: SourceHealth
    let clock: any WallClock
    let logger: Logger
    /// Increases with each reload. A reload may have fixed the failure, so the part is then restarted at once.
    let generation: @Sendable () -> Int
    /// Runs until the service shuts down, or until the part has nothing left to do.
    let work: @Sendable () async throws -> Void

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let begun = clock.now
            health.isRunning(name)
            let error: any Error
            do {
                try await work()
                // A finished part must not stop the group, so wait for shutdown.
                if !Task.isShuttingDownGracefully { try? await gracefulShutdown() }
                return
            } catch is CancellationError {
                return
            } catch let failure {
                error = failure
            }
            let reason = "\(error)"
            if Task.isShuttingDownGracefully { return }
            failures = clock.now.timeIntervalSince(begun) > Self.goodTime ? 1 : failures + 1
            var generator = SystemRandomNumberGenerator()
            // The disk may have free space again at any time, and checking does not use the upstream.
            var waits = Self.waits
            if error is CatalogError || error is BlobStoreError || error is ArchiveNotOpen { waits.ceiling = Self.diskCeiling }
            let next = waits.nextTry(after: clock.now, failures: failures, retryAfter: nil, using: &generator)
            health.failed(name, reason: reason, nextTry: next, isEnd: true)
            logger.error(
                "\(name) failed and is started again", metadata: ["reason": "\(reason)", "nextTry": "\(next.iso8601)"])
            let reloads = generation()
            try? await cancelWhenGracefulShutdown { [clock, generation] in
                while clock.now < next, generation() == reloads {
                    try await clock.sleep(until: min(next, clock.now.addingTimeInterval(1)))
                }
            }
        }
    }
}
