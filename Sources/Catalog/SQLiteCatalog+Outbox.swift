package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    /// The single row of `outbox_state` stores whether notices are recorded and how many there are, so that inserts need not
    /// count. Changing a byte violates the checks on `copy` and the marks, so SQLite's integrity check detects it.
    static func addOutbox(in database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE outbox (
                    key INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    type TEXT NOT NULL,
                    body TEXT NOT NULL,
                    due_at INTEGER NOT NULL,
                    attempts INTEGER NOT NULL DEFAULT 0,
                    copy TEXT NOT NULL CHECK (copy = id || type || body),
                    mark INTEGER NOT NULL CHECK (mark = -2 * due_at - attempts)
                ) STRICT;
                CREATE INDEX outbox_due ON outbox (due_at);
                CREATE TABLE outbox_state (
                    one INTEGER PRIMARY KEY CHECK (one = 1),
                    most INTEGER,
                    waiting INTEGER NOT NULL,
                    dropped INTEGER NOT NULL,
                    mark INTEGER NOT NULL CHECK (mark = -3 * waiting - 5 * dropped - 7 * COALESCE(most, -1))
                ) STRICT;
                INSERT INTO outbox_state VALUES (1, NULL, 0, 0, 7);
                CREATE TRIGGER outbox_delete AFTER DELETE ON outbox BEGIN
                    UPDATE outbox_state SET waiting = waiting - 1, mark = mark + 3;
                END;
                CREATE TRIGGER outbox_insert AFTER INSERT ON outbox BEGIN
                    UPDATE outbox_state SET waiting = waiting + 1, mark = mark - 3;
                    UPDATE outbox_state SET dropped = dropped + 1, mark = mark - 5 WHERE waiting > most;
                    DELETE FROM outbox WHERE key = (SELECT MIN(key) FROM outbox)
                        AND EXISTS (SELECT 1 FROM outbox_state WHERE waiting > most);
                END;
                """)
    }

    /// Records a notice if recording is on.
    static func post(_ notice: @autoclosure () -> Notice, in database: Database) throws {
        let isKept = try Bool.fetchOne(database.cachedStatement(sql: "SELECT most IS NOT NULL FROM outbox_state"))
        guard isKept == true else { return }
        let notice = notice()
        let body = String(decoding: try JSONEncoder.archive(pretty: false).encode(notice), as: UTF8.self)
        try database.executeCached(
            sql: """
                INSERT INTO outbox (id, type, body, due_at, copy, mark)
                VALUES (:id, :type, :body, :due, :id || :type || :body, -2 * :due) ON CONFLICT (id) DO NOTHING
                """,
            arguments: [
                "id": notice.id, "type": notice.type.rawValue, "body": body, "due": notice.timestamp.milliseconds,
            ])
    }

    package func keepNotices(_ most: Int?) async throws {
        try await write {
            try $0.executeCached(
                sql: "UPDATE outbox_state SET most = :most, mark = mark + 7 * (COALESCE(most, -1) - COALESCE(:most, -1))",
                arguments: ["most": most])
        }
    }

    package func post(_ notices: [Notice]) async throws {
        guard !notices.isEmpty else { return }
        try await write { database in
            for notice in notices { try Self.post(notice, in: database) }
        }
    }

    package func dueNotices(limit: Int, now: Date) async throws -> [WaitingNotice] {
        try await read { database in
            try Row.fetchAll(
                database.cachedStatement(
                    sql: "SELECT id, type, body, attempts FROM outbox WHERE due_at <= ? ORDER BY due_at, key LIMIT ?"),
                arguments: [now.milliseconds, limit]
            ).map {
                WaitingNotice(
                    id: $0.text("id") ?? "", type: $0.text("type") ?? "", body: $0.text("body") ?? "",
                    attempts: $0.counter("attempts"))
            }
        }
    }

    package func nextNoticeDue() async throws -> Date? {
        try await read { database in
            try Int64.fetchOne(database.cachedStatement(sql: "SELECT MIN(due_at) FROM outbox")).map(Date.init(milliseconds:))
        }
    }

    package func forgetNotice(_ id: String) async throws {
        try await write { try $0.executeCached(sql: "DELETE FROM outbox WHERE id = ?", arguments: [id]) }
    }

    package func postponeNotice(_ id: String, until due: Date) async throws {
        try await write {
            try $0.executeCached(
                sql: "UPDATE outbox SET due_at = :due, attempts = attempts + 1, mark = -2 * :due - attempts - 1 WHERE id = :id",
                arguments: ["due": due.milliseconds, "id": id])
        }
    }

    package func waitingNotices() async throws -> Int {
        try await read { try Self.count("SELECT waiting FROM outbox_state", in: $0) }
    }

    package func takeDroppedNotices() async throws -> Int {
        let dropped = "SELECT dropped FROM outbox_state"
        // Check with a read first, because usually nothing was dropped. A read needs no commit.
        guard try await read({ try Self.count(dropped, in: $0) }) > 0 else { return 0 }
        return try await write { database in
            let count = try Self.count(dropped, in: database)
            try database.executeCached(sql: "UPDATE outbox_state SET dropped = 0, mark = mark + 5 * dropped")
            return count
        }
    }

    private static func count(_ sql: String, in database: Database) throws -> Int {
        Int((try Int64.fetchOne(database.cachedStatement(sql: sql)) ?? 0).limited(to: 1 << 40))
    }
}
