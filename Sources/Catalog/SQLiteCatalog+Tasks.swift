package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    /// The number of tasks that are registered in one transaction. It bounds how long other writes wait.
    private static let registrationBatch = 500

    package func register(_ tasks: [TaskRegistration], now: Date) async throws -> RegistrationSummary {
        var summary = RegistrationSummary()
        for start in stride(from: 0, to: tasks.count, by: Self.registrationBatch) {
            let batch = tasks[start..<min(start + Self.registrationBatch, tasks.count)]
            let part = try await write { database in
                var written = RegistrationSummary()
                for task in batch { try Self.register(task, now: now, in: database, &written) }
                return written
            }
            summary.new += part.new
            summary.newlyRequested += part.newlyRequested
        }
        return summary
    }

    private static func register(
        _ task: TaskRegistration, now: Date, in database: Database, _ summary: inout RegistrationSummary
    ) throws {
        if let row = try Row.fetchOne(database.cachedStatement(sql: "SELECT * FROM task WHERE id = ?"), arguments: [task.id.text])
        {
            try fillIn(task, row, now: now, in: database, &summary)
        } else {
            try upsert(task, now: now, in: database)
            summary.new.append(task.id)
        }
    }

    private static func upsert(_ task: TaskRegistration, now: Date, in database: Database) throws {
        var values = try arguments(of: task.request ?? RecordedRequest())
        values += [
            "id": task.id.text, "source": task.source.stored, "now": now.milliseconds, "created_at": task.createdAt?.milliseconds,
            "has_request": task.request == nil ? 0 : 1,
        ]
        try database.executeCached(
            sql: """
                INSERT INTO task (id, state, source, discovered_at, created_at, due_at, has_request,
                    model, prompt, size, resolution, image_urls, requested_at)
                VALUES (:id, 'waiting', :source, :now, :created_at, :now, :has_request,
                    :model, :prompt, :size, :resolution, :image_urls, :requested_at)
                """, arguments: values)
    }

    private static func fillIn(
        _ task: TaskRegistration, _ row: Row, now: Date, in database: Database, _ summary: inout RegistrationSummary
    ) throws {
        if let created = task.createdAt {
            try database.executeCached(
                sql:
                    "UPDATE task SET created_at = ? WHERE id = ? AND created_at IS NULL AND state IN ('waiting', 'leased', 'held')",
                arguments: [created.milliseconds, task.id.text])
        }
        if task.hasEnded {
            // Keep the wait after a failed read (attempts above 0): the upstream possibly requested this pause.
            try database.executeCached(
                sql: "UPDATE task SET due_at = ?1 WHERE id = ?2 AND state = 'waiting' AND attempts = 0 AND due_at > ?1",
                arguments: [now.milliseconds, task.id.text])
        }
        try requeue(task, now: now, in: database)
        if task.reopens { try reopen(task.id, now: now, in: database) }
        guard let request = task.request else { return }
        let known = Self.request(row)
        let merged = known?.filled(from: request) ?? request
        if merged != known {
            try database.executeCached(
                sql: """
                    UPDATE task SET model = COALESCE(:model, model), prompt = :prompt, size = :size, resolution = :resolution,
                        image_urls = :image_urls, requested_at = :requested_at, has_request = 1
                    WHERE id = :id
                    """, arguments: arguments(of: merged) + ["id": task.id.text])
        }
        // Check this even if nothing was new: an earlier run may have been killed after storing the request and before judging
        // again.
        let isBehind = try Bool.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM output JOIN task ON task.key = output.task
                        WHERE task.id = ? AND output.state = 'archived' AND (? OR output.verdict = 'unrequested'))
                    """), arguments: [task.id.text, merged != known])
        if isBehind == true { summary.newlyRequested.append(task.id) }
    }

    /// Requeues an ended task when the upstream reports a different state. A task older than a day stays ended, because its links
    /// have expired. A task that a person ended stays ended, too.
    private static func requeue(_ task: TaskRegistration, now: Date, in database: Database) throws {
        let reset = "state = 'waiting', due_at = ?1, attempts = 0, misses = 0, readings = 0, \(Self.freshHistory)"
        let isYoung = "COALESCE(cause, '') <> 'person' AND MAX(COALESCE(created_at, 0), discovered_at) > ?3"
        let values: StatementArguments = [
            now.milliseconds, task.id.text, now.addingTimeInterval(-UpstreamRules.linkLifetime).milliseconds,
        ]
        if task.isAlive {
            // A task that was given up as unknown still has its miss count, which identifies it.
            try database.executeCached(
                sql: "UPDATE task SET \(reset) WHERE id = ?2 AND state = 'unavailable' AND misses > 0 AND \(isYoung)",
                arguments: values)
        }
        switch task.upstreamState {
        case .lives:
            try database.executeCached(
                sql: """
                    UPDATE task SET \(reset), contradicted = 1 WHERE id = ?2 AND state IN ('failed', 'cancelled') AND \(isYoung)
                    """, arguments: values)
        case .hasFailed:
            try database.executeCached(
                sql: "UPDATE task SET contradicted = 0, due_at = ?1 WHERE id = ?2 AND contradicted = 1 AND state = 'waiting'",
                arguments: [now.milliseconds, task.id.text])
        case nil: break
        }
    }

    /// Requeues an ended task at a user's request. The task is read again, and its unavailable outputs get fresh links.
    private static func reopen(_ id: TaskID, now: Date, in database: Database) throws {
        try database.executeCached(
            sql: """
                UPDATE task SET state = 'waiting', due_at = :now, attempts = 0, misses = 0, readings = 0, \(Self.freshHistory)
                WHERE id = :id AND (state IN ('unavailable', 'failed', 'cancelled') OR (state = 'resolved'
                    AND EXISTS (SELECT 1 FROM output WHERE output.task = task.key AND output.state = 'unavailable')))
                """, arguments: ["id": id.text, "now": now.milliseconds])
    }

    static func arguments(of request: RecordedRequest) throws -> StatementArguments {
        let urls = try request.imageURLs.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        return [
            "model": request.model?.stored, "prompt": request.prompt?.stored, "size": request.size?.stored,
            "resolution": request.resolution?.stored,
            "image_urls": urls, "requested_at": request.recordedAt?.milliseconds,
        ]
    }

    package func leaseTasks(limit: Int, account: Int64?, suspects: Bool?, now: Date, until: Date) async throws -> [TaskLease] {
        try await write { database in
            let due = try Self.dueTasks(limit: limit, account: account, suspects: suspects, now: now, in: database)
            guard !due.isEmpty else { return [] }
            let order = Dictionary(uniqueKeysWithValues: zip(due, due.indices))
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        UPDATE task SET state = 'leased', deaths = \(Self.increased("deaths", by: "(state = 'leased')")),
                            lease_token = \(Self.nextToken), lease_expires_at = :until
                        WHERE key IN (SELECT value FROM json_each(:keys)) RETURNING *
                        """), arguments: ["until": until.milliseconds, "keys": Self.list(due)]
            ).sorted { (order[$0["key"]] ?? 0) < (order[$1["key"]] ?? 0) }
            return try rows.map(Self.taskLease)
        }
    }

    static func taskLease(_ row: Row) throws -> TaskLease {
        TaskLease(
            id: try taskID(row.text("id")), token: row.integer("lease_token") ?? 0, source: row.text("source")?.unstored ?? "",
            request: request(row), createdAt: row.date("created_at"),
            discoveredAt: row.date("discovered_at") ?? Date(milliseconds: 0), attempts: row.counter("attempts"),
            misses: row.counter("misses"), readings: row.counter("readings"), history: history(row),
            isContradicted: row.flag("contradicted"), account: row.integer("account") ?? 0)
    }

    package func extend(_ leases: [TaskLease], until: Date) async throws -> [TaskLease] {
        guard !leases.isEmpty else { return [] }
        return try await write { database in
            var lost: [TaskLease] = []
            for lease in leases {
                try database.executeCached(
                    sql: "UPDATE task SET lease_expires_at = :until WHERE id = :id AND state = 'leased' AND lease_token = :token",
                    arguments: ["until": until.milliseconds, "id": lease.id.text, "token": lease.token])
                if database.changesCount == 0 { lost.append(lease) }
            }
            return lost
        }
    }

    package func finish(_ lease: TaskLease, _ outcome: TaskOutcome, now: Date) async throws {
        try await write { database in
            try Self.apply(outcome, to: lease, now: now, in: database)
            guard database.changesCount > 0 else { throw CatalogError(.leaseLost, "task \(lease.id)") }
            switch outcome {
            case .resolved(let results, _, let deadline, _, _, _, let rest):
                try Self.upsert(results, of: lease.id, deadline: deadline, now: now, in: database)
                if let rest {
                    try Self.tell(rest, of: lease, now: now, in: database)
                } else if lease.history.isTold {
                    try Self.post(Self.notice(.taskRecovered, of: lease, now: now), in: database)
                }
            case .postponed(let postponement): try Self.tell(postponement, of: lease, now: now, in: database)
            case .unfinished(_, _, let early?):
                try Self.upsert(early.results, of: lease.id, deadline: early.deadline, now: now, in: database)
            default: break
            }
            if case .ended(let state, let reason, _, _, _) = outcome {
                let notice = Notice(
                    .taskUnavailable, task: lease.id, state: state, request: lease.request, deadline: nil, reason: reason,
                    now: now)
                try Self.post(notice, in: database)
            }
        }
    }

    private static func tell(_ postponement: Postponement, of lease: TaskLease, now: Date, in database: Database) throws {
        guard postponement.isToBeTold else { return }
        try post(notice(.taskFailing, of: lease, postponement, now: now), in: database)
    }

    private static func notice(_ type: Notice.Kind, of lease: TaskLease, _ postponement: Postponement? = nil, now: Date)
        -> Notice
    {
        var notice = Notice(
            type, task: lease.id, state: postponement == nil ? .resolved : .waiting, request: lease.request, deadline: nil,
            reason: postponement?.error ?? "its results are known", now: now)
        notice.data.cause = postponement?.cause
        return notice
    }

    /// Resets the failure history, for a task that starts again.
    static let freshHistory = """
        failing_since = NULL, cause = NULL, window_cause = NULL, refusals = 0, refused_since = NULL, not_before = NULL, told = 0,
        deaths = 0
        """

    /// The columns that a postponement writes into a task's row, with the values from ``arguments(of:)``.
    private static let postponed = """
        state = 'waiting', due_at = :due_at, reason = :reason, attempts = \(increased("attempts")),
        misses = CASE WHEN :is_miss THEN \(increased("misses")) ELSE misses END, cause = :cause, failing_since = :since,
        window_cause = :window_cause, refusals = :refusals, refused_since = :refused_since, told = :told,
        not_before = :not_before, deaths = 0
        """

    private static func arguments(of postponement: Postponement) -> StatementArguments {
        let history = postponement.history
        return [
            "due_at": postponement.dueAt.milliseconds, "reason": postponement.error.stored, "is_miss": postponement.isMiss,
            "cause": postponement.cause.rawValue, "since": history.failingSince?.milliseconds,
            "window_cause": history.causeInWindow?.rawValue, "refusals": history.refusals,
            "refused_since": history.refusedSince?.milliseconds,
            "told": history.isTold || postponement.isToBeTold ? 1 : 0, "not_before": postponement.notBefore?.milliseconds,
        ]
    }

    private static func apply(_ outcome: TaskOutcome, to lease: TaskLease, now: Date, in database: Database) throws {
        let held = "lease_expires_at = NULL WHERE id = :id AND state = 'leased' AND lease_token = :token"
        let key: StatementArguments = ["id": lease.id.text, "token": lease.token]
        switch outcome {
        case .resolved(_, let createdAt, let deadline, let model, let reason, let json, let rest):
            let known = """
                created_at = COALESCE(:created_at, created_at), deadline = :deadline, model = COALESCE(model, :model),
                answer = :answer
                """
            let facts: StatementArguments = [
                "created_at": createdAt?.milliseconds, "deadline": deadline?.milliseconds, "model": model?.stored,
                "answer": try text(of: json),
            ]
            if let rest {
                try database.executeCached(
                    sql: "UPDATE task SET \(known), \(postponed), \(held)", arguments: key + facts + arguments(of: rest))
                return
            }
            try database.executeCached(
                sql: "UPDATE task SET state = 'resolved', \(known), reason = :reason, \(freshHistory), \(held)",
                arguments: key + facts + ["reason": reason?.stored])
        case .unfinished(let dueAt, let createdAt, let early):
            try database.executeCached(
                sql: """
                    UPDATE task SET state = 'waiting', due_at = :due_at, created_at = COALESCE(:created_at, created_at), misses = 0,
                        attempts = 0, readings = \(increased("readings")), deadline = COALESCE(:deadline, deadline),
                        model = COALESCE(model, :model), answer = COALESCE(:answer, answer), \(freshHistory), \(held)
                    """,
                arguments: key + [
                    "due_at": dueAt.milliseconds, "created_at": createdAt?.milliseconds,
                    "deadline": early?.deadline?.milliseconds, "model": early?.model?.stored,
                    "answer": try early.map { try text(of: $0.json) },
                ])
        case .ended(let state, let reason, let cause, let createdAt, let json):
            try database.executeCached(
                sql: """
                    UPDATE task SET state = :state, retries_undecodable = 0, reason = :reason, created_at = COALESCE(:created_at, created_at),
                        model = COALESCE(model, :model), answer = COALESCE(:answer, answer), \(freshHistory), cause = :cause, \(held)
                    """,
                arguments: key + [
                    "state": state.rawValue, "reason": reason.stored, "cause": cause?.rawValue,
                    "created_at": createdAt?.milliseconds,
                    "model": json?["model"]?.string?.stored, "answer": try json.map(text(of:)),
                ])
        case .postponed(let postponement):
            try database.executeCached(
                sql: "UPDATE task SET \(postponed), \(held)", arguments: key + arguments(of: postponement))
        case .kept:
            try database.executeCached(
                sql: "UPDATE task SET state = 'resolved', retries_undecodable = 0, reason = NULL, \(freshHistory), \(held)",
                arguments: key)
        case .released:
            try database.executeCached(
                sql: "UPDATE task SET state = 'waiting', due_at = :now, \(held)", arguments: key + ["now": now.milliseconds])
        }
    }

    /// Adds or updates the results of a task. Archived outputs keep their state, except undecodable ones that are being retried.
    private static func upsert(_ results: [NamedResult], of id: TaskID, deadline: Date?, now: Date, in database: Database) throws
    {
        for result in results {
            try database.executeCached(
                sql: """
                    INSERT INTO output (task, idx, state, link, name, reason, cause, failing_since, deadline, due_at, account)
                    SELECT key, :index, 'waiting', :link, :name, :reason, :cause, :since, :deadline, :now, account
                    FROM task WHERE id = :id
                    ON CONFLICT (task, idx) DO UPDATE SET link = excluded.link, name = COALESCE(excluded.name, name),
                        due_at = excluded.due_at, state = 'waiting', attempts = 0, failure = NULL, ended_at = NULL,
                        reason = excluded.reason, \(freshHistory), cause = excluded.cause,
                        failing_since = excluded.failing_since,
                        deadline = COALESCE(excluded.deadline, deadline), lease_token = \(nextToken)
                    WHERE state IN ('waiting', 'unavailable') OR (state = 'archived' AND verdict = 'undecodable'
                        AND (SELECT retries_undecodable FROM task WHERE id = :id))
                    """,
                arguments: [
                    "index": result.index, "link": try sealed(result.link?.unsafeText ?? "", in: database), "name": result.name,
                    "reason": result.problem?.stored, "cause": result.problem.map { _ in FailureCause.vendor.rawValue },
                    "since": result.problem.map { _ in now.milliseconds }, "deadline": deadline?.milliseconds,
                    "now": now.milliseconds, "id": id.text,
                ])
        }
        try database.executeCached(sql: "UPDATE task SET retries_undecodable = 0 WHERE id = ?", arguments: [id.text])
    }

    package func resultLinks(of id: TaskID) async throws -> [Int: ResultLink] {
        try await read { database in
            let key = try Self.linkKey(in: database)
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: "SELECT idx, link, name FROM output WHERE task = (SELECT key FROM task WHERE id = ?)"),
                arguments: [id.text])
            let links = rows.map { row in
                let link = row.text("link").map { Self.opened($0, with: key) } ?? ""
                let index = Int((row.integer("idx") ?? 0).limited(to: Largest.index))
                return (index, ResultLink(link.isEmpty ? row.text("name") ?? "" : link))
            }
            return Dictionary(links) { first, _ in first }
        }
    }

    package func request(of id: TaskID) async throws -> RecordedRequest? {
        try await read { database in
            let sql = "SELECT model, prompt, size, resolution, image_urls, requested_at, has_request FROM task WHERE id = ?"
            return try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [id.text]).flatMap(Self.request)
        }
    }

    package func task(_ id: TaskID) async throws -> TaskEntry? {
        try await read { database in
            try Row.fetchOne(database.cachedStatement(sql: "SELECT * FROM task WHERE id = ?"), arguments: [id.text]).map(
                Self.taskEntry)
        }
    }
}
