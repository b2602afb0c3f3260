package import ArchiveModel
package import Catalog
import Foundation
import Networking
import ServiceLifecycle
package import Telemetry

/// Delivers notices to an external system as defined by Standard Webhooks: at least once, also across restarts. A message keeps
/// its ID.
package struct Notifier: Service {
    /// Maximum number of pending notices.
    package static let most = 100_000
    /// For each failed attempt, the longest wait before the next one, in seconds; the wait is uniformly random between zero and
    /// this limit. After the last attempt, the message is given up. Source: Standard Webhooks, "Retry schedule".
    static let schedule: [TimeInterval] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400]
    /// The longest `Retry-After` in seconds that is respected.
    private static let longestRetryAfter: TimeInterval = 24 * 3600
    /// Maximum number of concurrent deliveries.
    private static let atOnce = 8
    /// Seconds between checks of the outbox, which other processes fill too.
    private static let pause: TimeInterval = 1
    private static let pauseAfterFailure = Duration.seconds(30)

    private let outbox: any Outbox
    private let makePoster: @Sendable () -> any NoticePoster
    private let signer: WebhookSigner
    private let clock: any WallClock
    private let metrics: ArchiveMetrics
    private let warn: @Sendable (String) -> Void
    private let most: Int

    /// - Parameters:
    ///   - makePoster: Called once when the service starts.
    ///   - warn: Called with a readable text about notices that were given up; contains no address of the receiver.
    ///   - most: Maximum number of pending notices; beyond that, the oldest is dropped.
    package init(
        outbox: any Outbox, signer: WebhookSigner, clock: any WallClock, metrics: ArchiveMetrics = .none,
        most: Int = Notifier.most, makePoster: @escaping @Sendable () -> any NoticePoster,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.outbox = outbox
        self.makePoster = makePoster
        self.signer = signer
        self.clock = clock
        self.metrics = metrics
        self.warn = warn
        self.most = most
    }

    /// Delivers notices until the service group shuts down. Deliveries in progress at that time are repeated at the next start.
    package func run() async throws {
        let poster = makePoster()
        do {
            try await outbox.keepNotices(most)
            try await cancelWhenGracefulShutdown { try await deliverAll(through: poster) }
        } catch is CancellationError {
            // Normal shutdown.
        } catch {
            await poster.close()
            throw error
        }
        await poster.close()
    }

    private func deliverAll(through poster: any NoticePoster) async throws {
        var wantsMore = true
        while wantsMore {
            do {
                wantsMore = try await look(through: poster)
            } catch let error as CatalogError {
                // A failure here must not affect the archive's own work.
                warn("notifications are delayed: \(error)")
                try await clock.sleep(for: Self.pauseAfterFailure)
            }
        }
        warn("the receiver of the notifications answered 410 (Gone); no more are sent until the service restarts")
        while true { try await clock.sleep(for: .seconds(3600)) }
    }

    /// Delivers due notices, and waits for more.
    /// - Returns: Whether the receiver accepts further notices.
    private func look(through poster: any NoticePoster) async throws -> Bool {
        try await count()
        let due = try await outbox.dueNotices(limit: Self.atOnce, now: clock.now)
        guard try await deliver(due, through: poster) else { return false }
        guard due.count < Self.atOnce else { return true }
        let next = try await outbox.nextNoticeDue() ?? .distantFuture
        try await clock.sleep(until: min(max(next, clock.now), clock.now.addingTimeInterval(Self.pause)))
        return true
    }

    private func count() async throws {
        metrics.noticesWaiting(try await outbox.waitingNotices())
        let dropped = try await outbox.takeDroppedNotices()
        guard dropped > 0 else { return }
        metrics.noticed(.dropped, dropped)
        warn("\(dropped) notifications were dropped, the oldest first, since more than \(most) waited")
    }

    /// - Returns: Whether the receiver accepts further notices.
    private func deliver(_ due: [WaitingNotice], through poster: any NoticePoster) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for notice in due { group.addTask { try await deliver(notice, through: poster) } }
            return try await group.reduce(true) { $0 && $1 }
        }
    }

    private func deliver(_ notice: WaitingNotice, through poster: any NoticePoster) async throws -> Bool {
        let now = clock.now
        let timestamp = Int64(now.timeIntervalSince1970)
        let headers = [
            "webhook-id": notice.id, "webhook-timestamp": "\(timestamp)",
            "webhook-signature": signer.signature(id: notice.id, timestamp: timestamp, body: notice.body),
        ]
        let failure: String
        let retryAfter: Date?
        do {
            let answer = try await poster.post(notice.body, headers: headers)
            switch answer.status {
            case 200..<300:
                metrics.noticed(.delivered)
                try await outbox.forgetNotice(notice.id)
                return true
            case 410: return false
            default:
                failure = "the receiver answered \(answer.status)"
                retryAfter = RetryPolicy.retryAfter(answer.retryAfter, now: clock.now)
            }
        } catch {
            try Task.checkCancellation()
            // The library's error text may contain the address.
            failure = "the receiver did not answer"
            retryAfter = nil
        }
        try await putOff(notice, failure, retryAfter)
        return true
    }

    private func putOff(_ notice: WaitingNotice, _ failure: String, _ retryAfter: Date?) async throws {
        guard Self.schedule.indices.contains(notice.attempts) else {
            metrics.noticed(.givenUp)
            warn("the notification \(notice.id) (\(notice.type)) was given up after \(notice.attempts + 1) tries: \(failure)")
            return try await outbox.forgetNotice(notice.id)
        }
        metrics.noticed(.failed)
        let now = clock.now
        let drawn = now.addingTimeInterval(.random(in: 0...Self.schedule[notice.attempts]))
        let asked = min(retryAfter ?? drawn, now.addingTimeInterval(Self.longestRetryAfter))
        try await outbox.postponeNotice(notice.id, until: max(drawn, asked))
    }
}
