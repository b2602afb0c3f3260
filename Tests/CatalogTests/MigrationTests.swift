import ArchiveModel
import Catalog
import Foundation
import GRDB
import SizeContract
import Testing

/// A catalog of the first release, opened by this one.
@Suite struct MigrationTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "old-\(UUID().uuidString).sqlite").path

    private func migrated() throws -> SQLiteCatalog {
        let fixture = try #require(Bundle.module.url(forResource: "schema-1", withExtension: "sql", subdirectory: "Fixtures"))
        let sql = try String(contentsOf: fixture, encoding: .utf8)
        try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
        return try SQLiteCatalog(path: path)
    }

    @Test func migrationKeepsEveryRowItsStateAndOrder() async throws {
        let catalog = try migrated()
        let entries = try await catalog.entries(EntryQuery())
        #expect(
            entries.map { "\($0.id.task) \($0.id.index) \($0.state)" } == [
                "t-done 0 archived", "t-done 1 unavailable", "t-queue 0 waiting", "t-queue 1 waiting", "t-queue 2 waiting",
                "t-queue 3 waiting", "t-queue 4 leased", "t-queue 5 held", "t-auto 0 archived",
            ])
        let done = try #require(entries.first)
        #expect(done.request?.prompt == "Ein rotes Fahrrad im Regen")
        #expect(done.judgement?.verdict == .undersized)
        #expect(done.judgement?.overpaid?.description == "1.6")
        #expect(done.judgement?.expected == PixelSize(width: 3840, height: 2160))
        #expect(done.original?.digest.hex == String(repeating: "ab", count: 32))
        #expect(done.thumbnail?.width == 512)
        #expect(done.deadline == noon.plus(18 * 3600))
        #expect(entries.last?.request?.imageURLs == ["https://a.example/1.png"])
        #expect(try await catalog.endedTasks(limit: 9).map(\.id.text) == ["t-failed", "t-cancelled", "t-unavailable"])
        #expect(try await catalog.openSubmissions().map(\.key) == ["k-open"])
    }

    @Test func theCountersMatchTheRowsAfterMigration() async throws {
        let catalog = try migrated()
        let status = try await catalog.status(now: noon)
        #expect(
            status.tasks == [.waiting: 1, .leased: 1, .failed: 1, .cancelled: 1, .unavailable: 1, .held: 1, .resolved: 3])
        #expect(status.outputs == [.archived: 2, .unavailable: 1, .waiting: 4, .leased: 1, .held: 1])
        #expect(status.verdicts == [.undersized: 1, .accepted: 1])
        #expect(status.originalBytes == 1234)
        #expect(status.nearestDeadline == noon.plus(-3600))
        #expect(status.holdReason == "401")
        let judged = try await catalog.tallies(since: noon.plus(-86400), before: nil).filter { $0.state == .archived }
        #expect(
            judged == [
                OutputTally(
                    state: .archived, verdict: .undersized, billedTier: .fourK, deliveredTier: .oneK, model: "gpt-image-2",
                    outputs: 1, bytes: 1000, overpaid: PriceMultiplier(tenths: 16))
            ])
    }

    @Test func promptsAndQueueWorkAfterMigration() async throws {
        let catalog = try migrated()
        #expect(try await catalog.entries(EntryQuery(text: "fox")).map(\.id.task.text) == ["t-auto"])
        #expect(try await catalog.entries(EntryQuery(text: "fahrr")).map(\.id.index) == [0, 1])
        let leases = try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60))
        #expect(leases.map(\.id.index) == [1, 4, 0, 2], "by deadline, with the passed one last; one is not due yet")
        #expect(leases.map(\.token) == [1, 8, 1, 1])
        #expect(leases.first?.failure == "cut")
        #expect(
            try await catalog.leaseTasks(limit: 9, now: noon.plus(31), until: noon.plus(60)).map(\.id.text) == [
                "t-leased", "t-waiting",
            ])
        #expect(try await catalog.nextDue() == noon.plus(60))
    }

    @Test func migrationSealsPlainLinksWithoutATrace() async throws {
        let catalog = try migrated()
        let signature = Data("png?s=1".utf8)
        for file in [path, path + "-wal"] { #expect(try Data(contentsOf: URL(filePath: file)).range(of: signature) == nil) }
        let leases = try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60))
        #expect(leases.first { $0.id.index == 0 }?.link == "https://f.example/0.png?s=1")
    }

    @Test func theMigratedSchemaEqualsThatOfANewCatalog() throws {
        _ = try migrated()
        let fresh = path + ".fresh"
        _ = try SQLiteCatalog(path: fresh)
        func schema(_ path: String) throws -> [String] {
            try DatabaseQueue(path: path).read {
                try String.fetchAll($0, sql: "SELECT name || ' ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1")
            }
        }
        let new = try schema(fresh)
        #expect(new.count > 20)
        #expect(try schema(path) == new)
    }

    @Test func aNewerSchemaIsRefusedWithAdviceAndUnchanged() throws {
        _ = try migrated()
        try DatabaseQueue(path: path).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 from the future')") }
        let before = try dump(path)
        let error = #expect(throws: CatalogError.self) { try SQLiteCatalog(path: path) }
        #expect(error?.code == .newerSchema)
        #expect(error?.description.contains("'99 from the future'") == true)
        #expect(error?.description.contains("Install that version or a later one") == true)
        #expect(try dump(path) == before)
    }
}
