import GRDB

/// Migration "bounded sums": the counters of migration 2, with sums that can't overflow.
///
/// A catalog from elsewhere may hold any number. A trigger that adds to the largest one fails, and so does every write that fires
/// it: no output of that day could be leased or archived.
extension SQLiteCatalog {
    static func boundSums(in database: Database) throws {
        try database.execute(
            sql: """
                DROP TRIGGER output_update;
                DROP TRIGGER output_delete;
                DROP TRIGGER task_state;
                DROP TRIGGER task_delete;
                \(outputCounters)
                \(taskCounters)
                """)
    }

    // The numbers below are part of the schema: never change them.

    /// SQL: a counter after a change, at most 2^60.
    static func sum(_ changed: String) -> String { "MIN(MAX(\(changed), -1152921504606846976), 1152921504606846976)" }

    /// SQL: the size of a file as it is counted, at most 1 TiB.
    static func countedBytes(_ column: String) -> String { "MIN(MAX(COALESCE(\(column), 0), 0), 1099511627776)" }

    /// SQL: a price as it is counted, in tenths of a base price.
    static func countedPrice(_ column: String) -> String { "MIN(MAX(COALESCE(\(column), 0), -1000000), 1000000)" }

    private static let outputCounters: String = {
        let uncount = """
            UPDATE tally_day SET outputs = \(sum("outputs - 1")), bytes = \(sum("bytes - \(countedBytes("old.bytes"))")),
                overpaid_tenths = \(sum("overpaid_tenths - \(countedPrice("old.overpaid_tenths"))"))
                WHERE tally = old.tally AND day = \(day("old.place"));
            DELETE FROM tally_day WHERE tally = old.tally AND day = \(day("old.place")) AND outputs = 0;
            """
        return """
            CREATE TRIGGER output_update
                AFTER UPDATE OF place, state, verdict, billed_tier, delivered_tier, bytes, overpaid_tenths ON output BEGIN
                \(uncount)
                \(dimensions) output.key = new.key ON CONFLICT DO NOTHING;
                UPDATE output SET tally = \(tally(of: "new")) WHERE key = new.key;
                INSERT INTO tally_day
                    SELECT tally, \(day("place")), 1, \(countedBytes("bytes")), \(countedPrice("overpaid_tenths"))
                    FROM output WHERE key = new.key
                    ON CONFLICT (tally, day) DO UPDATE SET outputs = \(sum("outputs + 1")),
                        bytes = \(sum("bytes + excluded.bytes")),
                        overpaid_tenths = \(sum("overpaid_tenths + excluded.overpaid_tenths"));
            END;
            CREATE TRIGGER output_delete AFTER DELETE ON output BEGIN
                \(uncount)
            END;
            """
    }()

    private static let taskCounters: String = {
        let uncount = """
            UPDATE task_tally SET tasks = \(sum("tasks - 1")) WHERE state = old.state;
            DELETE FROM task_tally WHERE state = old.state AND tasks = 0;
            """
        return """
            CREATE TRIGGER task_state AFTER UPDATE OF state ON task WHEN old.state <> new.state BEGIN
                \(uncount)
                INSERT INTO task_tally VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET tasks = \(sum("tasks + 1"));
            END;
            CREATE TRIGGER task_delete AFTER DELETE ON task BEGIN
                INSERT INTO task_text (task_text, rowid, prompt) VALUES ('delete', old.place, old.prompt);
                \(uncount)
            END;
            """
    }()
}
