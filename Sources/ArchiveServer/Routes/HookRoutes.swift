import ArchiveModel
import Archiver
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Networking
import Synchronization

/// Receives the upstream's callbacks. Their body is not trusted: only the task ID is used, and the task is then read with the
/// key.
///
/// A task in the catalog is read at once. Any other ID becomes a hint: it is stored durably, hints are limited in number, and a
/// ``HintReader`` checks them with the upstream before they are used.
struct HookRoutes {
    private let secrets: HookSecrets
    private let access: AccessControl
    private let clock: any WallClock
    private let hints: any TaskHints
    private let register: @Sendable ([TaskRegistration]) async throws -> Void
    private let recent: RecentHooks

    init(
        secrets: HookSecrets, access: AccessControl, clock: any WallClock, hints: any TaskHints,
        register: @escaping @Sendable ([TaskRegistration]) async throws -> Void
    ) {
        self.secrets = secrets
        self.access = access
        self.clock = clock
        self.hints = hints
        self.register = register
        recent = RecentHooks(clock: clock)
    }

    /// Maximum size of a callback in bytes. It may contain pictures.
    static let mostBytes = 64 << 20
    /// Longest time that the upstream waits while the catalog is locked.
    private static let answerTimeout = Duration.seconds(3)
    /// Value of `Retry-After` in seconds when the hint table is full.
    private static let pause = 60

    func add(to router: Router<ServerContext>) {
        router.post("hooks/:secret") { request, context in
            guard secrets.contains(context.parameters.get("secret") ?? "") else {
                try access.noteFailure(of: context.client)
                throw Problem(.notFound, "There is nothing at this address.")
            }
            let ids = try await CallbackBody(request, mostBytes: Self.mostBytes).ids
            guard !ids.isEmpty else { throw Problem(.badRequest, "The body has no task ID; send {\"id\":\"task-…\"}.") }
            for id in ids { try await take(id) }
            return Response(status: .noContent, headers: [.cacheControl: "no-store"])
        }
    }

    /// Durable when it returns; the upstream repeats rejected callbacks.
    private func take(_ id: TaskID) async throws {
        guard !recent.contains(id) else { return }
        let outcome = try await withDetachedTimeout(Self.answerTimeout, clock: clock) { [hints, register, clock] in
            let outcome = try await hints.keepHint(id, most: HintReader.most, now: clock.now)
            if outcome == .known { try await register([TaskRegistration(id: id, source: "webhook", hasEnded: true)]) }
            return outcome
        }
        guard outcome != .full else {
            throw Problem(
                .tooManyRequests, "Too many callbacks contain unknown task IDs. Try again later.",
                headers: [.retryAfter: "\(Self.pause)"]
            )
        }
        recent.insert(id)
    }
}

/// Tasks whose callback was just received. A repetition adds nothing and is skipped without a write.
private final class RecentHooks: Sendable {
    /// Seconds for which a callback is remembered.
    private static let lifetime: TimeInterval = 10
    private static let most = 10_000

    private let clock: any WallClock
    private let dates = Mutex<[TaskID: Date]>([:])

    init(clock: any WallClock) { self.clock = clock }

    func contains(_ id: TaskID) -> Bool {
        let now = clock.now
        return dates.withLock { $0[id].map { (0..<Self.lifetime).contains(now.timeIntervalSince($0)) } ?? false }
    }

    func insert(_ id: TaskID) {
        let now = clock.now
        dates.withLock { dates in
            if dates.count >= Self.most { dates = [:] }
            dates[id] = now
        }
    }
}
