package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    package func rebuild(outputs: [ArchiveRecord], tasks: [TaskRecord], unfinished: Set<TaskID>, now: Date)
        async throws
    {
        try await write { database in
            // Outputs that ended after the records were read have no record in this list, so they stay.
            try database.execute(
                sql: "DELETE FROM output WHERE state IN ('archived', 'unavailable') AND ended_at <= ?",
                arguments: [now.milliseconds])
            try database.execute(
                sql: """
                    DELETE FROM task WHERE state IN ('resolved', 'failed', 'cancelled', 'unavailable')
                        AND NOT EXISTS (SELECT 1 FROM output WHERE output.task = task.key)
                    """)
            for record in tasks { try Self.upsert(record, now: now, in: database) }
            for record in outputs {
                let state: TaskState = unfinished.contains(record.task) ? .waiting : .resolved
                try Self.enterTask(of: record, state: state, now: now, in: database)
                try database.execute(
                    sql: "DELETE FROM output WHERE idx = ? AND task = (SELECT key FROM task WHERE id = ?)",
                    arguments: [record.index, record.task.text])
                try Self.insert(record, in: database)
            }
            try Self.recount(in: database)
        }
    }

    static func upsert(_ record: TaskRecord, now: Date, in database: Database) throws {
        let state: TaskState = [.leased, .held, .resolved].contains(record.state) ? .waiting : record.state
        // The record of a resolved task stores the upstream's answer for the task's outputs. If the catalog already has outputs
        // of this task, the state in the catalog is more accurate.
        let hasOutputs = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM output JOIN task ON task.key = output.task WHERE task.id = ?)",
            arguments: [record.task.text])
        try upsertTask(
            record.task, state: state, reason: record.reason, source: record.source, discoveredAt: record.discoveredAt,
            createdAt: record.createdAt, request: record.request, answer: record.taskJSON, cause: record.cause, dueAt: now,
            keepsState: record.state == .resolved && hasOutputs == true, in: database)
    }

    static func enterTask(of record: ArchiveRecord, state: TaskState, now: Date, in database: Database) throws {
        try upsertTask(
            record.task, state: state, reason: nil, source: record.source, discoveredAt: record.discoveredAt,
            createdAt: record.createdAt, request: record.request, answer: record.taskJSON, dueAt: now,
            keepsAnswer: record.taskJSONFile != nil, in: database)
    }

    /// Inserts a task or updates its row from the record. A leased row stays unchanged.
    ///
    /// - Parameters:
    ///   - keepsAnswer: Whether an existing row keeps its answer and model if the record has none.
    ///   - keepsState: Whether an existing row keeps its state and reason.
    private static func upsertTask(
        _ id: TaskID, state: TaskState, reason: String?, source: String, discoveredAt: Date, createdAt: Date?,
        request: RecordedRequest?, answer: JSONValue?, cause: FailureCause? = nil, dueAt: Date,
        keepsAnswer: Bool = false, keepsState: Bool = false, in database: Database
    ) throws {
        var values = try arguments(of: request ?? RecordedRequest())
        if request?.model == nil { values = values &+ ["model": answer?["model"]?.string?.stored] }
        values += [
            "id": id.text, "state": state.rawValue, "reason": reason?.stored, "source": source.stored,
            "discovered_at": discoveredAt.milliseconds,
            "created_at": createdAt?.milliseconds, "answer": try answer.map(text(of:)), "due_at": dueAt.milliseconds,
            "cause": cause?.rawValue,
            "has_request": request == nil ? 0 : 1, "keeps_answer": keepsAnswer, "keeps_state": keepsState,
        ]
        try database.execute(
            sql: """
                INSERT INTO task (id, state, reason, source, discovered_at, created_at, answer, cause, due_at, has_request,
                    model, prompt, size, resolution, image_urls, requested_at)
                VALUES (:id, :state, :reason, :source, :discovered_at, :created_at, :answer, :cause, :due_at, :has_request,
                    :model, :prompt, :size, :resolution, :image_urls, :requested_at)
                ON CONFLICT (id) DO UPDATE SET state = CASE WHEN :keeps_state THEN state ELSE excluded.state END,
                    reason = CASE WHEN :keeps_state THEN reason ELSE excluded.reason END, source = excluded.source,
                    discovered_at = excluded.discovered_at, created_at = excluded.created_at,
                    answer = CASE WHEN :keeps_answer THEN COALESCE(excluded.answer, answer) ELSE excluded.answer END,
                    model = CASE WHEN :keeps_answer THEN COALESCE(excluded.model, model) ELSE excluded.model END,
                    cause = excluded.cause, has_request = excluded.has_request, prompt = excluded.prompt, size = excluded.size,
                    resolution = excluded.resolution, image_urls = excluded.image_urls, requested_at = excluded.requested_at
                WHERE state <> 'leased'
                """, arguments: values)
    }
}
