package import ArchiveModel
package import Foundation
import GRDB

/// Data salvaged from a damaged catalog that no record holds.
package struct SalvagedCatalog: Sendable {
    /// Tasks from their rows, as far as the rows are readable.
    package var tasks: [TaskRecord] = []
    /// Output records that passed their own integrity check.
    package var records: [ArchiveRecord] = []
    package var submissions: [OpenSubmission] = []
    package var scrubs: [BlobScrub] = []
    /// Messages about the parts that could not be read.
    package var losses: [String] = []

    /// Reads all readable rows, table by table: first in ascending order and, if that fails midway, in descending order.
    ///
    /// - Parameter wanted: Which of the stored record copies to keep.
    package init(of path: String, wanted: (OutputID) -> Bool) {
        let database: DatabaseQueue
        do {
            database = try DatabaseQueue(path: path)
        } catch {
            losses = ["the damaged catalog can't be read at all: \(error)"]
            return
        }
        database.inDatabase { database in
            let copies = Self.copiedIDs(database, &losses)
            for row in Self.rows("task", by: "key", database, &losses) { tasks += Self.tasks(row, copies, database) }
            for row in Self.rows("record_copy", by: "output", database, &losses) {
                guard let bytes = Data.fromDatabaseValue(row["bytes"]),
                    case .output(let record) = try? RecordFile.read(Array(bytes)), wanted(record.id)
                else { continue }
                records.append(record)
            }
            submissions = Self.rows("submission", by: "rowid", database, &losses).compactMap(Self.submission)
            scrubs = Self.rows("blob_scrub", by: "digest", database, &losses).compactMap(Self.scrub)
        }
    }

    private static func rows(_ table: String, by key: String, _ database: Database, _ losses: inout [String]) -> [Row] {
        var found: [DatabaseValue: Row] = [:]
        for order in ["ASC", "DESC"] {
            do {
                let cursor = try Row.fetchCursor(
                    database, sql: "SELECT *, \(key) AS position FROM \(table) ORDER BY \(key) \(order)")
                while let row = try cursor.next() { found[row["position"]] = row.copy() }
                return Array(found.values)
            } catch {
                if order == "DESC" { losses.append("only \(found.count) rows of the table \(table) can be read: \(error)") }
            }
        }
        return Array(found.values)
    }

    /// The IDs of pending tasks from their redundant copies, by row key.
    private static func copiedIDs(_ database: Database, _ losses: inout [String]) -> [Int64: String] {
        var ids: [Int64: String] = [:]
        for row in rows("queue_copy", by: "kind || key", database, &losses) where text(row, "kind") == "task" {
            guard let key = integer(row, "key"), let facts = text(row, "facts"),
                let values = try? ArchiveDecoder.decode([JSONValue].self, from: facts)
            else { continue }
            ids[key] = values.first?.string
        }
        return ids
    }

    /// The tasks of one row. Returns two if the row and its copy have different IDs and the index does not tell which one is
    /// right.
    private static func tasks(_ row: Row, _ copies: [Int64: String], _ database: Database) -> [TaskRecord] {
        let ids = Set([text(row, "id"), integer(row, "key").flatMap { copies[$0] }].compactMap { $0 })
        let indexed = ids.filter { id in
            let sql = "SELECT EXISTS (SELECT 1 FROM task INDEXED BY sqlite_autoindex_task_1 WHERE id = ?)"
            return (try? Bool.fetchOne(database, sql: sql, arguments: [id])) == true
        }
        return (indexed.isEmpty ? ids : indexed).sorted().compactMap { TaskID($0) }.map { id in
            TaskRecord(
                task: id, state: text(row, "state").flatMap(TaskState.init(rawValue:)) ?? .waiting, reason: text(row, "reason"),
                source: text(row, "source") ?? "salvaged", discoveredAt: date(row, "discovered_at") ?? .distantPast,
                createdAt: date(row, "created_at"), request: integer(row, "has_request") == 1 ? request(row) : nil,
                taskJSON: json(text(row, "answer")))
        }
    }

    private static func request(_ row: Row) -> RecordedRequest {
        RecordedRequest(
            model: text(row, "model"), prompt: text(row, "prompt"), size: text(row, "size"), resolution: text(row, "resolution"),
            imageURLs: text(row, "image_urls").flatMap { try? ArchiveDecoder.decode([String].self, from: $0) },
            recordedAt: date(row, "requested_at"))
    }

    private static func submission(_ row: Row) -> OpenSubmission? {
        guard text(row, "task") == nil, let key = text(row, "key"), let json = text(row, "request"),
            let request = try? ArchiveDecoder.decode(RecordedRequest.self, from: json)
        else { return nil }
        return OpenSubmission(key: key, request: request, recordedAt: date(row, "recorded_at") ?? .distantPast)
    }

    private static func scrub(_ row: Row) -> BlobScrub? {
        // The date has bounds, so the mark does not overflow.
        guard let digest = Data.fromDatabaseValue(row["digest"]).flatMap({ Digest(sha256: Array($0)) }),
            let readAt = date(row, "read_at"), let sound = integer(row, "sound"), (0...1).contains(sound),
            integer(row, "mark") == -2 * readAt.milliseconds - sound
        else { return nil }
        return BlobScrub(digest: digest, readAt: readAt, isSound: sound == 1)
    }

    // A damaged row may hold a value of any type in any column.

    private static func text(_ row: Row, _ name: String) -> String? { row.text(name)?.unstored }
    private static func integer(_ row: Row, _ name: String) -> Int64? { row.integer(name) }
    private static func json(_ text: String?) -> JSONValue? {
        text.flatMap { try? ArchiveDecoder.decode(JSONValue.self, from: $0) }
    }

    /// A plausible date: from 1970 to the year 3000.
    private static func date(_ row: Row, _ name: String) -> Date? {
        integer(row, name).flatMap { (0..<32_503_680_000_000).contains($0) ? Date(milliseconds: $0) : nil }
    }
}

extension SQLiteCatalog {
    /// Adds salvaged entries that the records do not contain. Tasks that were pending become pending again.
    /// - Returns: The number of tasks added.
    package func take(_ salvaged: SalvagedCatalog, now: Date) async throws -> Int {
        let entered = try await write { database in
            var entered = 0
            for task in salvaged.tasks {
                let known = "SELECT EXISTS (SELECT 1 FROM task WHERE id = ?)"
                guard try Bool.fetchOne(database, sql: known, arguments: [task.task.text]) == false else { continue }
                try Self.upsert(task, now: now, in: database)
                entered += 1
            }
            for submission in salvaged.submissions {
                let json = String(decoding: try JSONEncoder.archive(pretty: false).encode(submission.request), as: UTF8.self)
                try database.execute(
                    sql: "INSERT INTO submission (key, request, recorded_at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
                    arguments: [submission.key, json, submission.recordedAt.milliseconds])
            }
            return entered
        }
        try await saveScrubs(salvaged.scrubs)
        return entered
    }

    /// Closes the database after writing all changes into its file, so that the file is complete without its log.
    package func closeCompletely() async throws {
        try await forgetDeleted()
        do { try database.close() } catch let error as DatabaseError { throw CatalogError(error, path) }
    }
}
