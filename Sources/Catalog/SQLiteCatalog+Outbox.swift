package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    /// One row of `outbox_state` says whether notices are kept, and counts them, so that no insert has to.
    static func addOutbox(in database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE outbox (
                    key INTEGER PRIMARY KEY AUTOINCREMENT,
                    id TEXT NOT NULL UNIQUE,
                    type TEXT NOT NULL,
                    body TEXT NOT NULL,
                    due_at INTEGER NOT NULL,
                    attempts INTEGER NOT NULL DEFAULT 0
                ) STRICT;
                CREATE INDEX outbox_due ON outbox (due_at);
                CREATE TABLE outbox_state (
                    one INTEGER PRIMARY KEY CHECK (one = 1),
                    most INTEGER,
                    waiting INTEGER NOT NULL,
                    dropped INTEGER NOT NULL
                ) STRICT;
                INSERT INTO outbox_state VALUES (1, NULL, 0, 0);
                CREATE TRIGGER outbox_delete AFTER DELETE ON outbox BEGIN
                    UPDATE outbox_state SET waiting = waiting - 1;
                END;
                CREATE TRIGGER outbox_insert AFTER INSERT ON outbox BEGIN
                    UPDATE outbox_state SET waiting = waiting + 1;
                    UPDATE outbox_state SET dropped = dropped + 1 WHERE waiting > most;
                    DELETE FROM outbox WHERE key = (SELECT MIN(key) FROM outbox)
                        AND EXISTS (SELECT 1 FROM outbox_state WHERE waiting > most);
                END;
                """)
    }

    /// Notes something, when notices are kept.
    static func post(_ notice: @autoclosure () -> Notice, in database: Database) throws {
        let isKept = try Bool.fetchOne(database.cachedStatement(sql: "SELECT most IS NOT NULL FROM outbox_state"))
        guard isKept == true else { return }
        let notice = notice()
        let body = String(decoding: try JSONEncoder.archive(pretty: false).encode(notice), as: UTF8.self)
        try database.executeCached(
            sql: "INSERT INTO outbox (id, type, body, due_at) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            arguments: [notice.id, notice.type.rawValue, body, notice.timestamp.milliseconds])
    }

    package func keepNotices(_ most: Int?) async throws {
        try await write { try $0.executeCached(sql: "UPDATE outbox_state SET most = ?", arguments: [most]) }
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
            ).map { WaitingNotice(id: $0["id"], type: $0["type"], body: $0["body"], attempts: $0["attempts"]) }
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
                sql: "UPDATE outbox SET due_at = ?, attempts = attempts + 1 WHERE id = ?", arguments: [due.milliseconds, id])
        }
    }

    package func noticeCounts() async throws -> (waiting: Int, dropped: Int) {
        let counts = try await read { database in
            try Row.fetchOne(database.cachedStatement(sql: "SELECT waiting, dropped FROM outbox_state")).map {
                [$0["waiting"] as Int, $0["dropped"] as Int]
            } ?? [0, 0]
        }
        if counts[1] > 0 {
            try await write {
                try $0.executeCached(sql: "UPDATE outbox_state SET dropped = dropped - ?", arguments: [counts[1]])
            }
        }
        return (counts[0], counts[1])
    }
}
