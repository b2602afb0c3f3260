import ArchiveModel
import Catalog
import Foundation
import Testing

/// A catalog's file under a process that has it open.
@Suite struct FileProblemTests {
    @Test func aRemovedOrReplacedFileIsNoticed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "catalog.sqlite").path(percentEncoded: false)
        let catalog = try SQLiteCatalog(path: path)
        #expect(catalog.fileProblem() == nil)
        try await catalog.probe()
        #expect(catalog.fileProblem() == nil)
        // As a restored backup does.
        try FileManager.default.copyItem(atPath: path, toPath: path + ".backup")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".backup", toPath: path)
        #expect(catalog.fileProblem() == "\(path) was replaced while this process has it open")
        try FileManager.default.removeItem(atPath: path)
        #expect(catalog.fileProblem() == "\(path) was removed while this process has it open")
    }

    /// A sync or clean-up program takes the log away: nobody else would see what is written from then on.
    @Test func aRemovedOrReplacedLogIsNoticedAndSaved() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "catalog.sqlite").path(percentEncoded: false)
        let catalog = try SQLiteCatalog(path: path)
        for suffix in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: path + suffix) }
        _ = try await catalog.register(
            [TaskRegistration(id: try #require(TaskID("t")), source: "test")], now: Date(milliseconds: 0))
        #expect(catalog.fileProblem()?.hasPrefix("\(path)-wal was removed") == true)
        // What a kill would leave now.
        let copy = folder.appending(path: "copy.sqlite").path(percentEncoded: false)
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        #expect(try await SQLiteCatalog(path: copy).task(try #require(TaskID("t"))) != nil)
        try Data().write(to: URL(filePath: path + "-wal"))
        #expect(catalog.fileProblem()?.hasPrefix("\(path)-wal was replaced") == true)
    }

    @Test func aCopyEqualsItsOriginalAndDropsItsOwnChanges() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "catalog.sqlite").path(percentEncoded: false)
        let catalog = try SQLiteCatalog(path: path)
        let task = TaskRegistration(id: try #require(TaskID("t")), source: "manifest")
        _ = try await catalog.register([task], now: Date(milliseconds: 0))
        // The task is in the log yet, and in the file not before a checkpoint.
        let copy = try SQLiteCatalog.copied(path: path)
        #expect(copy.isCopy)
        #expect(try await copy.task(task.id)?.id == task.id)
        let other = TaskRegistration(id: try #require(TaskID("other")), source: "manifest")
        _ = try await copy.register([other], now: Date(milliseconds: 0))
        try copy.close()
        #expect(try await catalog.task(other.id) == nil)
    }

    /// A catalog of the right name with another schema, as sqlite3 makes it.
    @Test(arguments: [
        "CREATE TRIGGER zz AFTER INSERT ON task BEGIN DELETE FROM task WHERE key = new.key; END",
        "CREATE VIEW zz AS SELECT * FROM task",
        "CREATE UNIQUE INDEX zz ON task (source)",
        "DROP INDEX task_failing",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '') WHERE name = 'task'",
    ])
    func aCatalogWithAnotherSchemaIsDamaged(_ change: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "catalog.sqlite").path(percentEncoded: false)
        try SQLiteCatalog(path: path).close()
        try SQLiteCatalog(path: path).close()
        try sqlite3(path, change)
        #expect { try SQLiteCatalog(path: path) } throws: { ($0 as? CatalogError)?.code == .damaged }
    }

    private func sqlite3(_ path: String, _ sql: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // Without the shell's protection against changes of the schema.
        process.arguments = ["sqlite3", "-cmd", ".dbconfig defensive off", path, sql]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
