package import ArchiveModel
package import Foundation
import GRDB
import SizeContract

extension SQLiteCatalog: CatalogMaintenance {
    package func compare(_ records: [(record: StoredRecord, bytes: [UInt8])]) async throws -> [RowDifference] {
        // Build the expected rows in an in-memory database, with the same code that writes the real rows.
        let model = try DatabaseQueue()
        try Self.migrator.migrate(model)
        let tasks = Dictionary(grouping: records, by: \.record.task)
        return try await read { database in
            try model.inDatabase { model in
                try tasks.sorted { $0.key.text < $1.key.text }.flatMap { task, records in
                    try Self.compare(task, records, in: database, model: model)
                }
            }
        }
    }

    private static func compare(
        _ task: TaskID, _ records: [(record: StoredRecord, bytes: [UInt8])], in database: Database, model: Database
    ) throws -> [RowDifference] {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM task WHERE id = ?", arguments: [task.text]) else {
            return records.map { RowDifference(task: task, index: $0.record.index, kind: .noRow) }
        }
        var differences: [RowDifference] = []
        var told: [Row] = []
        for (record, bytes) in records {
            switch record {
            case .output(let output):
                try enterTask(of: output, state: .resolved, now: output.endedAt, in: model)
                try insert(output, in: model)
                if let kind = try compare(output, bytes, taskKey: row["key"], in: database, model: model) {
                    differences.append(RowDifference(task: task, index: output.index, kind: kind))
                }
            case .task(let record): try upsert(record, now: record.discoveredAt, in: model)
            }
            if let row = try Row.fetchOne(model, sql: "SELECT * FROM task WHERE id = ?", arguments: [task.text]) {
                told.append(row)
            }
            try model.execute(sql: "DELETE FROM task")
        }
        if let kind = try compare(row, told, records.map(\.record), in: database) {
            differences.append(RowDifference(task: task, index: nil, kind: kind))
        }
        return differences
    }

    private static func compare(
        _ output: ArchiveRecord, _ bytes: [UInt8], taskKey: Int64, in database: Database, model: Database
    ) throws -> RowDifference.Kind? {
        let sql = "SELECT * FROM output WHERE task = ? AND idx = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [taskKey, output.index]) else { return .noRow }
        guard let state = row.text("state"), ["archived", "unavailable"].contains(state) else { return .queued }
        guard let told = try Row.fetchOne(model, sql: "SELECT * FROM output") else { return nil }
        var names = columns.filter { row[$0] as DatabaseValue != told[$0] as DatabaseValue }
        let copy = try Data.fetchOne(
            database, sql: "SELECT bytes FROM record_copy WHERE output = ?", arguments: [row["key"] as Int64])
        // A row without a copy was written by an older program.
        if let copy, Array(copy) != bytes {
            var today = output
            today.format = ArchiveRecord.currentFormat
            if (try? RecordFile.read(Array(copy))) != .output(today) { names.append("copy of the record") }
        }
        return names.isEmpty ? nil : .columns(names)
    }

    /// Compares a task's row with the rows that its records give. The records were written at different times, so a fact is
    /// correct if at least one record agrees with it.
    private static func compare(_ row: Row, _ told: [Row], _ records: [StoredRecord], in database: Database) throws
        -> RowDifference
        .Kind?
    {
        guard let state = row.text("state").flatMap(TaskState.init(rawValue:)) else { return .columns(["state"]) }
        let hasEnded = [.failed, .cancelled, .unavailable].contains(state)
        var names: [String] = []
        if hasEnded, told.contains(where: { ["failed", "cancelled", "unavailable"].contains($0["state"] as String) }) {
            if !told.contains(where: { $0["state"] as String == state.rawValue }) { names.append("state") }
            if !told.contains(where: { $0["reason"] as DatabaseValue == row["reason"] as DatabaseValue }) {
                names.append("reason")
            }
        }
        let request = ["prompt", "size", "resolution", "image_urls", "requested_at", "has_request"]
        let open = "SELECT EXISTS (SELECT 1 FROM output WHERE task = ? AND state NOT IN ('archived', 'unavailable'))"
        let isOpen = try Bool.fetchOne(database, sql: open, arguments: [row["key"] as Int64]) ?? false
        // Between reading a task and archiving its last output, the row is newer than the records.
        let isSettled = !isOpen && (hasEnded || state == .resolved)
        // If another source named the task first, a submission's record has a later discovery time than the row. The two times
        // are not compared until the outputs have records.
        let isSubmission = !isSettled && records.allSatisfy(\.isOfTask)
        if records.contains(where: \.needsTaskRecord), !records.contains(where: \.isOfTask) { return .noTaskRecord }
        for name in (isSubmission ? [] : ["source", "discovered_at"]) + (isSettled ? ["created_at", "answer", "model"] : [])
        where !told.contains(where: { agrees($0, row, name) }) { names.append(name) }
        let requestNames = request.filter { name in !told.contains { agrees($0, row, name) } }
        if !requestNames.isEmpty {
            let known = self.request(row)
            let isNewer = known.map { known in
                known != RecordedRequest() && records.contains { ($0.request.map { $0.filled(from: known) } ?? known) == known }
            }
            if isNewer == true, names.isEmpty { return .newerRequest }
            if isNewer != true { names += requestNames }
        }
        return names.isEmpty ? nil : .columns(names)
    }

    private static func agrees(_ told: Row, _ row: Row, _ name: String) -> Bool {
        if told[name] as DatabaseValue == row[name] as DatabaseValue { return true }
        // The answers are also equal if only the formatting of numbers differs, for example after a library update.
        guard name == "answer", let one = json(told.text(name)), let other = json(row.text(name)) else { return false }
        return one == other
    }

    // MARK: Rows that should have a record

    package func endedRows(after position: EndedRow.Position?, limit: Int) async throws -> [EndedRow] {
        try await read { database in
            var rows: [EndedRow] = []
            if position?.isTask != true {
                rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT output.key AS key, task.id AS id, idx, COALESCE(task.created_at, task.discovered_at) AS day
                        FROM output JOIN task ON task.key = output.task
                        WHERE output.state IN ('archived', 'unavailable') AND output.key > ? ORDER BY output.key LIMIT ?
                        """, arguments: [position?.key ?? .min, limit]
                ).map { try Self.endedRow($0, isTask: false) }
            }
            guard rows.count < limit else { return rows }
            return try rows
                + Row.fetchAll(
                    database,
                    sql: """
                        SELECT key, id, NULL AS idx, COALESCE(created_at, discovered_at) AS day FROM task
                        WHERE state IN ('failed', 'cancelled', 'unavailable') AND key > ? ORDER BY key LIMIT ?
                        """, arguments: [position?.isTask == true ? position?.key : .min, limit - rows.count]
                ).map { try Self.endedRow($0, isTask: true) }
        }
    }

    private static func endedRow(_ row: Row, isTask: Bool) throws -> EndedRow {
        EndedRow(
            position: .init(isTask: isTask, key: row["key"]), task: try taskID(row.text("id")),
            index: row.integer("idx").map { Int($0.limited(to: Largest.index)) },
            day: row.date("day") ?? Date(milliseconds: 0))
    }

    package func taskRecord(of id: TaskID) async throws -> TaskRecord? {
        guard var record = try await anyTask(id) else { return nil }
        if [.failed, .cancelled, .unavailable].contains(record.state) { return record }
        // While a task is being read again, its outputs still refer to the previous answer.
        guard record.taskJSON != nil, try await !entries(EntryQuery(task: id, limit: 1)).isEmpty else { return nil }
        (record.state, record.reason, record.cause) = (.resolved, nil, nil)
        return record
    }

    private func anyTask(_ id: TaskID) async throws -> TaskRecord? {
        try await read { database in
            guard let row = try Row.fetchOne(database, sql: "SELECT * FROM task WHERE id = ?", arguments: [id.text]),
                let state = row.text("state").flatMap(TaskState.init(rawValue:))
            else { return nil }
            var record = TaskRecord(
                task: id, state: state, reason: row.text("reason")?.unstored, source: row.text("source")?.unstored ?? "",
                discoveredAt: row.date("discovered_at") ?? Date(milliseconds: 0), createdAt: row.date("created_at"),
                request: Self.request(row), taskJSON: Self.json(row.text("answer")))
            record.cause = row.text("cause").flatMap(FailureCause.init(rawValue:))
            return record
        }
    }

    package func rowRecord(of id: OutputID) async throws -> ArchiveRecord? {
        let entries = try await entries(EntryQuery(states: [.archived, .unavailable], task: id.task))
        guard let entry = entries.first(where: { $0.id == id }) else { return nil }
        guard let owner = try await anyTask(id.task), let endedAt = entry.endedAt else { return nil }
        var record = ArchiveRecord(
            id: id, state: entry.state == .archived ? .archived : .unavailable,
            reason: entry.state == .archived ? nil : entry.reason, source: owner.source, discoveredAt: owner.discoveredAt,
            createdAt: entry.createdAt, deadline: entry.deadline, endedAt: endedAt, attempts: entry.attempts,
            request: entry.request, taskJSON: owner.taskJSON)
        record.original = entry.original.map { BlobReference(digest: $0.digest, bytes: $0.bytes, mediaType: $0.mediaType) }
        if entry.judgement?.verdict == .unread, let format = entry.original?.format {
            let size = entry.judgement?.delivered
            record.unread = UnreadFacts(format: format, reason: entry.reason ?? "", width: size?.width, height: size?.height)
        } else if entry.state == .archived, entry.original?.format == nil {
            record.decodeError = entry.reason
        }
        record.judgement = entry.judgement
        record.cause = entry.cause
        record.thumbHash = entry.thumbHash
        record.perceptualHash = entry.perceptualHash
        for (role, made) in [(Derivative.Role.thumbnail, entry.thumbnail), (.preview, entry.preview)] {
            guard let made else { continue }
            let blob = BlobReference(digest: made.digest, bytes: 0, mediaType: made.mediaType)
            record.derivatives.append(Derivative(role: role, blob: blob, width: made.width, height: made.height, recipe: .null))
        }
        return record
    }

    // MARK: Rebuilding rows

    package func upsert(_ records: [StoredRecord], now: Date) async throws {
        try await write { database in
            for record in records {
                switch record {
                case .task(let record): try Self.upsert(record, now: now, in: database)
                case .output(let record): try Self.enterAnew(record, now: now, in: database)
                }
            }
        }
    }

    private static func enterAnew(_ record: ArchiveRecord, now: Date, in database: Database) throws {
        // A pending task stays pending.
        let state = try String.fetchOne(database, sql: "SELECT state FROM task WHERE id = ?", arguments: [record.task.text])
        let kept = state.flatMap(TaskState.init(rawValue:)).flatMap { [.waiting, .held].contains($0) ? $0 : nil }
        try enterTask(of: record, state: kept ?? .resolved, now: now, in: database)
        let old = """
            SELECT output.state FROM output JOIN task ON task.key = output.task WHERE task.id = ? AND output.idx = ?
            """
        switch try String.fetchOne(database, sql: old, arguments: [record.task.text, record.index]) {
        case nil: try insert(record, in: database)
        // Update the row instead of replacing it: the lease token must never restart.
        case "archived", "unavailable": try replace(record, in: database)
        default: break
        }
    }

    package func reopen(_ record: ArchiveRecord, reading: Bool, now: Date) async throws {
        try await upsert([.output(record)], now: now)
        guard reading else { return }
        _ = try await register([TaskRegistration(id: record.task, source: record.source, reopens: true)], now: now)
    }
}

extension StoredRecord {
    /// Whether only the task's record holds the API's answer.
    var needsTaskRecord: Bool {
        guard case .output(let record) = self else { return false }
        return record.taskJSONFile != nil
    }

    var isOfTask: Bool { if case .task = self { true } else { false } }

    var request: RecordedRequest? {
        switch self {
        case .output(let record): record.request
        case .task(let record): record.request
        }
    }
}
