import ArchiveModel
import ArchiveServer
import Archiver
import BlobStore
import Catalog
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
    /// The longest wait in seconds after a failure of the archive's disk.
    private static let diskCeiling: TimeInterval = 15

    let name: String
    let health: SourceHealth
    let clock: any WallClock
    let logger: Logger
    /// Grows with each reload, which may have mended what failed: then it is begun again at once.
    let generation: @Sendable () -> Int
    /// Works until the service is to end, or until nothing is left for it to do.
    let work: @Sendable () async throws -> Void

    func run() async throws {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let begun = clock.now
            health.isRunning(name)
            let error: any Error
            do {
                try await work()
                // Who is done early leaves the others at work.
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
            // A disk may have room again at any moment, and looking costs nothing of the upstream's.
            var waits = Self.waits
            if error is CatalogError || error is BlobStoreError || error is ArchiveNotOpen { waits.ceiling = Self.diskCeiling }
            let next = waits.nextTry(after: clock.now, failures: failures, retryAfter: nil, using: &generator)
            health.failed(name, reason: reason, nextTry: next, isEnd: true)
            logger.error(
                "\(name) failed and is begun again", metadata: ["reason": "\(reason)", "nextTry": "\(next.iso8601)"])
            let reloads = generation()
            try? await cancelWhenGracefulShutdown { [clock, generation] in
                while clock.now < next, generation() == reloads {
                    try await clock.sleep(until: min(next, clock.now.addingTimeInterval(1)))
                }
            }
        }
    }
}
