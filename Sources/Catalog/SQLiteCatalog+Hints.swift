package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog: TaskHints {
    /// Changing a byte violates the checks on `copy` and `mark`, so SQLite's integrity check detects it. A trigger deletes a hint
    /// when its task is registered.
    static let hints = """
        CREATE TABLE task_hint (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            received_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            copy TEXT NOT NULL CHECK (copy = id),
            mark INTEGER NOT NULL CHECK (mark = -2 * due_at - 3 * received_at - attempts)
        ) STRICT;
        CREATE TRIGGER task_hint_entered AFTER INSERT ON task BEGIN
            DELETE FROM task_hint WHERE id = new.id;
        END;
        """

    /// When the table is full, hints with at least this many unsuccessful reads may be dropped.
    private static let oftenRead = 3

    /// SQL: the assignments of another due time. Other numbers of the row are bounded, because the mark is a sum of all.
    static func hintAssignments(due: String, reads: String) -> String {
        let (received, attempts) = ("MIN(MAX(received_at, 0), \(due))", increased("attempts", by: reads))
        return """
            due_at = \(due), received_at = \(received), attempts = \(attempts),
            mark = -2 * \(due) - 3 * \(received) - (\(attempts))
            """
    }

    package func keepHint(_ id: TaskID, most: Int, now: Date) async throws -> HintOutcome {
        // Check with a read first, so that a flood of hints costs reads only. Only a new hint needs a commit.
        if let outcome = try await read({ try Self.outcome(of: id, most: most, now: now, in: $0) }) { return outcome }
        return try await write { database in
            if let outcome = try Self.outcome(of: id, most: most, now: now, in: database) { return outcome }
            try database.executeCached(
                sql: """
                    DELETE FROM task_hint WHERE (SELECT COUNT(*) FROM task_hint) >= :most AND key =
                        (SELECT key FROM task_hint WHERE attempts >= :often ORDER BY attempts DESC, key LIMIT 1)
                    """, arguments: ["most": most, "often": Self.oftenRead])
            try database.executeCached(
                sql: """
                    INSERT INTO task_hint (id, received_at, due_at, copy, mark)
                    VALUES (:id, :now, :now, :id, -5 * :now)
                    """, arguments: ["id": id.text, "now": now.milliseconds])
            return .kept
        }
    }

    /// - Returns: `nil` when the hint must be written.
    private static func outcome(of id: TaskID, most: Int, now: Date, in database: Database) throws -> HintOutcome? {
        // If a task was given up as unknown, only the upstream can confirm that it exists. So it does not count as known here. Nor
        // does one that has failed, while its links may live: a provider may have repeated it with success.
        let isKnown = try Bool.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM task WHERE id = ?1 AND NOT (state = 'unavailable' AND misses > 0)
                        AND NOT (state IN ('failed', 'cancelled') AND COALESCE(cause, '') <> 'person'
                            AND MAX(COALESCE(created_at, 0), discovered_at) > ?2))
                    """),
            arguments: [id.text, now.addingTimeInterval(-UpstreamRules.linkLifetime).milliseconds])
        if isKnown == true { return .known }
        let row = try Row.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT COUNT(*) AS hints, COALESCE(MAX(id = ?1), 0) AS is_held, COALESCE(MAX(attempts), 0) AS attempts FROM task_hint
                    """), arguments: [id.text])
        guard let row else { return nil }
        if row.flag("is_held") { return .kept }
        return row.counter("hints") >= most && row.counter("attempts") < oftenRead ? .full : nil
    }

    package func dueHints(limit: Int, now: Date) async throws -> [TaskHint] {
        try await read { database in
            try Row.fetchAll(
                database.cachedStatement(
                    sql: "SELECT * FROM task_hint WHERE due_at <= ? ORDER BY attempts, due_at, key LIMIT ?"),
                arguments: [now.milliseconds, limit]
            ).compactMap { row in
                row.text("id").flatMap { TaskID($0) }.map {
                    TaskHint(
                        id: $0, receivedAt: row.date("received_at") ?? Date(milliseconds: 0), attempts: row.counter("attempts"))
                }
            }
        }
    }

    package func nextHintDue() async throws -> Date? {
        try await read {
            try Int64.fetchOne($0.cachedStatement(sql: "SELECT MIN(due_at) FROM task_hint")).map(Date.init(milliseconds:))
        }
    }

    package func postponeHints(_ due: [TaskID: Date], countsReading: Bool) async throws {
        guard !due.isEmpty else { return }
        try await write { database in
            for (id, date) in due {
                try database.executeCached(
                    sql: "UPDATE task_hint SET \(Self.hintAssignments(due: ":due", reads: ":one")) WHERE id = :id",
                    arguments: ["due": date.milliseconds, "id": id.text, "one": countsReading ? 1 : 0])
            }
        }
    }

    package func dropHints(_ ids: [TaskID]) async throws {
        guard !ids.isEmpty else { return }
        try await write { database in
            for id in ids { try database.executeCached(sql: "DELETE FROM task_hint WHERE id = ?", arguments: [id.text]) }
        }
    }
}
