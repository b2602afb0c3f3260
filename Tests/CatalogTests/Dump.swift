import Foundation
import GRDB

/// Everything that records can know of a catalog, as ordered lines. Left out, since no record holds them:
/// - surrogate keys (`task.key`, `output.key`, `tally.key`), in whose place the ids and the counted facts stand;
/// - when and how often something was tried (`due_at`, a task's `attempts`, `misses`, `readings`; an output's `gone_answers`, `suspect`,
///   `failure`, `repeats`), its history of failures, what a link is named, and by whom (`lease_token`, `lease_expires_at`);
/// - a task's `deadline`, which its outputs carry;
/// - open submissions, which no task has answered.
func dump(_ path: String) throws -> [String] {
    let volatile: Set<String> = [
        "key", "task", "tally", "due_at", "misses", "readings", "gone_answers", "suspect", "failure", "repeats", "lease_token",
        "lease_expires_at", "failing_since", "window_cause", "refusals", "refused_since", "not_before", "told", "deaths", "name",
        "rechecked", "contradicted",
    ]
    return try DatabaseQueue(path: path).read { database in
        func lines(_ table: String, _ sql: String, without: Set<String>) throws -> [String] {
            try Row.fetchAll(database, sql: sql).map { row in
                table + " " + row.filter { !without.contains($0.0) }.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
            }
        }
        let tasks = try lines(
            "task", "SELECT * FROM task ORDER BY id", without: volatile.union(["attempts", "deadline"]))
        let outputs = try lines(
            "output", "SELECT task.id, output.* FROM output JOIN task ON task.key = output.task ORDER BY 1, idx",
            without: volatile)
        let counts = try lines(
            "count",
            """
            SELECT tally.*, tally_day.* FROM tally_day JOIN tally ON tally.key = tally_day.tally
            ORDER BY state, verdict, billed_tier, delivered_tier, model, day
            """, without: volatile)
        let states = try lines("tasks", "SELECT * FROM task_tally ORDER BY state", without: [])
        let words = try String.fetchAll(
            database,
            sql: "SELECT task.id || ' ' || term || ' ' || offset FROM task_word JOIN task ON task.place = doc ORDER BY 1")
        return tasks + outputs + counts + states + words.map { "word " + $0 }
    }
}
