package import ArchiveModel
package import Archiver
package import Catalog
import Crypto
import Foundation
package import GenerationAPI
package import Logging
import ServiceLifecycle
import Synchronization

/// Puts on record what passes through the gateway, while its callers go on.
///
/// What one submission needs is done in order; different ones go side by side, so that they share commits. At the end of the service
/// what is still to do is done.
package final class GatewayRecorder: Service {
    /// A request whose answer is awaited.
    struct Submission: Sendable {
        var key: String
        var request: RecordedRequest
        /// Whether the caller can send it again without having it made twice.
        var isRepeatable: Bool
        /// Ends when the request is on record, or could not be put there.
        var begun: AsyncStream<Void>
    }

    /// Where things are put on record.
    package struct Archive: Sendable {
        var begin: @Sendable (RecordedRequest, String) async throws -> Void
        var drop: @Sendable (String) async throws -> Void
        var complete: @Sendable (TaskSnapshot, RecordedRequest, String, APIKey?) async throws -> Void
        var register: @Sendable ([TaskRegistration], APIKey?) async throws -> Void

        package init(
            begin: @escaping @Sendable (RecordedRequest, String) async throws -> Void,
            drop: @escaping @Sendable (String) async throws -> Void,
            complete: @escaping @Sendable (TaskSnapshot, RecordedRequest, String, APIKey?) async throws -> Void,
            register: @escaping @Sendable ([TaskRegistration], APIKey?) async throws -> Void
        ) {
            self.begin = begin
            self.drop = drop
            self.complete = complete
            self.register = register
        }

        package init(_ archiver: Archiver) {
            begin = { try await archiver.begin($0, key: $1) }
            drop = { try await archiver.drop(key: $0) }
            complete = { try await archiver.complete($0, of: $1, key: $2, source: "gateway", caller: $3) }
            register = { try await archiver.register($0, caller: $1) }
        }
    }

    /// A task, and whether it had ended.
    private struct Seen: Hashable {
        var task: TaskID
        var hasEnded: Bool

        init(_ task: TaskSnapshot) {
            self.task = task.id
            hasEnded = task.status == .completed
        }
    }

    private typealias Job = @Sendable () async throws -> Void

    /// Jobs at once; the catalog commits together what comes together.
    private static let width = 32
    /// Tasks that were seen lately, which are not entered again.
    private static let memory = 10_000

    private let archive: Archive
    private let clock: any WallClock
    private let logger: Logger
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    private let recent = Mutex<Set<Seen>>([])

    package init(_ archive: Archive, clock: any WallClock, logger: Logger) {
        self.archive = archive
        self.clock = clock
        self.logger = logger
        (jobs, queue) = AsyncStream.makeStream()
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                let (places, freed) = AsyncStream<Void>.makeStream()
                for _ in 0..<Self.width { freed.yield() }
                var free = places.makeAsyncIterator()
                for await job in jobs {
                    _ = await free.next()
                    group.addTask { [logger] in
                        do {
                            try await job()
                        } catch {
                            logger.error("what passed through the gateway is not on record", metadata: ["error": "\(error)"])
                        }
                        freed.yield()
                    }
                }
            }
        } onGracefulShutdown: { [queue] in
            queue.finish()
        }
    }

    private func add(_ job: @escaping Job) {
        guard case .terminated = queue.yield(job) else { return }
        logger.error("what passed through the gateway while the service ended is not on record; a sweep finds its tasks")
    }

    // MARK: What is learnt

    /// A request is on its way.
    /// - Parameters:
    ///   - idempotencyKey: The caller's, if he has one.
    ///   - caller: His API key, when it is not the service's own: keys of two accounts may be the same.
    func begin(_ request: RecordedRequest, idempotencyKey: String?, caller: APIKey?) -> Submission {
        var request = request
        request.recordedAt = clock.now
        let key = idempotencyKey.map { Self.key($0, caller: caller) } ?? "gateway \(UUID().uuidString.lowercased())"
        let (begun, done) = AsyncStream<Void>.makeStream()
        add { [archive, request] in
            defer { done.finish() }
            try await archive.begin(request, key)
        }
        return Submission(key: key, request: request, isRepeatable: idempotencyKey != nil, begun: begun)
    }

    private static func key(_ idempotencyKey: String, caller: APIKey?) -> String {
        let text = "\(idempotencyKey)\n\(caller?.textToRedact ?? "")"
        return "gateway \(SHA256.hash(data: Data(text.utf8)).description.suffix(64))"
    }

    /// The upstream did not take it, or did not say so.
    /// - Parameter isRefused: Whether it said that it does not. Else what can be sent again stays on record, since it may have been made.
    func drop(_ submission: Submission, isRefused: Bool) {
        guard isRefused || !submission.isRepeatable else { return }
        add { [archive] in
            for await _ in submission.begun {}
            try await archive.drop(submission.key)
        }
    }

    /// The upstream took it, and answered so.
    func created(_ submission: Submission, _ answer: Data, caller: APIKey?) {
        add { [archive] in
            for await _ in submission.begun {}
            guard let json = try? JSONDecoder().decode(JSONValue.self, from: answer),
                let task = TaskSnapshot(json["data"] ?? json)
            else { return try await archive.drop(submission.key) }
            try await archive.complete(task, submission.request, submission.key, caller)
        }
    }

    /// The upstream told of tasks: of one, or of many.
    func seen(_ answer: Data, caller: APIKey?) {
        add { [self] in
            guard let json = try? JSONDecoder().decode(JSONValue.self, from: answer) else { return }
            let rows = json["data"]?.array ?? json.array ?? [json["data"] ?? json]
            let oldest = clock.now.addingTimeInterval(-TaskSnapshot.linkLifetime)
            let tasks = rows.compactMap { row -> TaskSnapshot? in
                guard let task = TaskSnapshot(row), row["type"]?.string ?? "image" == "image" else { return nil }
                return (task.createdAt ?? .distantFuture) >= oldest ? task : nil
            }
            let new = recent.withLock { recent in
                if recent.count > Self.memory { recent = [] }
                return tasks.filter { recent.insert(Seen($0)).inserted }
            }
            do {
                try await archive.register(
                    new.map {
                        TaskRegistration(
                            id: $0.id, source: "gateway", createdAt: $0.createdAt, hasEnded: $0.status == .completed)
                    }, caller)
            } catch {
                recent.withLock { recent in recent.subtract(new.map(Seen.init)) }
                throw error
            }
        }
    }
}
