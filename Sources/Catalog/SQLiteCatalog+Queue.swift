package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    package func queuedOutputs(limit: Int, now: Date) async throws -> [QueuedOutput] {
        try await read { database in
            let keys = try Self.dueOutputs(limit: limit, now: now, in: database)
            var queued: [Int64: QueuedOutput] = [:]
            let rows = try Row.fetchCursor(
                database.cachedStatement(
                    sql: """
                        SELECT output.key, task.id, output.idx, output.deadline, output.state, output.deaths, output.account, task.model, task.prompt, task.size, task.resolution,
                            task.image_urls, task.requested_at, task.has_request
                        FROM output JOIN task ON task.key = output.task WHERE output.key IN (SELECT value FROM json_each(?))
                        """), arguments: [Self.list(keys)])
            while let row = try rows.next() {
                // An expired lease means that the process died; that death is not counted yet.
                let deaths = row.counter("deaths") + (row.text("state") == "leased" ? 1 : 0)
                queued[row["key"]] = QueuedOutput(
                    id: try Self.outputID(row), deadline: row.date("deadline"), request: Self.request(row), deaths: deaths,
                    account: row.integer("account") ?? 0)
            }
            return keys.compactMap { queued[$0] }
        }
    }

    package func leaseOutputs(_ ids: [OutputID], now: Date, until: Date) async throws -> [OutputLease] {
        guard !ids.isEmpty else { return [] }
        return try await write { database in
            let key = try Self.linkKey(in: database)
            return try ids.compactMap { id in
                try database.executeCached(
                    sql: """
                        UPDATE output SET state = 'leased', deaths = \(Self.increased("deaths", by: "(state = 'leased')")),
                            lease_token = \(Self.nextToken), lease_expires_at = :until
                        WHERE task = (SELECT key FROM task WHERE id = :id) AND idx = :index
                            AND ((state = 'waiting' AND due_at <= :now) OR (state = 'leased' AND lease_expires_at <= :now))
                        """,
                    arguments: [
                        "until": until.milliseconds, "id": id.task.text, "index": id.index, "now": now.milliseconds,
                    ])
                guard database.changesCount > 0 else { return nil }
                return try Row.fetchOne(
                    database.cachedStatement(
                        sql: """
                            SELECT \(Self.leaseColumns) FROM task JOIN output ON output.task = task.key WHERE task.id = ? AND output.idx = ?
                            """), arguments: [id.task.text, id.index]
                ).map { try Self.outputLease($0, key: key, in: database) }
            }
        }
    }

    package func atRisk(deadlineBefore deadline: Date, createdBefore created: Date, limit: Int) async throws -> AtRisk {
        let open = "state IN ('waiting', 'leased', 'held')"
        return try await read { database in
            var risk = AtRisk()
            risk.outputCount =
                try Int.fetchOne(
                    database.cachedStatement(
                        sql: "SELECT COUNT(*) FROM (SELECT 1 FROM output WHERE \(open) AND deadline < ? LIMIT \(AtRisk.most))"),
                    arguments: [deadline.milliseconds])
                ?? 0
            risk.taskCount =
                try Int.fetchOne(
                    database.cachedStatement(
                        sql:
                            """
                            SELECT COUNT(*) FROM (SELECT 1 FROM task INDEXED BY task_open
                                WHERE \(open) AND COALESCE(created_at, discovered_at) < ? LIMIT \(AtRisk.most))
                            """
                    ),
                    arguments: [created.milliseconds]) ?? 0
            guard limit > 0 else { return risk }
            // Within one state, the index has the rows in this order. A query over all states would have to sort them.
            let first = ["waiting", "leased", "held"].map { state in
                "SELECT * FROM (SELECT key FROM output WHERE state = '\(state)' AND deadline < ?1 ORDER BY deadline LIMIT ?2)"
            }
            risk.outputs = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT \(Self.entryColumns) FROM output JOIN task ON task.key = output.task
                        WHERE output.key IN (\(first.joined(separator: " UNION ALL "))) ORDER BY output.deadline LIMIT ?2
                        """), arguments: [deadline.milliseconds, limit]
            ).map(Self.entry)
            risk.tasks = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT * FROM task INDEXED BY task_open WHERE \(open) AND COALESCE(created_at, discovered_at) < ?
                        ORDER BY COALESCE(created_at, discovered_at) LIMIT ?
                        """), arguments: [created.milliseconds, limit]
            ).map(Self.taskEntry)
            return risk
        }
    }

    package func retry(_ tasks: [TaskID]?, now: Date) async throws -> [TaskID] {
        let givenUp = """
            state = 'unavailable' OR (state = 'resolved' AND EXISTS (SELECT 1 FROM output WHERE output.task = task.key
                AND (output.state = 'unavailable' OR (output.state = 'archived' AND output.verdict = 'undecodable'))))
            """
        return try await write { database in
            func take(_ condition: String, _ arguments: StatementArguments) throws -> [TaskID] {
                try String.fetchAll(
                    database.cachedStatement(
                        sql: """
                            UPDATE task SET state = 'waiting', due_at = ?, attempts = 0, misses = 0, readings = 0, retries_undecodable = 1,
                                \(Self.freshHistory)
                            WHERE \(condition) RETURNING id
                            """), arguments: [now.milliseconds] + arguments
                ).map(Self.taskID)
            }
            guard let tasks else { return try take(givenUp, []) }
            return try tasks.flatMap { try take("id = ? AND (state IN ('failed', 'cancelled') OR \(givenUp))", [$0.text]) }
        }
    }
}
