import ArchiveModel
import Catalog
import Foundation
import GRDB
import Testing

/// Sort keys of tasks with the same time and the same end of their IDs, which all want the same one.
@Suite struct SortKeyTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString).sqlite").path

    private func registrations(_ numbers: Range<Int>) throws -> [TaskRegistration] {
        try numbers.map { TaskRegistration(id: try taskID("t\($0 + 100_000)-same"), source: "test") }
    }

    @Test func manyTasksThatShareASortKeyAreSpreadOverTheirMillisecond() async throws {
        let catalog = try SQLiteCatalog(path: path)
        let summary = try await catalog.register(try registrations(0..<5000), now: noon)
        #expect(summary.new.count == 5000)
        let keys = try await DatabaseQueue(path: path).read { try Int64.fetchAll($0, sql: "SELECT place FROM task ORDER BY 1") }
        #expect(keys.count == 5000)
        #expect(Set(keys.map { $0 >> 21 }) == [noon.milliseconds])
        // A search for the next free key would walk over a run of neighbours.
        var (run, longest) = (1, 1)
        for (key, next) in zip(keys, keys.dropFirst()) {
            run = next == key + 1 ? run + 1 : 1
            longest = max(longest, run)
        }
        #expect(longest < 10)
        #expect(try await catalog.damage(deep: true) == [])
    }

    /// Until the migration "spread places", such tasks got neighbouring keys. They keep them.
    @Test func aLongRunOfNeighbouringSortKeysIsNoDamage() async throws {
        let catalog = try SQLiteCatalog(path: path)
        _ = try await catalog.register(try registrations(0..<2), now: noon)
        try catalog.close()
        try await DatabaseQueue(path: path).write { database in
            try database.execute(
                sql: """
                    INSERT INTO task_text (task_text, rowid, prompt) SELECT 'delete', place, prompt FROM task WHERE key = 2;
                    UPDATE task SET place = (SELECT place + 12000 FROM task WHERE key = 1) WHERE key = 2;
                    INSERT INTO task_text (rowid, prompt) SELECT place, prompt FROM task WHERE key = 2;
                    """)
        }
        #expect(try await SQLiteCatalog(path: path).damage(deep: true) == [])
    }

    /// 2^42 milliseconds after 1970 is in the year 2109; later tasks share the last millisecond. This ID wants its last key.
    @Test func tasksThatShareTheVeryLastSortKeyAreRegistered() async throws {
        let catalog = try SQLiteCatalog(path: path)
        let late = Date(milliseconds: 9_000_000_000_000)
        let tasks = try ["1-aWfgv", "2-aWfgv", "3-aWfgv"].map {
            TaskRegistration(id: try taskID($0), source: "test", createdAt: late)
        }
        #expect(try await catalog.register(tasks, now: noon).new.count == 3)
        let highest = try await DatabaseQueue(path: path).read { try Int64.fetchOne($0, sql: "SELECT MAX(place) FROM task") }
        #expect(highest == Int64.max)
        #expect(try await catalog.damage(deep: true) == [])
    }

    @Test func aTaskWhoseTimeChangesGetsAnotherSortKey() async throws {
        let catalog = try SQLiteCatalog(path: path)
        let tasks = try registrations(0..<3)
        _ = try await catalog.register(tasks, now: noon)
        let dated = tasks.map { TaskRegistration(id: $0.id, source: "test", createdAt: noon.plus(-60)) }
        _ = try await catalog.register(dated, now: noon)
        let keys = try await DatabaseQueue(path: path).read { try Int64.fetchAll($0, sql: "SELECT place FROM task") }
        #expect(Set(keys.map { $0 >> 21 }) == [noon.plus(-60).milliseconds] && Set(keys).count == 3)
        #expect(try await catalog.damage(deep: true) == [])
    }

    @Test func aLongListIsRegisteredInParts() async throws {
        let catalog = try SQLiteCatalog(path: path)
        // As when the disk is full.
        let trigger = """
            CREATE TRIGGER full BEFORE INSERT ON task WHEN new.id = 't101000-same' BEGIN SELECT RAISE(ABORT, 'full'); END
            """
        try await DatabaseQueue(path: path).write { try $0.execute(sql: trigger) }
        let tasks = try registrations(0..<1001)
        await #expect(throws: CatalogError.self) { try await catalog.register(tasks, now: noon) }
        #expect(try await catalog.status(now: noon).tasks == [.waiting: 1000])
        try await DatabaseQueue(path: path).write { try $0.execute(sql: "DROP TRIGGER full") }
        #expect(try await catalog.register(tasks, now: noon).new.map(\.text) == ["t101000-same"])
    }
}
