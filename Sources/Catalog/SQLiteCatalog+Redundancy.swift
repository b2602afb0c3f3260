package import ArchiveModel
import Foundation
import GRDB

/// Copies of rows and records. SQLite keeps no checksums, so only a copy shows that a single byte has changed.
///
/// The catalog stores the record of each ended output byte for byte. A lost record file can be restored from it. A row in the
/// queue has no record yet. Triggers copy such a row on every write, until a record contains its data.
extension SQLiteCatalog {
    static func registerCopies(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("3 copies and readings") { database in
            try database.execute(
                sql: """
                    CREATE TABLE record_copy (
                        output INTEGER PRIMARY KEY REFERENCES output (key) ON DELETE CASCADE,
                        bytes BLOB NOT NULL
                    ) STRICT;
                    -- `mark` makes a change of one byte a breach of the rule, which SQLite's own check then finds.
                    CREATE TABLE blob_scrub (
                        digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
                        read_at INTEGER NOT NULL,
                        sound INTEGER NOT NULL CHECK (sound IN (0, 1)),
                        mark INTEGER NOT NULL CHECK (mark = -2 * read_at - sound)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE queue_copy (
                        kind TEXT NOT NULL CHECK (kind IN ('task', 'output', 'submission')),
                        key INTEGER NOT NULL,
                        facts TEXT NOT NULL,
                        PRIMARY KEY (kind, key)
                    ) STRICT, WITHOUT ROWID;
                    """)
            for queue in Queue.allCases { try addCopies(of: queue, version: 3, in: database) }
            // A task's first output record holds all facts of the task's row, so the copy of the row is no longer needed.
            for event in ["INSERT", "UPDATE OF state"] {
                try database.execute(
                    sql: """
                        CREATE TRIGGER queue_copy_task_\(event.prefix(6).lowercased())_ended AFTER \(event) ON output
                        WHEN new.state IN ('archived', 'unavailable') BEGIN
                            DELETE FROM queue_copy WHERE kind = 'task' AND key = new.task
                                AND (SELECT state FROM task WHERE key = new.task) = 'resolved';
                        END;
                        """)
            }
        }
    }

    /// Copies the existing rows of a queue and adds the triggers that keep the copies up to date. SQLite fires the trigger that was
    /// created last first, and these must fire before those that set a sort key.
    /// - Parameter version: The migration that defines which columns are copied.
    static func addCopies(of queue: Queue, version: Int, in database: Database) throws {
        let facts = queue.facts(version: version)
        try database.execute(
            sql: """
                INSERT INTO queue_copy SELECT '\(queue)', new.\(queue.key), \(facts) FROM \(queue) AS new
                WHERE \(queue.isCopied);
                CREATE TRIGGER queue_copy_\(queue)_insert AFTER INSERT ON \(queue) WHEN \(queue.isCopied) BEGIN
                    INSERT INTO queue_copy VALUES ('\(queue)', new.\(queue.key), \(facts));
                END;
                CREATE TRIGGER queue_copy_\(queue)_update AFTER UPDATE ON \(queue) BEGIN
                    DELETE FROM queue_copy WHERE kind = '\(queue)' AND key = old.\(queue.key);
                    INSERT INTO queue_copy SELECT '\(queue)', new.\(queue.key), \(facts) WHERE \(queue.isCopied);
                END;
                CREATE TRIGGER queue_copy_\(queue)_delete AFTER DELETE ON \(queue) BEGIN
                    DELETE FROM queue_copy WHERE kind = '\(queue)' AND key = old.\(queue.key);
                END;
                """)
    }

    /// A table with redundant copies: which rows are copied, and which columns.
    enum Queue: String, CaseIterable, CustomStringConvertible {
        case task, output, submission

        var description: String { rawValue }
        var key: String { self == .submission ? "rowid" : "key" }

        /// SQL condition: whether the row `new` needs a copy.
        var isCopied: String {
            switch self {
            case .task:
                """
                (new.state IN ('waiting', 'leased', 'held') OR (new.state = 'resolved' AND NOT EXISTS (SELECT 1 FROM output \
                WHERE output.task = new.key AND output.state IN ('archived', 'unavailable'))))
                """
            case .output: "new.state NOT IN ('archived', 'unavailable')"
            case .submission: "new.key IS NOT NULL"
            }
        }

        private func columns(version: Int) -> [String] {
            guard version >= 9, self != .submission else { return columnsOfVersion3 }
            return columnsOfVersion3 + (self == .output ? ["name"] : ["place"]) + [
                "cause", "window_cause", "failing_since", "refusals", "refused_since", "not_before", "told", "deaths",
            ]
        }

        /// Never change this list: the migration was released.
        private var columnsOfVersion3: [String] {
            switch self {
            case .task:
                [
                    "id", "state", "source", "discovered_at", "created_at", "deadline", "model", "prompt", "size", "resolution",
                    "image_urls", "requested_at", "has_request", "answer", "due_at", "attempts", "misses", "readings", "reason",
                    "lease_token", "lease_expires_at",
                ]
            case .output:
                [
                    "task", "idx", "state", "link", "deadline", "due_at", "attempts", "gone_answers", "suspect", "failure",
                    "repeats", "reason", "lease_token", "lease_expires_at", "ended_at", "digest", "bytes", "media_type", "format",
                    "verdict", "width", "height", "expected_width", "expected_height", "ratio_error", "pixel_ratio", "on_grid",
                    "billed_tier", "delivered_tier", "overpaid_tenths", "nearest_ratio", "nearest_tier", "nearest_width",
                    "nearest_height", "thumb_digest", "thumb_type", "thumb_width", "thumb_height", "preview_digest",
                    "preview_type", "preview_width", "preview_height", "thumb_hash", "perceptual_hash",
                ]
            case .submission: ["key", "request", "recorded_at", "task"]
            }
        }

        /// SQL expression: the row `new` as one text.
        /// - Parameter version: The migration that defines which columns are copied.
        func facts(version: Int = 9) -> String {
            "json_array(" + columns(version: version).map { "new.\($0)" }.joined(separator: ", ") + ")"
        }
    }

    /// Queue rows that differ from their copies, and copies without a row.
    static func queueDamage(_ database: Database) throws -> [String] {
        // A catalog of an older program copies fewer columns.
        let isOld = try !database.columns(in: "output").contains { $0.name == "deaths" }
        return try Queue.allCases.flatMap { queue in
            let facts = queue.facts(version: isOld ? 3 : 9)
            return try String.fetchAll(
                database,
                sql: """
                    SELECT 'row ' || new.\(queue.key) || ' of \(queue) is not what its copy says' FROM \(queue) AS new
                    LEFT JOIN queue_copy AS copy ON copy.kind = '\(queue)' AND copy.key = new.\(queue.key)
                    WHERE \(queue.isCopied) AND copy.facts IS NOT \(facts)
                    UNION ALL
                    SELECT 'a copy of row ' || copy.key || ' of \(queue), which needs none' FROM queue_copy AS copy
                    LEFT JOIN \(queue) AS new ON new.\(queue.key) = copy.key
                    WHERE copy.kind = '\(queue)' AND (new.\(queue.key) IS NULL OR NOT \(queue.isCopied))
                    LIMIT 20
                    """)
        }
    }

    // MARK: Copies of records

    /// Stores a byte-for-byte copy of an ended output's record file.
    static func keepCopy(of record: ArchiveRecord, in database: Database) throws {
        try database.executeCached(
            sql: """
                INSERT INTO record_copy (output, bytes)
                SELECT output.key, :bytes FROM output JOIN task ON task.key = output.task WHERE task.id = :id AND output.idx = :index
                ON CONFLICT (output) DO UPDATE SET bytes = excluded.bytes
                """,
            arguments: [
                "bytes": Data(try RecordFile.bytes(of: .output(record))), "id": record.task.text, "index": record.index,
            ])
    }

    package func recordCopy(of id: OutputID) async throws -> [UInt8]? {
        try await read { database in
            try Data.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT record_copy.bytes FROM record_copy JOIN output ON output.key = record_copy.output JOIN task ON task.key = output.task
                        WHERE task.id = ? AND output.idx = ?
                        """), arguments: [id.task.text, id.index]
            ).map(Array.init)
        }
    }
}
