import ArchiveModel
import Catalog
import Foundation
import Testing

/// A catalog's file under a process that has it open.
@Suite struct FileProblemTests {
    @Test func aFileThatIsRemovedOrReplacedIsNoticed() async throws {
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

    @Test func aCopyIsReadLikeItsOriginalAndTakesItsChangesAway() async throws {
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
        try await copy.close()
        #expect(try await catalog.task(other.id) == nil)
    }
}
