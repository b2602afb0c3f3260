package import ArchiveModel
package import Foundation
import GRDB

/// Storage for the retry state: since when and why an entry fails, how often it was tried, and what was delivered meanwhile.
extension SQLiteCatalog {
    static func addPatience(in database: Database) throws {
        for table in ["task", "output"] {
            try database.execute(
                sql: """
                    ALTER TABLE \(table) ADD COLUMN cause TEXT CHECK (cause IN ('vendor', 'ours', 'unknown', 'person'));
                    ALTER TABLE \(table) ADD COLUMN window_cause TEXT CHECK (window_cause IN ('vendor', 'ours', 'unknown', 'person'));
                    ALTER TABLE \(table) ADD COLUMN failing_since INTEGER;
                    ALTER TABLE \(table) ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE \(table) ADD COLUMN refused_since INTEGER;
                    ALTER TABLE \(table) ADD COLUMN not_before INTEGER;
                    ALTER TABLE \(table) ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE \(table) ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
                    CREATE INDEX \(table)_failing ON \(table) (failing_since, key) WHERE failing_since IS NOT NULL;
                    """)
        }
        try database.execute(
            sql: """
                -- What a link names, without its query.
                ALTER TABLE output ADD COLUMN name TEXT;
                -- Whether what release 0.1.0 gave up of it was taken up again.
                ALTER TABLE task ADD COLUMN rechecked INTEGER NOT NULL DEFAULT 0;
                -- Whether the upstream called it failed, and alive later.
                ALTER TABLE task ADD COLUMN contradicted INTEGER NOT NULL DEFAULT 0;
                CREATE TABLE candidate (
                    output INTEGER NOT NULL REFERENCES output (key) ON DELETE CASCADE,
                    digest TEXT NOT NULL,
                    fetched_at INTEGER NOT NULL,
                    facts TEXT NOT NULL,
                    PRIMARY KEY (output, digest)
                ) STRICT, WITHOUT ROWID;
                """)
        for queue in [Queue.task, .output] {
            try database.execute(
                sql: """
                    DROP TRIGGER queue_copy_\(queue)_insert;
                    DROP TRIGGER queue_copy_\(queue)_update;
                    DROP TRIGGER queue_copy_\(queue)_delete;
                    DELETE FROM queue_copy WHERE kind = '\(queue)';
                    """)
            try addCopies(of: queue, version: 9, in: database)
        }
    }

    /// Seconds. Every wait is shorter, so what lies further ahead was written under a wrong clock.
    private static let impossibleWait: TimeInterval = 25 * 3600
    /// Seconds. Every lease is shorter, and is extended while its process works.
    private static let impossibleLease: TimeInterval = 3900
    /// Seconds. Every wait without a failure is shorter: unfinished tasks and paused outputs wait for minutes.
    private static let impossiblePause: TimeInterval = 3600

    package func takeUpWaiting(most: Int, now: Date) async throws {
        let asked = "CASE WHEN COALESCE(not_before, 0) BETWEEN :now AND :impossible THEN not_before ELSE :now END"
        try await write { database in
            for table in ["task", "output"] {
                try database.executeCached(
                    sql: """
                        UPDATE \(table) SET due_at = \(asked)
                        WHERE state = 'waiting' AND due_at > :now AND due_at > \(asked) AND CASE WHEN failing_since IS NULL
                            THEN due_at > :long ELSE attempts < :most OR due_at > :impossible END
                        """,
                    arguments: [
                        "now": now.milliseconds, "most": most, "long": now.addingTimeInterval(Self.impossiblePause).milliseconds,
                        "impossible": now.addingTimeInterval(Self.impossibleWait).milliseconds,
                    ])
            }
            try Self.endWaits(ofHintsAfter: now.addingTimeInterval(Self.impossibleWait), now: now, in: database)
        }
    }

    package func takeUpAll(now: Date) async throws {
        try await write { database in
            for table in ["task", "output"] {
                try database.executeCached(
                    sql: "UPDATE \(table) SET due_at = :now WHERE state = 'waiting' AND due_at > :now",
                    arguments: ["now": now.milliseconds])
            }
            try Self.endWaits(ofHintsAfter: now, now: now, in: database)
        }
    }

    /// Ends waits of hints, and leases that were written under a wrong clock.
    private static func endWaits(ofHintsAfter date: Date, now: Date, in database: Database) throws {
        let leasesAfter = now.addingTimeInterval(impossibleLease).milliseconds
        for table in ["task", "output"] {
            try database.executeCached(
                sql: "UPDATE \(table) SET lease_expires_at = :now WHERE state = 'leased' AND lease_expires_at > :after",
                arguments: ["now": now.milliseconds, "after": leasesAfter])
        }
        try database.executeCached(
            sql: "UPDATE task_hint SET \(hintAssignments(due: ":now", reads: "0")) WHERE due_at > :after",
            arguments: ["now": now.milliseconds, "after": date.milliseconds])
    }

    package func reopenEndedEarly(now: Date) async throws -> [TaskID] {
        try await write { database in
            try String.fetchAll(
                database.cachedStatement(
                    sql: """
                        UPDATE task SET state = 'waiting', due_at = ?1, attempts = 0, misses = 0, readings = 0,
                            retries_undecodable = 1, rechecked = 1, \(Self.freshHistory)
                        WHERE rechecked = 0 AND COALESCE(created_at, discovered_at) > ?2
                            AND ((state = 'unavailable' AND cause IS NULL) OR (state = 'resolved' AND key IN (
                            SELECT task FROM output WHERE cause IS NULL AND (output.state = 'unavailable'
                                OR (output.state = 'archived' AND verdict = 'undecodable'))
                                AND (deadline IS NULL OR (ended_at < deadline AND deadline > ?1)))))
                        RETURNING id
                        """), arguments: [now.milliseconds, now.addingTimeInterval(-UpstreamRules.linkLifetime).milliseconds]
            ).map(Self.taskID)
        }
    }

    package func leaseForEnding(_ id: TaskID, now: Date, until: Date) async throws -> (task: TaskLease?, outputs: [OutputLease]) {
        try await write { database in
            let arguments: StatementArguments = ["id": id.text, "until": until.milliseconds, "now": now.milliseconds]
            let isFree = "(state IN ('waiting', 'held') OR (state = 'leased' AND lease_expires_at <= :now))"
            let lease = "SET state = 'leased', lease_token = \(Self.nextToken), lease_expires_at = :until"
            let task = try Row.fetchOne(
                database, sql: "UPDATE task \(lease) WHERE id = :id AND \(isFree) RETURNING *", arguments: arguments
            ).map(Self.taskLease)
            let key = try Self.linkKey(in: database)
            let numbers = try Int.fetchAll(
                database,
                sql: """
                    UPDATE output \(lease) WHERE task = (SELECT key FROM task WHERE id = :id) AND \(isFree) RETURNING idx
                    """, arguments: arguments)
            let outputs = try numbers.sorted().compactMap { index in
                try Row.fetchOne(
                    database,
                    sql:
                        "SELECT \(Self.leaseColumns) FROM task JOIN output ON output.task = task.key WHERE task.id = ? AND output.idx = ?",
                    arguments: [id.text, index]
                ).map { try Self.outputLease($0, key: key, in: database) }
            }
            return (task, outputs)
        }
    }

    package func failing(limit: Int) async throws -> Failing {
        // A lease that has expired counts as one more death, which is not in `deaths` yet.
        let outputs = """
            (output.failing_since IS NOT NULL AND output.state IN ('waiting', 'leased')
                OR output.state = 'leased' AND output.deaths >= \(FailingState.deathsOfSuspect - 1))
            """
        let tasks = """
            (failing_since IS NOT NULL AND state IN ('waiting', 'leased', 'held')
                OR state = 'leased' AND deaths >= \(FailingState.deathsOfSuspect - 1))
            """
        return try await read { database in
            var failing = Failing()
            failing.outputCounts = try Self.causes("output", where: outputs, in: database)
            failing.taskCounts = try Self.causes("task", where: tasks, in: database)
            guard limit > 0 else { return failing }
            failing.outputs = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT \(Self.entryColumns) FROM output JOIN task ON task.key = output.task WHERE \(outputs)
                        ORDER BY output.failing_since, output.key LIMIT ?
                        """), arguments: [limit]
            ).map(Self.entry)
            failing.tasks = try Row.fetchAll(
                database.cachedStatement(
                    sql: "SELECT * FROM task WHERE \(tasks) ORDER BY failing_since, key LIMIT ?"), arguments: [limit]
            ).map(Self.taskEntry)
            return failing
        }
    }

    package func candidateBlobs() async throws -> [BlobReference] {
        try await read { database in
            try String.fetchAll(database, sql: "SELECT facts FROM candidate").compactMap {
                try? ArchiveDecoder.decode(DeliveryCandidate.self, from: $0).original
            }
        }
    }

    private static func causes(_ table: String, where condition: String, in database: Database) throws -> [FailureCause: Int] {
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: "SELECT COALESCE(cause, 'unknown') AS cause, COUNT(*) AS count FROM \(table) WHERE \(condition) GROUP BY 1"))
        return Dictionary(
            rows.map { ($0.text("cause").flatMap(FailureCause.init(rawValue:)) ?? .unknown, $0["count"] as Int) },
            uniquingKeysWith: +)
    }
}
