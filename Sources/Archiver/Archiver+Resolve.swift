import ArchiveModel
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Telemetry

extension Archiver {
    /// Reads tasks from the upstream, and enters the results of those that are done.
    ///
    /// - Returns: Why the source stopped, or `nil`. Every lease is given back either way.
    func resolve(_ leases: [TaskLease]) async throws -> APIError? {
        var stop: APIError?
        let named = Dictionary(leases.map { ($0.id, $0) }) { first, _ in first }
        for reading in try await readers.readings(of: leases.map(\.id)) {
            let leases = reading.tasks.compactMap { named[$0] }
            do {
                let answers = try await metrics.measure(.resolve) { try await read(leases, reading.client) }
                for lease in leases {
                    if let error = answers.failed[lease.id] {
                        try await putBack(lease, error)
                    } else if let snapshot = answers.found[lease.id] {
                        try await finish(lease, snapshot, secrets: reading.client.secrets)
                    } else if reading.isKeyLost {
                        let error = "its caller's key can't be opened any more: the service's own key has changed"
                        try await postpone(lease, error: error, cause: "not_found", retryAfter: nil, isMiss: false)
                    } else {
                        try await miss(lease)
                    }
                }
            } catch let error as APIError {
                if error.stopsSource, !reading.isCallers { stop = error }
                for lease in leases {
                    if error.stopsSource, !reading.isCallers {
                        try await write(lease, .released)
                    } else {
                        try await putBack(lease, error)
                    }
                }
            } catch is CancellationError {
                // The leases run out by themselves; releasing them sooner only saves that time.
                let clock = self.clock
                let catalog = self.catalog
                await Task.detached {
                    for lease in leases { try? await catalog.finish(lease, .released, now: clock.now) }
                }.value
            }
        }
        return stop
    }

    /// What a reading brought; tasks that the upstream does not know are missing.
    private struct Answers {
        var found: [TaskID: TaskSnapshot] = [:]
        /// What went wrong with single tasks, and says nothing of the others.
        var failed: [TaskID: APIError] = [:]
    }

    /// - Throws: ``APIError`` when none of the tasks can be read for now.
    private func read(_ leases: [TaskLease], _ client: GenerationClient) async throws -> Answers {
        // A batch only leaves out what it does not know; whoever was missed before is asked for by name.
        var batch = leases.filter { $0.misses == 0 }.map(\.id)
        if batch.count < 2 { batch = [] }
        var answers = Answers()
        do {
            if !batch.isEmpty {
                let read = try await client.tasks(batch)
                answers.found = read.tasks
                if read.hasGaps {
                    let missing = batch.filter { read.tasks[$0] == nil }
                    report(.warning("rows of a batch of tasks can't be read; \(missing.count) tasks are read one by one"))
                    batch.removeAll { missing.contains($0) }
                }
            }
        } catch let error as APIError where error.code == .notFound || error.code == .refused {
            report(.note("the batch call is not to be had, so tasks are read one by one: \(error)"))
            batch = []
        }
        var pause: APIError?
        for id in Set(leases.map(\.id)).subtracting(batch) {
            if let pause {
                answers.failed[id] = pause
                continue
            }
            do {
                answers.found[id] = try await client.task(id)
            } catch let error as APIError where error.code == .notFound {
                continue
            } catch let error as APIError where error.code != .unauthorized && error.code != .noQuota {
                // A task of somebody else may be forbidden: that is no word on the key. What may pass soon is not asked 50 times.
                answers.failed[id] = error
                if error.isTransient { pause = error }
            }
        }
        return answers
    }

    private func finish(_ lease: TaskLease, _ snapshot: TaskSnapshot, secrets: [String]) async throws {
        let redact = Redactor(
            secrets: secrets
                + snapshot.links.filter { !InlineData.isDataURI($0) }.compactMap(URL.init).flatMap(ResultDownloader.secrets))
        let json = redact(snapshot.json)
        let createdAt = snapshot.createdAt ?? lease.createdAt
        switch snapshot.stage {
        case .delivered: try await resolved(lease, snapshot, createdAt, json)
        case .completed where snapshot.results.contains { $0.problem != nil }:
            try await resolved(lease, snapshot, createdAt, json)
        case .failed:
            try await end(lease, .failed, snapshot.failure.map { redact($0) } ?? "the upstream gives no reason", createdAt, json)
        case .cancelled:
            try await end(lease, .cancelled, snapshot.failure.map { redact($0) } ?? "the task was cancelled", createdAt, json)
        case .completed where lease.readings >= Self.readingsWithoutResults:
            try await end(lease, .unavailable, "the upstream calls the task completed, but names no result", createdAt, json)
        case .completed, .unfinished:
            guard clock.now.timeIntervalSince(createdAt ?? lease.discoveredAt) < Self.patience else {
                let reason = "the task is still unfinished two days after it was created"
                return try await end(lease, .unavailable, reason, createdAt, json)
            }
            try await write(lease, .unfinished(dueAt: clock.now.addingTimeInterval(pace(lease.readings)), createdAt: createdAt))
        }
    }

    private func resolved(_ lease: TaskLease, _ snapshot: TaskSnapshot, _ createdAt: Date?, _ json: JSONValue) async throws {
        let outcome = TaskOutcome.resolved(
            links: snapshot.results.map(\.stored), createdAt: createdAt,
            deadline: createdAt?.addingTimeInterval(TaskSnapshot.linkLifetime), model: snapshot.model, json: json)
        if try await write(lease, outcome) { report(.resolved(lease.id, outputs: snapshot.results.count)) }
    }

    /// How often a task that is called completed is read again in hope of its results.
    private static let readingsWithoutResults = 10
    /// Seconds after which a task that never ends is given up: twice the life of a link.
    private static let patience: TimeInterval = 48 * 3600

    /// Seconds until an unfinished task is read again: half as long again each time.
    private func pace(_ readings: Int) -> TimeInterval {
        min(options.pace.upperBound, options.pace.lowerBound * pow(1.5, Double(min(readings, 20))))
    }

    private func miss(_ lease: TaskLease) async throws {
        let isYoung = clock.now.timeIntervalSince(lease.discoveredAt) < options.missPatience
        guard lease.misses + 1 >= options.missesToBelieve, !isYoung else {
            let error = "the upstream does not know the task"
            return try await postpone(lease, error: error, cause: "not_found", retryAfter: nil, isMiss: true)
        }
        let reason = "the upstream does not know the task: it said so \(lease.misses + 1) times"
        try await end(lease, .unavailable, reason, lease.createdAt, nil)
    }

    private func end(_ lease: TaskLease, _ state: TaskState, _ reason: String, _ createdAt: Date?, _ json: JSONValue?)
        async throws
    {
        if try await !catalog.entries(EntryQuery(task: lease.id, limit: 1)).isEmpty {
            report(.warning("task \(lease.id) was tried again without success; what is archived of it stays as it is: \(reason)"))
            try await write(lease, .kept)
            return
        }
        let record = TaskRecord(
            task: lease.id, state: state, reason: reason, source: lease.source, discoveredAt: lease.discoveredAt,
            createdAt: createdAt,
            request: lease.request, taskJSON: json)
        guard try await catalog.extend([lease], until: clock.now.addingTimeInterval(options.leaseDuration)).isEmpty else {
            return report(.warning(CatalogError(.leaseLost, "task \(lease.id)").description))
        }
        try await records.write(record)
        if try await write(lease, .ended(state, reason: reason, createdAt: createdAt, json: json)) {
            report(.taskEnded(lease.id, state, reason: reason))
        }
    }

    private func putBack(_ lease: TaskLease, _ error: APIError) async throws {
        let isOld = clock.now.timeIntervalSince(lease.createdAt ?? lease.discoveredAt) > Self.patience
        if isOld, !error.isTransient {
            return try await end(lease, .unavailable, "the upstream does not let it be read: \(error)", lease.createdAt, nil)
        }
        try await postpone(lease, error: error.description, cause: error.cause, retryAfter: error.retryAfter, isMiss: false)
    }

    private func postpone(
        _ lease: TaskLease, error: String, cause: String, retryAfter: Date?, isMiss: Bool
    ) async throws {
        var generator = SystemRandomNumberGenerator()
        var retry = options.retry
        // Whether a task is unknown for good is soon found out, and a user may be waiting for the answer.
        if isMiss { retry.ceiling = min(retry.ceiling, options.missPatience / 3) }
        let due = retry.nextTry(
            after: clock.now, failures: lease.attempts + 1, retryAfter: retryAfter,
            deadline: lease.createdAt?.addingTimeInterval(TaskSnapshot.linkLifetime), using: &generator)
        if try await write(lease, .postponed(dueAt: due, error: error, isMiss: isMiss)) {
            metrics.retried(.task, cause: cause)
            report(.postponed("task \(lease.id)", error: error, until: due))
        }
    }

    /// - Returns: `false` when the lease has passed on: then somebody else does what is to be done.
    @discardableResult
    private func write(_ lease: TaskLease, _ outcome: TaskOutcome) async throws -> Bool {
        do {
            try await catalog.finish(lease, outcome, now: clock.now)
            return true
        } catch let error as CatalogError where error.code == .leaseLost {
            report(.warning(error.description))
            return false
        }
    }
}
