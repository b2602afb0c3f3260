import Catalog
import Dispatch
import Foundation
import GRDB
import Glibc
import Synchronization
import Testing

/// Catalogs that several processes open at once. Two connections of one process meet in the same way.
@Suite struct OpeningTests {
    private let folder: URL
    private var path: String { folder.appending(path: "catalog.sqlite").path(percentEncoded: false) }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "opening-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private final class Failures: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }

        func open(_ path: String) {
            do { try SQLiteCatalog(path: path).close() } catch { texts.withLock { $0.append("\(error)") } }
        }
    }

    @Test func manyOpenANewCatalogAtOnce() throws {
        let failures = Failures()
        for round in 0..<8 {
            let file = "\(path)-\(round)"
            DispatchQueue.concurrentPerform(iterations: 4) { _ in failures.open(file) }
        }
        #expect(failures.all == [])
    }

    @Test func manyOpenACatalogOfAnOlderProgramAtOnce() throws {
        let fixture = try #require(Bundle.module.url(forResource: "schema-1", withExtension: "sql", subdirectory: "Fixtures"))
        let sql = try String(contentsOf: fixture, encoding: .utf8)
        let failures = Failures()
        for round in 0..<8 {
            let file = "\(path)-\(round)"
            try DatabaseQueue(path: file).write { try $0.execute(sql: sql) }
            DispatchQueue.concurrentPerform(iterations: 4) { _ in failures.open(file) }
        }
        #expect(failures.all == [])
    }

    @Test func onlyOneProcessOpensACatalogAtATime() throws {
        let other = unsafe open(folder.path(percentEncoded: false), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(other >= 0)
        defer { close(other) }
        let during = OpeningLock.hold(path) { flock(other, LOCK_EX | LOCK_NB) == 0 ? 0 : errno }
        #expect(during == EWOULDBLOCK)
        #expect(flock(other, LOCK_EX | LOCK_NB) == 0, "the lock ends with the opening")
    }

    @Test func theLockIsOnTheFolderOfTheFile() {
        #expect(OpeningLock.folder(of: "/a/b/catalog.sqlite") == "/a/b")
        #expect(OpeningLock.folder(of: "/catalog.sqlite") == "/")
        #expect(OpeningLock.folder(of: "catalog.sqlite") == ".")
    }
}
