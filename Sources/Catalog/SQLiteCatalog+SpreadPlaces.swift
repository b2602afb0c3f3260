import GRDB

/// Migration "spread places": a task whose sort key is taken gets a free one of 31 others, which its row's key spreads over the
/// same millisecond.
///
/// In migration 2 it gets the next free one. Finding that takes a step for each task with the same time and the same end of its ID,
/// so registering many such tasks took time that grows with the square of their number.
extension SQLiteCatalog {
    static func spreadPlaces(in database: Database) throws {
        try database.execute(
            sql: """
                DROP TRIGGER task_insert;
                DROP TRIGGER task_update;
                \(placeTriggers)
                DROP TRIGGER queue_copy_task_insert;
                DROP TRIGGER queue_copy_task_update;
                DROP TRIGGER queue_copy_task_delete;
                DELETE FROM queue_copy WHERE kind = 'task';
                """)
        // SQLite fires the trigger that was created last first. A row must be copied before its sort key changes, because that change
        // replaces the copy.
        try addCopies(of: .task, version: 9, in: database)
    }

    private static func spreadPlace(of row: String) -> String {
        let wanted = wantedPlace(of: row)
        let low = (1 << placeBits) - 1
        let steps = (1...31).map { "(\($0))" }.joined(separator: ", ")
        // The step is odd, so the rows of many tasks with the same wanted sort key try different ones. If all are taken, the
        // millisecond holds about a million tasks.
        return """
            CASE WHEN NOT EXISTS (SELECT 1 FROM task a WHERE a.place = \(wanted)) THEN \(wanted)
            ELSE COALESCE((SELECT free FROM (SELECT (\(wanted) & ~\(low)) |
                    (((\(wanted) & \(low)) + column1 * (2 * (\(row).key & \(low)) + 1)) & \(low)) AS free FROM (VALUES \(steps)))
                WHERE NOT EXISTS (SELECT 1 FROM task a WHERE a.place = free) LIMIT 1),
                (SELECT a.place + 1 FROM task a WHERE a.place >= \(wanted)
                    AND NOT EXISTS (SELECT 1 FROM task b WHERE b.place = a.place + 1) ORDER BY a.place LIMIT 1)) END
            """
    }

    private static let placeTriggers: String = {
        let moved = "COALESCE(old.created_at, old.discovered_at) IS NOT COALESCE(new.created_at, new.discovered_at)"
        let reworded = "(\(moved) OR old.prompt IS NOT new.prompt)"
        return """
            CREATE TRIGGER task_insert AFTER INSERT ON task BEGIN
                UPDATE task SET place = \(spreadPlace(of: "new")) WHERE key = new.key;
                INSERT INTO task_text (rowid, prompt) SELECT place, prompt FROM task WHERE key = new.key;
                INSERT INTO task_tally VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET tasks = \(sum("tasks + 1"));
            END;
            CREATE TRIGGER task_update AFTER UPDATE OF created_at, discovered_at, prompt, model ON task BEGIN
                INSERT INTO task_text (task_text, rowid, prompt) SELECT 'delete', old.place, old.prompt WHERE \(reworded);
                UPDATE task SET place = \(spreadPlace(of: "new")) WHERE key = new.key AND \(moved);
                INSERT INTO task_text (rowid, prompt) SELECT place, prompt FROM task WHERE key = new.key AND \(reworded);
                UPDATE output SET place = (SELECT place FROM task WHERE key = new.key)
                    WHERE task = new.key AND (\(moved) OR old.model IS NOT new.model);
            END;
            """
    }()
}
