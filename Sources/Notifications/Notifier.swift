package import ArchiveModel
package import Catalog
import Foundation
import GenerationAPI
import ServiceLifecycle
package import Telemetry

/// Tells a system outside what has happened, as Standard Webhooks: at least once, also over restarts, each message under the same id.
package struct Notifier: Service {
    /// The most notices that wait.
    package static let most = 100_000
    /// How long after each failed try the next one comes at the latest, in seconds: evenly drawn between nothing and this. After the
    /// last one the message is given up. Of Standard Webhooks, "Retry schedule".
    static let schedule: [TimeInterval] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400]
    /// Seconds beyond which a `Retry-After` is not believed.
    private static let longestRetryAfter: TimeInterval = 24 * 3600
    /// Messages on their way at once.
    private static let atOnce = 8
    /// Seconds between looks at the outbox, which other processes fill too.
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
    ///   - makePoster: Called once when the service runs.
    ///   - warn: Told what was given up, in words without the receiver's address.
    ///   - most: How many notices may wait; beyond, the oldest is dropped.
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

    /// Tells until the surrounding group shuts down; what is on its way then is told again next time.
    package func run() async throws {
        let poster = makePoster()
        do {
            try await outbox.keepNotices(most)
            try await cancelWhenGracefulShutdown { try await deliverAll(through: poster) }
        } catch is CancellationError {
            // The end that was asked for.
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
                // The archive's own work goes on, or ends, without this.
                warn("the notifications wait: \(error)")
                try await clock.sleep(for: Self.pauseAfterFailure)
            }
        }
        warn("the receiver of the notifications answered 410: it wants no more. They wait until the service starts again")
        while true { try await clock.sleep(for: .seconds(3600)) }
    }

    /// Delivers what is due, and waits for more.
    /// - Returns: Whether the receiver wants more.
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

    /// - Returns: Whether the receiver wants more.
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
            // What the library says may hold the address.
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
