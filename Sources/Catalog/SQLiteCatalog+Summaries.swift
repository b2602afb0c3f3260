import GRDB

/// Migration 2: a sort key (`place`) for each task and output, and counters that triggers update on every write.
extension SQLiteCatalog {
    /// The low bits of a sort key distinguish tasks created in the same millisecond.
    static let placeBits: Int64 = 21
    private static let millisecondsADay = 86_400_000

    /// SQL: the sort key of a task in all lists. The high bits are its time; the low bits come from the end of its ID, so that a
    /// rebuilt catalog has the same order. If the key is taken, the task gets the next free one.
    private static func place(of row: String) -> String {
        let wanted = wantedPlace(of: row)
        return """
            CASE WHEN NOT EXISTS (SELECT 1 FROM task a WHERE a.place = \(wanted)) THEN \(wanted)
            ELSE (SELECT a.place + 1 FROM task a WHERE a.place >= \(wanted)
                AND NOT EXISTS (SELECT 1 FROM task b WHERE b.place = a.place + 1) ORDER BY a.place LIMIT 1) END
            """
    }

    static func wantedPlace(of row: String) -> String {
        let weights = [1, 31, 961, 29_791, 923_521].enumerated()
        let ending = weights.map { "\($1) * unicode(substr('00000' || \(row).id, -\($0 + 1), 1))" }.joined(separator: " + ")
        // 2^42 milliseconds reach to the year 2109. Later times from the upstream must not overflow.
        let time = "MIN(MAX(COALESCE(\(row).created_at, \(row).discovered_at), 0), \((1 << 42) - 1))"
        return "((\(time) << \(placeBits)) | ((\(ending)) & \((1 << placeBits) - 1)))"
    }

    static func day(_ place: String) -> String { "((\(place) >> \(placeBits)) / \(millisecondsADay))" }

    /// SQL: the key of the tally that counts an output.
    static func tally(of row: String) -> String {
        """
        (SELECT tally.key FROM tally WHERE tally.state = \(row).state AND tally.verdict = COALESCE(\(row).verdict, '')
            AND tally.billed_tier = COALESCE(\(row).billed_tier, '') AND tally.delivered_tier = COALESCE(\(row).delivered_tier, '')
            AND tally.model = COALESCE((SELECT model FROM task WHERE task.key = \(row).task), ''))
        """
    }

    static let dimensions = """
        INSERT INTO tally (state, verdict, billed_tier, delivered_tier, model)
        SELECT DISTINCT output.state, COALESCE(verdict, ''), COALESCE(billed_tier, ''), COALESCE(delivered_tier, ''),
            COALESCE(task.model, '') FROM output JOIN task ON task.key = output.task WHERE
        """

    static func addSummaries(in database: Database) throws {
        try database.execute(sql: tables)
        try database.execute(sql: "UPDATE task SET place = \(place(of: "task"))")
        try database.execute(sql: "UPDATE output SET place = (SELECT place FROM task WHERE task.key = output.task)")
        try database.execute(sql: "INSERT INTO task_text (task_text) VALUES ('rebuild')")
        try recount(in: database, bytes: "bytes", price: "overpaid_tenths")
        try database.execute(sql: indices)
        try database.execute(sql: taskTriggers)
        try database.execute(sql: outputTriggers)
    }

    /// Recomputes all counters from the rows.
    static func recount(in database: Database) throws {
        try recount(in: database, bytes: countedBytes("bytes"), price: countedPrice("overpaid_tenths"))
    }

    /// - Parameters:
    ///   - bytes: SQL for the size of an output as it is counted.
    ///   - price: SQL for the overpaid price of an output as it is counted.
    private static func recount(in database: Database, bytes: String, price: String) throws {
        try database.execute(
            sql: """
                \(dimensions) true ON CONFLICT DO NOTHING;
                UPDATE output SET tally = \(tally(of: "output")) WHERE tally IS NOT \(tally(of: "output"));
                DELETE FROM tally_day;
                INSERT INTO tally_day SELECT tally, \(day("place")), COUNT(*), COALESCE(SUM(\(bytes)), 0),
                    COALESCE(SUM(\(price)), 0) FROM output GROUP BY 1, 2;
                DELETE FROM task_tally;
                INSERT INTO task_tally SELECT state, COUNT(*) FROM task GROUP BY 1;
                """)
    }

    private static let tables = """
        DROP TRIGGER task_text_insert;
        DROP TRIGGER task_text_delete;
        DROP TRIGGER task_text_update;
        DROP TABLE task_text;
        DROP INDEX task_created;
        DROP INDEX output_deadline;
        DROP INDEX output_verdict;
        ALTER TABLE task ADD COLUMN place INTEGER;
        CREATE UNIQUE INDEX task_place ON task (place);
        ALTER TABLE output ADD COLUMN place INTEGER;
        ALTER TABLE output ADD COLUMN tally INTEGER;
        CREATE TABLE tally (
            key INTEGER PRIMARY KEY,
            state TEXT NOT NULL,
            verdict TEXT NOT NULL,
            billed_tier TEXT NOT NULL,
            delivered_tier TEXT NOT NULL,
            model TEXT NOT NULL,
            UNIQUE (state, verdict, billed_tier, delivered_tier, model)
        ) STRICT;
        CREATE TABLE tally_day (
            tally INTEGER NOT NULL,
            day INTEGER NOT NULL,
            outputs INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            overpaid_tenths INTEGER NOT NULL,
            PRIMARY KEY (tally, day)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE task_tally (state TEXT PRIMARY KEY, tasks INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        \(text(prefixes: "3"))
        """

    private static func text(prefixes: String) -> String {
        """
        CREATE VIRTUAL TABLE task_text USING fts5 (
            prompt, content = 'task', content_rowid = 'place', tokenize = 'porter unicode61 remove_diacritics 2', columnsize = 0,
            prefix = \(prefixes));
        CREATE VIRTUAL TABLE task_word USING fts5vocab (task_text, instance);
        """
    }

    /// Adds an index for four-letter prefixes. Three-letter prefixes already have one.
    static func indexFourLetters(in database: Database) throws {
        try database.execute(sql: "DROP TABLE task_word; DROP TABLE task_text; \(text(prefixes: "'3 4'"))")
        try database.execute(sql: "INSERT INTO task_text (task_text) VALUES ('rebuild')")
    }

    private static let indices = """
        CREATE INDEX output_place ON output (place DESC, idx);
        CREATE INDEX output_tally ON output (tally, place DESC, idx);
        CREATE INDEX output_queue ON output (state, deadline, key, due_at);
        CREATE INDEX task_queue ON task (state, COALESCE(created_at, discovered_at), key, due_at) WHERE state = 'waiting';
        CREATE INDEX task_ended ON task (place DESC) WHERE state IN ('failed', 'cancelled', 'unavailable');
        CREATE INDEX submission_open ON submission (recorded_at, key) WHERE task IS NULL;
        """

    /// A single trigger handles every change that affects a task's position, because SQLite does not define the order of several
    /// triggers. The search index must delete the old sort key and prompt before it adds the new ones.
    private static let taskTriggers: String = {
        let moved = "COALESCE(old.created_at, old.discovered_at) IS NOT COALESCE(new.created_at, new.discovered_at)"
        let reworded = "(\(moved) OR old.prompt IS NOT new.prompt)"
        let count = "ON CONFLICT (state) DO UPDATE SET tasks = tasks + 1;"
        let uncount = """
            UPDATE task_tally SET tasks = tasks - 1 WHERE state = old.state;
            DELETE FROM task_tally WHERE state = old.state AND tasks = 0;
            """
        return """
            CREATE TRIGGER task_insert AFTER INSERT ON task BEGIN
                UPDATE task SET place = \(place(of: "new")) WHERE key = new.key;
                INSERT INTO task_text (rowid, prompt) SELECT place, prompt FROM task WHERE key = new.key;
                INSERT INTO task_tally VALUES (new.state, 1) \(count)
            END;
            CREATE TRIGGER task_update AFTER UPDATE OF created_at, discovered_at, prompt, model ON task BEGIN
                INSERT INTO task_text (task_text, rowid, prompt) SELECT 'delete', old.place, old.prompt WHERE \(reworded);
                UPDATE task SET place = \(place(of: "new")) WHERE key = new.key AND \(moved);
                INSERT INTO task_text (rowid, prompt) SELECT place, prompt FROM task WHERE key = new.key AND \(reworded);
                UPDATE output SET place = (SELECT place FROM task WHERE key = new.key)
                    WHERE task = new.key AND (\(moved) OR old.model IS NOT new.model);
            END;
            CREATE TRIGGER task_state AFTER UPDATE OF state ON task WHEN old.state <> new.state BEGIN
                \(uncount)
                INSERT INTO task_tally VALUES (new.state, 1) \(count)
            END;
            CREATE TRIGGER task_delete AFTER DELETE ON task BEGIN
                INSERT INTO task_text (task_text, rowid, prompt) VALUES ('delete', old.place, old.prompt);
                \(uncount)
            END;
            """
    }()

    private static let outputTriggers: String = {
        let uncount = """
            UPDATE tally_day SET outputs = outputs - 1, bytes = bytes - COALESCE(old.bytes, 0),
                overpaid_tenths = overpaid_tenths - COALESCE(old.overpaid_tenths, 0)
                WHERE tally = old.tally AND day = \(day("old.place"));
            DELETE FROM tally_day WHERE tally = old.tally AND day = \(day("old.place")) AND outputs = 0;
            """
        return """
            CREATE TRIGGER output_insert AFTER INSERT ON output BEGIN
                UPDATE output SET place = (SELECT place FROM task WHERE key = new.task) WHERE key = new.key;
            END;
            CREATE TRIGGER output_update
                AFTER UPDATE OF place, state, verdict, billed_tier, delivered_tier, bytes, overpaid_tenths ON output BEGIN
                \(uncount)
                \(dimensions) output.key = new.key ON CONFLICT DO NOTHING;
                UPDATE output SET tally = \(tally(of: "new")) WHERE key = new.key;
                INSERT INTO tally_day SELECT tally, \(day("place")), 1, COALESCE(bytes, 0), COALESCE(overpaid_tenths, 0)
                    FROM output WHERE key = new.key
                    ON CONFLICT (tally, day) DO UPDATE SET outputs = outputs + 1, bytes = bytes + excluded.bytes,
                        overpaid_tenths = overpaid_tenths + excluded.overpaid_tenths;
            END;
            CREATE TRIGGER output_delete AFTER DELETE ON output BEGIN
                \(uncount)
            END;
            """
    }()
}

extension SQLiteCatalog {
    /// Sort keys and counters that differ from the values computed from the rows.
    static func summaryDamage(_ database: Database) throws -> [String] {
        // A catalog of an older program does not have them yet.
        guard try database.tableExists("tally_day"),
            try database.columns(in: "task").contains(where: { $0.name == "retries_undecodable" })
        else { return [] }
        let (bytes, price) = (countedBytes("bytes"), countedPrice("overpaid_tenths"))
        let days = "tally, \(day("place")) AS day, COUNT(*), SUM(\(bytes)), SUM(\(price))"
        let checks = [
            (
                "the sort key of a task",
                // A task whose sort key was taken has another one of its millisecond, or of the next if that is full. It keeps it even
                // after the other task has moved away.
                """
                SELECT 1 FROM task WHERE place IS NULL
                    OR (place >> \(placeBits)) - (\(wantedPlace(of: "task")) >> \(placeBits)) NOT IN (0, 1)
                """
            ),
            (
                "the sort key of an output",
                "SELECT 1 FROM output JOIN task ON task.key = output.task WHERE output.place IS NOT task.place"
            ),
            (
                "the group in which an output is counted",
                "SELECT 1 FROM output WHERE tally IS NULL OR tally IS NOT \(tally(of: "output"))"
            ),
            ("the number of outputs of one day", differ("SELECT * FROM tally_day", "SELECT \(days) FROM output GROUP BY 1, 2")),
            (
                "the number of tasks",
                differ("SELECT * FROM task_tally", "SELECT state, COUNT(*) FROM task GROUP BY 1")
            ),
            (
                "the retry flag of a task",
                """
                SELECT 1 FROM task WHERE retries_undecodable NOT IN (0, 1)
                    OR (retries_undecodable = 1 AND state NOT IN ('waiting', 'leased', 'held'))
                """
            ),
        ]
        return try checks.compactMap { name, sql in
            try Bool.fetchOne(database, sql: "SELECT EXISTS (\(sql))") == true ? "\(name) does not match the rows" : nil
        }
    }

    private static func differ(_ one: String, _ other: String) -> String {
        "SELECT * FROM (\(one) EXCEPT \(other)) UNION ALL SELECT * FROM (\(other) EXCEPT \(one))"
    }
}
