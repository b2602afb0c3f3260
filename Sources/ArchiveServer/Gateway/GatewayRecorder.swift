package import ArchiveModel
package import Archiver
import BlockingThreads
package import Catalog
import Crypto
import Foundation
package import GenerationAPI
package import Logging
import Networking
package import Secrets
import ServiceLifecycle
import Synchronization

/// Records what passes through the gateway in the background, without delaying callers.
///
/// The jobs of one submission run in order. Jobs of different submissions run concurrently, so that they share commits. At
/// shutdown, pending jobs are completed.
package final class GatewayRecorder: Service {
    /// A request whose answer is pending.
    struct Submission: Sendable {
        var key: String
        var body: GenerationBody
        var sentAt: Date
        /// Whether the caller can repeat the request without creating a second task.
        var isRepeatable: Bool
        /// Whether it uses the service's own account.
        var isOurs: Bool
        /// Finishes when the request is recorded, or will never be.
        var begun: AsyncStream<Void>

        /// The request to record; `nil` if the body is not a valid request.
        var request: RecordedRequest? {
            var request = body.recorded
            request?.recordedAt = sentAt
            return request
        }
    }

    /// The operations of the archive that the recorder uses.
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

        /// - Parameter archiver: Returns the current archiver; throws while the archive is not open.
        package init(_ archiver: @escaping @Sendable () throws -> Archiver) {
            begin = { try await archiver().begin($0, key: $1) }
            drop = { try await archiver().drop(key: $0) }
            complete = { try await archiver().complete($0, of: $1, key: $2, source: "gateway", caller: $3) }
            register = { try await archiver().register($0, caller: $1) }
        }
    }

    private struct Pending {
        var jobs = 0
        var bytes = 0
    }

    /// Limits of the job queue while the archive does not accept writes.
    private static let mostJobs = 10_000
    private static let mostBytes = 64 << 20
    /// Back-off for a job that the archive did not accept.
    private static let retry = RetryPolicy(base: 1, ceiling: 30)
    /// The name of this part in health reports.
    private static let name = "gateway"

    /// A task, and whether it had ended.
    private struct Seen: Hashable {
        var task: TaskID
        var hasEnded: Bool

        init(_ task: TaskSnapshot) {
            self.task = task.id
            hasEnded = task.status == .completed
        }
    }

    private typealias Job = @Sendable () async -> Void

    /// Maximum number of concurrent jobs; the catalog groups concurrent writes into one commit.
    private static let width = 32
    /// Recently seen tasks, which are not registered again.
    private static let memory = 10_000

    /// Parses answers with many tasks.
    private let parsers = BlockingThreadPool(name: "parser", width: 1)
    private let archive: Archive
    private let clock: any WallClock
    private let logger: Logger
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    private let health: SourceHealth
    /// Unfinished jobs, and the memory they hold.
    private let pending = Mutex(Pending())
    private let recent = Mutex<Set<Seen>>([])

    package init(_ archive: Archive, clock: any WallClock, health: SourceHealth, logger: Logger) {
        self.archive = archive
        self.clock = clock
        self.health = health
        self.logger = logger
        (jobs, queue) = AsyncStream.makeStream()
        health.isRunning(Self.name)
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                let (places, freed) = AsyncStream<Void>.makeStream()
                for _ in 0..<Self.width { freed.yield() }
                var free = places.makeAsyncIterator()
                for await job in jobs {
                    _ = await free.next()
                    group.addTask {
                        await job()
                        freed.yield()
                    }
                }
            }
        } onGracefulShutdown: { [queue] in
            queue.finish()
        }
    }

    /// - Parameters:
    ///   - what: Description for the log in case the job is given up.
    ///   - bytes: Approximate memory use of the job.
    ///   - finally: Called when the job is done or given up.
    private func add(
        _ what: String, bytes: Int, finally: @escaping @Sendable () -> Void = {},
        _ job: @escaping @Sendable () async throws -> Void
    ) {
        let fits = pending.withLock { pending in
            guard pending.jobs < Self.mostJobs, pending.bytes + bytes <= Self.mostBytes else { return false }
            pending.jobs += 1
            pending.bytes += bytes
            return true
        }
        guard fits else {
            lose(what, "too many requests wait to be recorded")
            return finally()
        }
        let result = queue.yield { [self] in
            await persist(what, job)
            finally()
            pending.withLock { pending in
                pending.jobs -= 1
                pending.bytes -= bytes
            }
        }
        guard case .terminated = result else { return }
        lose(what, "the service is stopping")
        finally()
    }

    /// Runs a job, and retries while the archive fails. After a shutdown request it is tried once more.
    private func persist(_ what: String, _ job: @Sendable () async throws -> Void) async {
        var failures = 0
        while true {
            do {
                try await job()
                if failures > 0 { health.isRunning(Self.name) }
                return
            } catch {
                guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return lose(what, "\(error)") }
                failures += 1
                var generator = SystemRandomNumberGenerator()
                let next = Self.retry.nextTry(after: clock.now, failures: failures, using: &generator)
                health.failed(Self.name, reason: "\(what) is not on record yet: \(error)", nextTry: next, isEnd: false)
                try? await cancelWhenGracefulShutdown { [clock] in try await clock.sleep(until: next) }
            }
        }
    }

    private func lose(_ what: String, _ reason: String) {
        logger.error(
            "a gateway call was not recorded; a sweep will find its tasks",
            metadata: ["what": "\(what)", "reason": "\(reason)"])
    }

    // MARK: Recording

    /// A request is about to be sent. Requests with a caller's own key are not recorded until the upstream has accepted them.
    /// - Parameters:
    ///   - idempotencyKey: The caller's Idempotency-Key, if any.
    ///   - caller: The caller's API key if it is not the service's own. Two accounts may use the same Idempotency-Key.
    func begin(_ body: GenerationBody, idempotencyKey: String?, caller: APIKey?) -> Submission {
        let now = clock.now
        let key = idempotencyKey.map { Self.key($0, caller: caller) } ?? "gateway \(UUID().uuidString.lowercased())"
        let (begun, done) = AsyncStream<Void>.makeStream()
        let submission = Submission(
            key: key, body: body, sentAt: now, isRepeatable: idempotencyKey != nil, isOurs: caller == nil, begun: begun)
        guard caller == nil else {
            done.finish()
            return submission
        }
        add(
            "a request", bytes: body.bytes.count, finally: { done.finish() },
            { [archive] in
                guard let request = submission.request else { return }
                try await archive.begin(request, key)
            })
        return submission
    }

    private static func key(_ idempotencyKey: String, caller: APIKey?) -> String {
        "gateway \(ArchiveModel.Digest(of: "\(idempotencyKey)\n\(caller?.unsafeSecret ?? "")"))"
    }

    /// The upstream did not accept the request, or its answer is unknown.
    /// - Parameter isRefused: Whether the upstream refused the request explicitly. Otherwise a repeatable request stays recorded,
    ///   since it may have created a task.
    func drop(_ submission: Submission, isRefused: Bool) {
        guard submission.isOurs, isRefused || !submission.isRepeatable else { return }
        add("a request that was not accepted", bytes: 0) { [archive] in
            for await _ in submission.begun {}
            try await archive.drop(submission.key)
        }
    }

    /// The upstream accepted the request. If its answer names no task, the request stays recorded as unanswered, since a task may
    /// have been created anyway.
    func created(_ submission: Submission, _ answer: Data, caller: APIKey?) {
        guard let reading = try? JSONReading(answer), reading.findings.isDisjoint(with: [.cut, .lost]),
            let task = TaskSnapshot.find(in: reading.value)
        else { return }
        add("task \(task.id)", bytes: submission.body.bytes.count + answer.count) { [archive] in
            for await _ in submission.begun {}
            try await archive.complete(task, submission.request ?? RecordedRequest(), submission.key, caller)
        }
    }

    /// An answer of the upstream contains one or more tasks.
    func seen(_ answer: Data, caller: APIKey?) {
        add("tasks that a caller read", bytes: answer.count) { [self] in
            guard let json = try? await parsers.run({ try JSONReading(answer).value }) else { return }
            let rows = json["data"]?.array ?? json.array ?? [json["data"] ?? json]
            let oldest = clock.now.addingTimeInterval(-UpstreamRules.linkLifetime)
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
                            id: $0.id, source: "gateway", createdAt: $0.createdAt, hasEnded: $0.status == .completed,
                            isAlive: true)
                    }, caller)
            } catch {
                recent.withLock { recent in recent.subtract(new.map(Seen.init)) }
                throw error
            }
        }
    }
}
