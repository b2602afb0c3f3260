package import ArchiveModel
package import Foundation
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// One attempt at delivering a callback.
package struct CallbackAttempt: Sendable, Hashable {
    package let task: TaskID
    /// From 1 to 4.
    package let number: Int
    /// When the attempt began.
    package let began: Date
    /// The status of the answer; `nil` if there was none within 10 s.
    package let status: Int?

    package var isDelivered: Bool { status.map { (200..<300).contains($0) } ?? false }
}

/// Sends callbacks for finished tasks. Each attempt may take 10 s. A failed one is followed by at most three more, after waits of
/// 1, 2 and 4 seconds. A 2xx answer ends the attempts.
final class CallbackSender: Service {
    static let timeout = Duration.seconds(10)
    static let pauses: [Duration] = [.seconds(1), .seconds(2), .seconds(4)]

    private let clock: any WallClock
    private let makePoster: @Sendable () -> (poster: any CallbackPoster, close: @Sendable () async -> Void)
    private let body: @Sendable (SimulatedEntry) async throws -> String
    private let logger: Logger
    private let queue = AsyncStream.makeStream(of: SimulatedEntry.self)
    private let attempts = NIOLockedValueBox<[CallbackAttempt]>([])

    /// - Parameters:
    ///   - makePoster: Called once when the service starts; `close` is called when it ends.
    ///   - body: Returns the same JSON as a read of the task.
    init(
        clock: any WallClock, logger: Logger,
        makePoster: @escaping @Sendable () -> (poster: any CallbackPoster, close: @Sendable () async -> Void),
        body: @escaping @Sendable (SimulatedEntry) async throws -> String
    ) {
        self.clock = clock
        self.logger = logger
        self.makePoster = makePoster
        self.body = body
    }

    /// Schedules the callback for when the task finishes; does nothing for a task without a callback address.
    func schedule(_ entry: SimulatedEntry) {
        if entry.request.callbackURL != nil { queue.continuation.yield(entry) }
    }

    /// All attempts so far, in the order in which they ended.
    var log: [CallbackAttempt] { attempts.withLockedValue { $0 } }

    func run() async throws {
        let (poster, close) = makePoster()
        await cancelWhenGracefulShutdown { [queue] in
            await withDiscardingTaskGroup { group in
                for await entry in queue.stream {
                    group.addTask { await self.deliver(entry, through: poster) }
                }
                group.cancelAll()
            }
        }
        await close()
    }

    private func deliver(_ entry: SimulatedEntry, through poster: any CallbackPoster) async {
        guard let address = entry.request.callbackURL, let id = TaskID(entry.id) else { return }
        do {
            try await clock.sleep(until: entry.finishes)
            let text = try await body(entry)
            for number in 1...(Self.pauses.count + 1) {
                if number > 1 { try await clock.sleep(for: Self.pauses[number - 2]) }
                let began = clock.now
                let status = await attempt(text, to: address, through: poster)
                let attempt = CallbackAttempt(task: id, number: number, began: began, status: status)
                attempts.withLockedValue { $0.append(attempt) }
                if attempt.isDelivered { return }
                try Task.checkCancellation()
            }
            logger.info("callback given up", metadata: ["task": "\(entry.id)"])
        } catch {
            logger.debug("callback not sent", metadata: ["task": "\(entry.id)", "reason": "\(error)"])
        }
    }

    /// - Returns: The status of the answer; `nil` on timeout or error.
    private func attempt(_ text: String, to address: String, through poster: any CallbackPoster) async -> Int? {
        await withTaskGroup(of: Int?.self) { group in
            group.addTask { try? await poster.post(text, to: address) }
            group.addTask { [clock] in
                try? await clock.sleep(for: Self.timeout)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}
