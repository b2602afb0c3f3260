import Foundation
import GRDB

extension SQLiteCatalog {
    package func damage(deep: Bool) async throws -> [String] {
        try await Self.damage(at: path) { [database] in
            var found = try await database.read { try Self.damage($0, deep: deep) }
            if deep, found.isEmpty { found = try await database.write(Self.searchDamage) }
            return found
        }
    }

    /// Finds damage in a catalog file without opening it as a catalog, which would write to it.
    /// - Throws: ``CatalogError`` with code `database` when the file can't be read for a reason other than its contents.
    package static func damage(at path: String, deep: Bool) async throws -> [String] {
        try await damage(at: path) {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .timeout(30)
            let database = try DatabaseQueue(path: path, configuration: configuration)
            var found = try await database.read { try damage($0, deep: deep) }
            if deep, found.isEmpty { found = try await database.write(searchDamage) }
            return found
        }
    }

    private static func damage(at path: String, _ look: () async throws -> [String]) async throws -> [String] {
        let found = headerDamage(path)
        guard found.isEmpty else { return found }
        do {
            return try await look()
        } catch let error as DatabaseError {
            guard isDamage(error) else { throw CatalogError(error, path) }
            return [error.message ?? error.description]
        }
    }

    /// Compares the full-text index with the prompts.
    private static func searchDamage(_ database: Database) throws -> [String] {
        do {
            try database.execute(sql: "INSERT INTO task_text (task_text, rank) VALUES ('integrity-check', 1)")
            return []
        } catch let error as DatabaseError where isDamage(error) {
            return ["the index of the text search: \(error.message ?? error.description)"]
        }
    }

    /// Whether an error comes from the file's contents rather than its environment.
    private static func isDamage(_ error: DatabaseError) -> Bool {
        let surroundings: [ResultCode] = [
            .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_READONLY, .SQLITE_INTERRUPT, .SQLITE_IOERR, .SQLITE_FULL,
            .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH,
        ]
        return !surroundings.contains(error.resultCode)
    }

    private static func damage(_ database: Database, deep: Bool) throws -> [String] {
        do {
            let check = deep ? "integrity_check" : "quick_check"
            var found = try String.fetchAll(database, sql: "PRAGMA \(check) (20)").filter { $0 != "ok" }
            guard found.isEmpty else { return found }
            found += try schemaDamage(database)
            guard found.isEmpty else { return found }
            found += try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map {
                "a row of \($0[0] ?? "") refers to a row that is missing"
            }
            found += try queueDamage(database)
            if deep { found += try summaryDamage(database) }
            return found
        } catch let error as DatabaseError where isDamage(error) {
            return [error.message ?? error.description]
        }
    }

    /// Compares the schema with the one that this program creates. A catalog of an older program may lack the latest migrations;
    /// opening it applies them.
    static func schemaDamage(_ database: Database) throws -> [String] {
        let known = migrator.migrations
        let applied = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
        let strange = Set(applied).subtracting(known)
        // A catalog of a newer program has all known migrations and more; anything else is damage.
        if !strange.isEmpty {
            return Set(known).isSubset(of: applied) ? [] : ["the schema has unknown migrations: \(strange)"]
        }
        let expected = applied == known ? try currentSchema.get() : try madeSchema(known.filter(applied.contains))
        let found = try schema(database)
        return Set(expected).symmetricDifference(found).map { "the schema differs at: \($0.prefix(80))" }.sorted()
    }

    /// The schema after all migrations. Built once per process, because every opened catalog is compared with it.
    private static let currentSchema = Result { try madeSchema(migrator.migrations) }

    private static func madeSchema(_ migrations: [String]) throws -> [String] {
        let model = try DatabaseQueue()
        for migration in migrations { try migrator.migrate(model, upTo: migration) }
        return try model.read(schema)
    }

    private static func schema(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT type || ' ' || name || ' ' || tbl_name || ' ' || COALESCE(sql, '') FROM sqlite_schema
                WHERE name NOT LIKE 'sqlite_stat%'
                """)
    }

    /// Compares the constant fields of the file header with what SQLite writes (file format, section 1.3). Skipped while a
    /// write-ahead log exists, because the current header may be in the log.
    private static func headerDamage(_ path: String) -> [String] {
        let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        guard log ?? 0 == 0 else { return [] }
        guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 100), !head.isEmpty else {
            return []
        }
        try? file.close()
        guard head.count == 100 else { return ["the file has only \(head.count) bytes"] }
        // WAL, no reserved bytes, payload fractions; schema format 4; UTF-8; no vacuum mode; versions and reserved bytes are 0.
        let fixed: [(Range<Int>, [UInt8])] = [
            (0..<16, Array("SQLite format 3\0".utf8)), (18..<24, [2, 2, 0, 64, 32, 32]), (44..<48, [0, 0, 0, 4]),
            (48..<56, [UInt8](repeating: 0, count: 8)), (56..<60, [0, 0, 0, 1]), (60..<92, [UInt8](repeating: 0, count: 32)),
        ]
        return fixed.filter { Array(head[$0.0]) != $0.1 }.map {
            "bytes \($0.0.lowerBound) to \($0.0.upperBound - 1) of its header are wrong"
        }
    }
}
