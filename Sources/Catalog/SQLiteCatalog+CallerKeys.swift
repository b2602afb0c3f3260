package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    static let callerKeys = """
        CREATE TABLE caller_key (
            task INTEGER PRIMARY KEY REFERENCES task (key) ON DELETE CASCADE,
            sealed BLOB NOT NULL
        ) STRICT
        """

    /// The owner of each pending output: the number of a caller's account, 0 for this archive's own account.
    static let accounts = """
        ALTER TABLE caller_key ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE output ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX output_account ON output (account, deadline) WHERE state = 'waiting';
        """

    /// The owner of each task. The indexes find the due tasks of one account, and the callers with due tasks.
    static let taskAccounts = """
        ALTER TABLE task ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
        UPDATE task SET account = (SELECT account FROM caller_key WHERE caller_key.task = task.key)
            WHERE key IN (SELECT task FROM caller_key);
        CREATE INDEX task_own ON task (account, COALESCE(created_at, discovered_at), key, due_at)
            WHERE state = 'waiting' AND account = 0;
        CREATE INDEX task_caller ON task (account, due_at) WHERE state = 'waiting' AND account <> 0;
        """

    package func keep(_ sealedKeys: [TaskID: Data], account: Int64) async throws {
        guard !sealedKeys.isEmpty else { return }
        try await write { database in
            for (task, sealed) in sealedKeys {
                try database.executeCached(
                    sql: """
                        INSERT INTO caller_key (task, sealed, account) SELECT key, ?2, ?3 FROM task WHERE id = ?1
                        ON CONFLICT (task) DO UPDATE SET sealed = excluded.sealed, account = excluded.account
                        """, arguments: [task.text, sealed, account])
                try database.executeCached(
                    sql: "UPDATE task SET account = ?2 WHERE id = ?1 AND account <> ?2", arguments: [task.text, account])
                try database.executeCached(
                    sql: "UPDATE output SET account = ?2 WHERE task = (SELECT key FROM task WHERE id = ?1) AND account <> ?2",
                    arguments: [task.text, account])
            }
        }
    }

    package func sealedKeys(of tasks: [TaskID]) async throws -> [TaskID: Data] {
        try await read { database in
            guard try Bool.fetchOne(database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM caller_key)")) == true else {
                return [:]
            }
            let find = try database.cachedStatement(
                sql: "SELECT sealed FROM caller_key JOIN task ON task.key = caller_key.task WHERE task.id = ?")
            var found: [TaskID: Data] = [:]
            for task in tasks { found[task] = try Data.fetchOne(find, arguments: [task.text]) }
            return found
        }
    }

    package func forgetSealedKeys(of tasks: [TaskID], now: Date) async throws {
        let sealed = try await sealedKeys(of: tasks)
        guard !sealed.isEmpty else { return }
        try await write { database in
            for task in sealed.keys {
                try database.executeCached(
                    sql: "DELETE FROM caller_key WHERE task = (SELECT key FROM task WHERE id = ?)", arguments: [task.text])
                try database.executeCached(
                    sql: """
                        UPDATE task SET due_at = MIN(due_at, :now), attempts = 0, misses = 0, not_before = NULL
                        WHERE id = :id AND state = 'waiting'
                        """, arguments: ["id": task.text, "now": now.milliseconds])
                try database.executeCached(sql: "UPDATE task SET account = 0 WHERE id = ?", arguments: [task.text])
                try database.executeCached(
                    sql: """
                        UPDATE output SET account = 0, due_at = CASE state WHEN 'waiting'
                            THEN MIN(due_at, MAX(:now, COALESCE(not_before, 0))) ELSE due_at END
                        WHERE task = (SELECT key FROM task WHERE id = :id)
                        """, arguments: ["id": task.text, "now": now.milliseconds])
            }
        }
    }

    package func forgetSealedKeys(before date: Date) async throws {
        let isEmpty = try await read { database in
            try Bool.fetchOne(database.cachedStatement(sql: "SELECT NOT EXISTS (SELECT 1 FROM caller_key)")) ?? true
        }
        guard !isEmpty else { return }
        try await write { database in
            try database.executeCached(
                sql: """
                    DELETE FROM caller_key WHERE task IN
                        (SELECT key FROM task WHERE MAX(discovered_at, COALESCE(created_at, 0)) < ?)
                    """,
                arguments: [date.milliseconds])
        }
    }
}
