import ArchiveModel
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Networking
import Telemetry

extension Archiver {
    /// The result of reading a batch of tasks.
    struct TaskReading: Sendable {
        /// Why the source stopped.
        var stop: APIError?
        /// Whether the API has answered for a task with the service's own key.
        var isKeyAccepted = false
    }

    /// Reads tasks from the upstream, and adds the results of finished tasks to the queue. All leases are released.
    func resolve(_ leases: [TaskLease]) async throws -> TaskReading {
        var result = TaskReading()
        let named = Dictionary(leases.map { ($0.id, $0) }) { first, _ in first }
        for batch in try await readers.batches(of: leases.map(\.id)) {
            let leases = batch.tasks.compactMap { named[$0] }
            do {
                let answers = try await metrics.measure(.resolve) { try await read(leases, batch) }
                if !batch.isCallers, answers.failed.count < leases.count { result.isKeyAccepted = true }
                for lease in leases {
                    if let error = answers.failed[lease.id] {
                        try await putBack(lease, error)
                    } else if let snapshot = answers.found[lease.id] {
                        try await finish(lease, snapshot, secrets: batch.client.secrets)
                    } else if batch.isKeyLost {
                        let words = "the caller's key can't be decrypted: the service's own key has changed"
                        try await postpone(lease, Failure(words, kind: "key_lost", cause: .ours))
                    } else {
                        try await miss(lease)
                    }
                }
            } catch let error as APIError {
                if error.stopsSource, !batch.isCallers { result.stop = error }
                for lease in leases {
                    if error.stopsSource, !batch.isCallers {
                        try await write(lease, .released)
                    } else {
                        try await putBack(lease, error)
                    }
                }
            } catch is CancellationError {
                // Leases expire by themselves; releasing them now lets another worker start sooner.
                let clock = self.clock
                let catalog = self.catalog
                await Task.detached {
                    for lease in leases { try? await catalog.finish(lease, .released, now: clock.now) }
                }.value
            }
        }
        return result
    }

    /// The answers of one read. Tasks unknown to the upstream are absent.
    private struct Answers {
        var found: [TaskID: TaskSnapshot] = [:]
        /// Errors of single tasks, which say nothing about the other tasks.
        var failed: [TaskID: APIError] = [:]
    }

    /// Reads tasks with the key of their batch, and those that a caller's key can't read with the service's own.
    ///
    /// - Throws: ``APIError`` when none of the tasks can be read for now.
    private func read(_ leases: [TaskLease], _ batch: TaskReaders.KeyedBatch) async throws -> Answers {
        var answers = Answers()
        do {
            answers = try await read(leases, batch.client, attempts: batch.isCallers ? 1 : Self.attempts)
        } catch let error as APIError where batch.isCallers && !batch.isKeyLost && error.refusesKey {
            for lease in leases { answers.failed[lease.id] = error }
        }
        guard batch.isCallers else { return answers }
        guard !batch.isKeyLost else {
            try await catalog.forgetSealedKeys(of: Array(answers.found.keys), now: clock.now)
            return answers
        }
        let refused = leases.map(\.id).filter { answers.found[$0] == nil && answers.failed[$0]?.refusesKey ?? true }
        for (id, snapshot) in try await readWithOwnKey(refused) {
            answers.found[id] = snapshot
            answers.failed[id] = nil
        }
        return answers
    }

    /// Reads new tasks in one call, and tasks whose reading has failed one by one: a single task may be the reason why a batch fails
    /// or is never answered.
    ///
    /// - Throws: ``APIError`` when none of the tasks can be read for now.
    private func read(_ leases: [TaskLease], _ client: GenerationClient, attempts: Int) async throws -> Answers {
        // A batch only leaves out the tasks that the API does not know; a task that was missed before is asked for by name.
        var batch = leases.filter { $0.misses == 0 && $0.attempts == 0 }.map(\.id)
        if batch.count < 2 { batch = [] }
        var answers = Answers()
        var singleAttempts = attempts
        do {
            if !batch.isEmpty {
                let read = try await client.with(attempts: attempts).tasks(batch)
                answers.found = read.tasks
                if read.hasGaps {
                    let missing = batch.filter { read.tasks[$0] == nil }
                    report(.warning("some rows of a batch answer can't be read; \(missing.count) tasks are read one by one"))
                    batch.removeAll { missing.contains($0) }
                }
            }
        } catch let error as APIError where error.code == .notFound || error.code == .refused {
            report(.note("the API refuses the batch call; tasks are read one by one: \(error)"))
            batch = []
        } catch let error as APIError where error.isTransient && error.code != .rateLimited {
            report(.note("a batch of \(batch.count) tasks could not be read; they are read one by one: \(error)"))
            batch = []
            singleAttempts = 1
        }
        try await read(Set(leases.map(\.id)).subtracting(batch), client.with(attempts: singleAttempts), &answers)
        return answers
    }

    /// Tries of one call with the own key before its tasks are put back.
    private static let attempts = 2
    /// Tasks that are read at the same time.
    private static let parallelReadings = 4

    /// The answer of one read of one task. Not a tuple: Swift 6.2 releases parts of it twice when it optimises a task group of tuples
    /// with this content, which ended the process.
    private struct SingleAnswer: Sendable {
        var id: TaskID
        var result: Result<TaskSnapshot, APIError>
    }

    /// Reads tasks one by one, some at the same time, so that one without an answer does not hold the others up. When the first ones all
    /// fail for a reason that may pass, the others are not asked for.
    private func read(_ tasks: Set<TaskID>, _ client: GenerationClient, _ answers: inout Answers) async throws {
        var (waiting, failures, pause) = (Array(tasks), 0, APIError?.none)
        try await withThrowingTaskGroup(of: SingleAnswer.self) { group in
            func ask() {
                guard pause == nil, let id = waiting.popLast() else { return }
                group.addTask { try await Self.ask(id, client) }
            }
            for _ in 0..<Self.parallelReadings { ask() }
            while let answer = try await group.next() {
                switch answer.result {
                case .success(let snapshot):
                    answers.found[answer.id] = snapshot
                    failures = 0
                case .failure(let error) where error.code == .notFound: failures = 0
                case .failure(let error) where error.code == .unauthorized || error.code == .noQuota: throw error
                case .failure(let error):
                    // A task of somebody else may be forbidden: that says nothing about the key.
                    answers.failed[answer.id] = error
                    if error.isTransient {
                        failures += 1
                        if failures >= Self.parallelReadings || error.code == .rateLimited { pause = error }
                    }
                }
                ask()
            }
        }
        if let pause { for id in waiting { answers.failed[id] = pause } }
    }

    private static func ask(_ id: TaskID, _ client: GenerationClient) async throws -> SingleAnswer {
        do {
            return SingleAnswer(id: id, result: .success(try await client.task(id)))
        } catch let error as APIError {
            return SingleAnswer(id: id, result: .failure(error))
        }
    }

    private func finish(_ lease: TaskLease, _ snapshot: TaskSnapshot, secrets: [String]) async throws {
        let redact = Redactor(secrets: secrets + signatures(of: snapshot))
        let json = redact(snapshot.json).fitting(ArchiveRecord.largestAnswer)
        let createdAt = creation(of: lease, snapshot)
        let words = snapshot.failure.map { redact($0) }
        // Fetch the results whatever the state says, since their links work now.
        if snapshot.stage == .delivered || (snapshot.stage == .completed && !snapshot.results.isEmpty) {
            try await enterResults(of: snapshot, lease, redact, secrets: secrets, createdAt, json)
            return
        }
        switch snapshot.stage {
        case .failed where lease.isContradicted, .cancelled where lease.isContradicted, .unclear:
            var lease = lease
            lease.createdAt = createdAt
            let said = snapshot.stateWord.map { "the state '\(redact($0))'" } ?? "no state"
            let failure = Failure(
                "the upstream's answer has \(said) and an error: \(words ?? "no reason given")", kind: "error_answer",
                cause: .vendor,
                isRefusal: true)
            try await postpone(lease, failure, json: json)
        case .failed: try await end(lease, .failed, words ?? "the upstream gives no reason", nil, createdAt, json)
        case .cancelled: try await end(lease, .cancelled, words ?? "the task was cancelled", nil, createdAt, json)
        case .completed:
            var lease = lease
            lease.createdAt = createdAt
            try await postpone(
                lease,
                Failure(
                    "the upstream calls the task completed, but lists no result", kind: "no_results", cause: .vendor,
                    isRefusal: true),
                json: json)
        case .delivered, .unfinished:
            guard mayGoOn(lease, createdAt) else {
                let reason = "the task is still unfinished two days after it was created and found"
                return try await end(lease, .unavailable, reason, .vendor, createdAt, json)
            }
            try await write(lease, .unfinished(dueAt: nextReading(lease), createdAt: createdAt))
        }
    }

    /// The time of the task's creation. If the stored time and the answer's time differ, the later time counts: a deadline that
    /// is too early loses pictures. A time in the future is ignored if another time is known. The future is that of the API: this
    /// machine's clock may be days behind, for example after a start without a battery.
    private func creation(of lease: TaskLease, _ snapshot: TaskSnapshot) -> Date? {
        guard let skew = client.clockSkew else { return [snapshot.createdAt, lease.createdAt].compactMap { $0 }.max() }
        let latest = clock.now.addingTimeInterval(max(0, skew) + UpstreamMonitor.clockTolerance)
        return [snapshot.createdAt, lease.createdAt].compactMap { $0 }.filter { $0 <= latest }.max()
            ?? snapshot.createdAt.map { min($0, latest) } ?? lease.createdAt
    }

    /// Numbers the results. A known result keeps its number even if a later answer lists it at another position.
    func numbered(_ results: [TaskResult], known: [Int: ResultLink]) -> [NamedResult] {
        ResultMatcher.match(known: known, fresh: results).map { number, result in
            NamedResult(index: number, link: result.link, name: result.link.map(Self.name), problem: result.problem)
        }.sorted { $0.index < $1.index }
    }

    /// The link's identity: its address without the query, which is a signature; for inline data, the digest.
    private static func name(of link: ResultLink) -> String {
        let link = link.unsafeText
        return InlineData.digest(of: link).map { "sha256:" + $0 } ?? String(link.prefix { $0 != "?" && $0 != "#" })
    }

    /// Writes records for results that are not links, with the reason. Their outputs keep waiting, since a later read may return
    /// a link.
    func recordProblems(_ results: [NamedResult], _ lease: TaskLease, _ createdAt: Date?, _ json: JSONValue) async throws {
        for result in results {
            guard let problem = result.problem else { continue }
            let id = OutputID(task: lease.id, index: result.index)
            let record = ArchiveRecord(
                id: id, state: .unavailable, reason: problem, source: lease.source, discoveredAt: lease.discoveredAt,
                createdAt: createdAt, deadline: createdAt?.addingTimeInterval(UpstreamRules.linkLifetime), endedAt: clock.now,
                attempts: 0, request: lease.request, taskJSON: json)
            let existing = try? await records.record(of: id, day: createdAt ?? lease.discoveredAt)
            if existing == nil { _ = try await records.write(filer.shared(record), over: nil) }
        }
    }

    /// Seconds after which an unfinished task is given up: twice the lifetime of a link.
    private static let giveUpAfter: TimeInterval = 48 * 3600

    /// Whether an unfinished task is still waited for. A single answer may contain a wrong creation time, so the discovery time counts
    /// as well.
    func mayGoOn(_ lease: TaskLease, _ createdAt: Date?) -> Bool {
        let begun = max(createdAt ?? .distantPast, lease.discoveredAt)
        return clock.now.timeIntervalSince(begun) < Self.giveUpAfter || !client.isClockConfirmed
    }

    /// When an unfinished task is read again. The wait grows by half with each read.
    func nextReading(_ lease: TaskLease) -> Date {
        let wait = options.pace.lowerBound * pow(1.5, Double(min(lease.readings, 20)))
        return clock.now.addingTimeInterval(min(options.pace.upperBound, wait))
    }

    private func miss(_ lease: TaskLease) async throws {
        let failure = Failure("the upstream does not know the task", kind: "not_found", cause: .unknown, isRefusal: true)
        try await postpone(lease, failure, isMiss: true)
    }

    private func end(
        _ lease: TaskLease, _ state: TaskState, _ reason: String, _ cause: FailureCause?, _ createdAt: Date?, _ json: JSONValue?
    ) async throws {
        if try await !catalog.entries(EntryQuery(task: lease.id, limit: 1)).isEmpty {
            report(.warning("the retry of task \(lease.id) failed: \(reason). The archived outputs of this task stay unchanged"))
            try await write(lease, .kept)
            return
        }
        do {
            try await filer.end(lease, state, reason: reason, cause: cause, createdAt: createdAt, json: json)
            report(.taskEnded(lease.id, state, reason: reason))
        } catch let error as CatalogError where error.code == .leaseLost {
            report(.warning(error.description))
        }
    }

    private func putBack(_ lease: TaskLease, _ error: APIError) async throws {
        // An unreadable answer, or one about another task, says nothing about this one.
        let answered = [.notFound, .forbidden, .refused].contains(error.code)
        try await postpone(
            lease,
            Failure(
                error.description, kind: error.cause, cause: error.failureCause, isRefusal: answered, retryAfter: error.retryAfter
            ))
    }

    /// Schedules another read, or ends the task if its window has closed.
    private func postpone(_ lease: TaskLease, _ failure: Failure, isMiss: Bool = false, json: JSONValue? = nil) async throws {
        var failure = failure
        failure.detail = KeyGuard(client.secrets)(failure.detail)
        let (later, causeOfLoss) = postponement(lease, failure, isMiss: isMiss)
        guard let later else {
            let reason = "\(failure.detail) (\(lease.attempts + 1) readings)"
            return try await end(lease, .unavailable, reason, causeOfLoss, lease.createdAt, json)
        }
        if try await write(lease, .postponed(later)) { tell(of: lease, later) }
    }

    /// - Returns: The postponement is `nil` if the window has closed.
    func postponement(
        _ lease: TaskLease, _ failure: Failure, isMiss: Bool = false
    ) -> (postponement: Postponement?, causeOfLoss: FailureCause) {
        let decision = decision(
            after: failure, tries: lease.attempts + 1, lease.history, deadline: RecordFiler.deadline(of: lease))
        let postponement = decision.nextTry.map { due in
            Postponement(
                dueAt: due, error: failure.detail, kind: failure.kind, cause: failure.cause, history: decision.history,
                notBefore: failure.retryAfter.map { min($0, due) }, isToBeTold: decision.isToBeTold, isMiss: isMiss)
        }
        return (postponement, decision.causeOfLoss)
    }

    func tell(of lease: TaskLease, _ postponement: Postponement) {
        metrics.retried(.task, cause: postponement.kind)
        report(.postponed("task \(lease.id)", error: postponement.error, until: postponement.dueAt))
        if postponement.isToBeTold {
            report(.failing("task \(lease.id)", cause: postponement.cause, reason: postponement.error))
        }
    }

    /// - Returns: `false` if another worker has taken over the lease; that worker then continues.
    @discardableResult
    func write(_ lease: TaskLease, _ outcome: TaskOutcome) async throws -> Bool {
        do {
            try await catalog.finish(lease, outcome, now: clock.now)
            return true
        } catch let error as CatalogError where error.code == .leaseLost {
            report(.warning(error.description))
            return false
        }
    }
}
