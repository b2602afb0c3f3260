import ArchiveModel
import Catalog
import Foundation
import GRDB
import TestSupport

/// A catalog with a row in each table, for copies that are changed as a hostile editor would change them: past its checks and
/// triggers, and with the same schema.
struct PlantedCatalog {
    private let path: String

    init() async throws {
        path = FileManager.default.temporaryDirectory.appending(path: "planted-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.keepNotices(9)
        try await catalog.rebuild(outputs: [try record(try taskID("t-done"))], tasks: [], unfinished: [], now: noon)
        try await catalog.resolve(try taskID("t-wait"), outputs: 3)
        // One output fails, one is in progress, and one waits.
        let leases = try await catalog.leaseOutputs(limit: 2, now: noon, until: noon.plus(60))
        var failure = Postponement.failure(dueAt: noon.plus(30))
        failure.history.failingSince = noon
        failure.isToBeTold = true
        for lease in leases where lease.id.index == 0 { try await catalog.finish(lease, .postponed(failure), now: noon) }
        let new = try taskID("t-new")
        _ = try await catalog.register([TaskRegistration(id: new, source: "test")], now: noon)
        try await catalog.keep([new: Data([1])], account: 3)
        try await catalog.recordSubmission(key: "k", request: RecordedRequest(prompt: "a fox"), now: noon)
        _ = try await catalog.keepHint(try taskID("t-hint"), most: 9, now: noon)
        let digest = try record(new).original?.digest
        try await catalog.saveScrubs(digest.map { [BlobScrub(digest: $0, readAt: noon, isSound: true)] } ?? [])
        try await catalog.forgetDeleted()
        try catalog.close()
    }

    /// The columns of each table that hold whole numbers other than keys.
    func numberColumns() throws -> [(table: String, columns: [String])] {
        let keys = ["key", "one", "id", "task", "output", "tally"]
        return try DatabaseQueue(path: path).read { database in
            let tables = try String.fetchAll(
                database,
                sql: """
                    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'
                        AND name NOT LIKE 'task_text%' AND name <> 'task_word' ORDER BY name
                    """)
            return try tables.map { table in
                let numbers = try database.columns(in: table).filter { $0.type == "INTEGER" && !keys.contains($0.name) }
                return (table, numbers.map(\.name))
            }
        }
    }

    /// - Returns: The path of a copy with these changes.
    func copy(_ changes: [String]) throws -> String {
        let copy = path + "-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try DatabaseQueue(path: copy).writeWithoutTransaction { try Self.make(changes, in: $0) }
        return copy
    }

    private static func make(_ changes: [String], in database: Database) throws {
        try database.execute(sql: "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
        let triggers = try Row.fetchAll(
            database, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid")
        for trigger in triggers { try database.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
        for change in changes { try database.execute(sql: change) }
        for trigger in triggers { try database.execute(sql: trigger["sql"] as String) }
    }

    /// Makes changes while columns take values of any type. Afterwards the schema is the same again.
    static func withoutTypes(_ path: String, _ changes: [String]) throws {
        let tables = "type = 'table' AND name IN ('task', 'output')"
        try DatabaseQueue(path: path).writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_master SET sql = replace(sql, ' STRICT', '') WHERE \(tables);
                    """)
        }
        try DatabaseQueue(path: path).writeWithoutTransaction { database in
            try make(changes, in: database)
            try database.execute(
                sql: """
                    PRAGMA writable_schema = ON;
                    UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE \(tables);
                    """)
        }
    }
}
