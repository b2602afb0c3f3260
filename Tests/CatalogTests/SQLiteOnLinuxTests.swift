import ArchiveModel
import Catalog
import Foundation
import GRDB
import Testing

/// GRDB is not tested on Linux by its makers, so what the catalog relies on is tested here.
@Suite struct SQLiteOnLinuxTests {
    private func path() -> String {
        FileManager.default.temporaryDirectory.appending(path: "sqlite-\(UUID().uuidString).sqlite").path
    }

    @Test func theCatalogIsInWALModeAndEveryCommitIsSynchronised() async throws {
        let path = path()
        let catalog = try SQLiteCatalog(path: path)
        _ = try await catalog.register([TaskRegistration(id: try taskID("t"), source: "test")], now: noon)
        let other = try DatabaseQueue(path: path)
        #expect(try await other.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
        #expect(try await catalog.synchronousMode() == 2, "2 is FULL")
    }

    @Test func strictTablesReturningAndFullTextSearchWork() throws {
        let queue = try DatabaseQueue()
        try queue.write { database in
            try database.execute(sql: "CREATE TABLE a (n INTEGER NOT NULL) STRICT")
            #expect(throws: DatabaseError.self) { try database.execute(sql: "INSERT INTO a VALUES ('text')") }
            let returned = try Int.fetchAll(
                database, sql: "INSERT INTO a VALUES (1), (2) ON CONFLICT DO UPDATE SET n = n RETURNING n * 10")
            #expect(returned == [10, 20])
            try database.execute(sql: "CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'porter unicode61')")
            try database.execute(sql: "INSERT INTO t VALUES ('running')")
            #expect(try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM t WHERE t MATCH 'run'") == 1)
        }
    }

    @Test func aFileThatIsNotADatabaseIsRefusedWithAdvice() throws {
        let path = path()
        try Data(repeating: 7, count: 8192).write(to: URL(filePath: path))
        let error = #expect(throws: CatalogError.self) { try SQLiteCatalog(path: path) }
        #expect(error?.code == .damaged)
        #expect(error?.description.contains("fixative rebuild") == true)
    }

    @Test func theSystemSQLiteFindsNoFault() async throws {
        let path = path()
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.rebuild(outputs: [try record(try taskID("t"))], tasks: [], unfinished: [], now: noon)
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/sqlite3")
        shell.arguments = [path, "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT verdict FROM output;"]
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(text == "ok\nresized\n")
    }
}
