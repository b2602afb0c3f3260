import ArchiveModel
import Catalog
import Foundation
import GRDB
import Testing

/// What is to be told outside is noted with what it tells of, or not at all.
@Suite struct CatalogOutboxTests {
    private func end(
        _ catalog: any CatalogMaintenance, _ name: String, state: ArchiveRecord.State = .archived, prompt: String? = "a fox"
    ) async throws {
        let id = try taskID(name)
        try await catalog.resolve(id)
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(lease, .ended(try record(id, state: state, prompt: prompt)), now: noon)
    }

    private func body(_ notice: WaitingNotice) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(notice.body.utf8))
    }

    @Test(arguments: CatalogKind.allCases)
    func noNoticeIsKeptUnlessNoticesAreOn(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        try await end(one, "t-1")
        #expect(try await one.nextNoticeDue() == nil)
        try await other.keepNotices(10)
        try await end(one, "t-2")
        #expect(try await one.waitingNotices() == 1, "any process may write it")
        try await one.keepNotices(nil)
        try await end(one, "t-3")
        #expect(try await other.waitingNotices() == 1, "existing notices stay")
    }

    /// Of a page whose bytes stay as they are, SQLite writes nothing, so a full disk would go unseen.
    @Test func aProbeIsWrittenButChangesNothing() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.keepNotices(10)
        let log = URL(filePath: path + "-wal")
        let before = try Data(contentsOf: log).count
        try await catalog.probe()
        #expect(try Data(contentsOf: log).count > before)
        #expect(try await catalog.takeDroppedNotices() == 0)
    }

    @Test(arguments: CatalogKind.allCases)
    func aNoticeHasTheFactsButNoLink(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.keepNotices(10)
        // 1672 x 941 was delivered where 16:9 at 1K is promised as other pixels.
        try await end(catalog, "t-1")
        try await end(catalog, "t-2", prompt: nil)
        try await end(catalog, "t-3", state: .unavailable)
        let notices = try await catalog.dueNotices(limit: 9, now: noon.plus(60))
        #expect(notices.map(\.type) == ["output.mismatch", "output.archived", "output.unavailable"])
        #expect(Set(notices.map(\.id)).count == 3 && notices.allSatisfy { $0.id.hasPrefix("msg_") && !$0.id.contains(".") })
        let first = try body(try #require(notices.first))
        #expect(first["type"]?.string == "output.mismatch")
        #expect(first["timestamp"]?.string == noon.plus(60).iso8601)
        let data = try #require(first["data"])
        #expect(data["name"]?.string == "t-1-0" && data["taskId"]?.string == "t-1" && data["index"]?.integer == 0)
        #expect(data["verdict"]?.string == "resized")
        #expect(data["requested"]?["size"]?.string == "16:9" && data["requested"]?["resolution"]?.string == "1K")
        #expect(data["delivered"]?["width"]?.integer == 1672 && data["delivered"]?["height"]?.integer == 941)
        #expect(data["delivered"]?["sha256"]?.string == String(repeating: "ab", count: 32))
        #expect(data["deadline"]?.string == noon.plus(86400).iso8601)
        #expect(try body(notices[2])["data"]?["reason"]?.string == "gone")
        #expect(notices.allSatisfy { !$0.body.contains("s3cret") && !$0.body.contains("http") })
    }

    @Test(arguments: CatalogKind.allCases)
    func aTaskWithoutAPictureCausesANoticeToo(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.keepNotices(10)
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-1"), source: "test")], now: noon)
        let lease = try #require(try await catalog.leaseTasks(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(
            lease, .ended(.failed, reason: "refused: violence", cause: nil, createdAt: nil, json: nil), now: noon)
        let notice = try #require(try await catalog.dueNotices(limit: 9, now: noon).first)
        #expect(notice.type == "task.unavailable")
        let data = try body(notice)["data"]
        #expect(data?["taskId"]?.string == "t-1" && data?["state"]?.string == "failed")
        #expect(data?["reason"]?.string == "refused: violence")
        #expect(data?["name"] == nil)
    }

    @Test(arguments: CatalogKind.allCases)
    func aRefusedWriteCausesNoNotice(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        try await one.keepNotices(10)
        let id = try taskID("t-1")
        try await one.resolve(id)
        let stale = try #require(try await one.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        _ = try await other.leaseOutputs(limit: 1, now: noon.plus(61), until: noon.plus(120))
        await #expect(throws: CatalogError.self) {
            try await one.finish(stale, .ended(try record(id)), now: noon.plus(61))
        }
        #expect(try await one.waitingNotices() == 0)
    }

    @Test(arguments: CatalogKind.allCases)
    func onlyUndeliveredNoticesAreRepeated(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        try await one.keepNotices(10)
        try await end(one, "t-1")
        try await end(one, "t-2")
        let due = try await one.dueNotices(limit: 9, now: noon.plus(60))
        #expect(try await one.dueNotices(limit: 1, now: noon.plus(60)) == [due[0]])
        try await one.postponeNotice(due[0].id, until: noon.plus(500))
        try await one.forgetNotice(due[1].id)
        #expect(try await other.dueNotices(limit: 9, now: noon.plus(499)) == [])
        #expect(try await other.nextNoticeDue() == noon.plus(500))
        var again = due[0]
        again.attempts = 1
        #expect(try await other.dueNotices(limit: 9, now: noon.plus(500)) == [again], "with the same id and body")
        #expect(try await one.damage(deep: true) == [])
    }

    @Test(arguments: CatalogKind.allCases)
    func aRiskCausesOneNoticePerDeadline(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        func risk(_ deadline: Date, _ now: Date) throws -> Notice {
            let entry = OutputEntry(id: OutputID(task: try taskID("t-1"), index: 0), state: .waiting)
            return Notice(atRisk: entry, deadline: deadline, reason: "41 min left", now: now)
        }
        try await catalog.post([try risk(noon, noon.plus(-2460))])
        #expect(try await catalog.waitingNotices() == 0, "notices are off")
        try await catalog.keepNotices(10)
        try await catalog.post([try risk(noon, noon.plus(-2460)), try risk(noon, noon.plus(-60))])
        #expect(try await catalog.waitingNotices() == 1)
        try await catalog.post([try risk(noon.plus(1), noon)])
        #expect(try await catalog.dueNotices(limit: 9, now: noon).map(\.type) == ["output.at_risk", "output.at_risk"])
    }

    @Test(arguments: [
        "body = replace(body, 'output', 'Output')", "id = id || 'x'", "type = 'output.archived'",
        "due_at = due_at + 1", "attempts = 7",
    ])
    func everyChangeOfANoticeIsDetected(_ change: String) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "outbox-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.keepNotices(10)
        try await end(catalog, "t-1")
        #expect(try await catalog.damage(deep: true) == [])
        try await DatabaseQueue(path: path).write {
            try $0.execute(sql: "PRAGMA ignore_check_constraints = ON; UPDATE outbox SET \(change)")
            #expect($0.changesCount == 1)
        }
        #expect(try await SQLiteCatalog.damage(at: path, deep: false) == ["CHECK constraint failed in outbox"])
    }

    @Test(arguments: CatalogKind.allCases)
    func theOldestNoticeIsDroppedWhenTooManyWait(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.keepNotices(3)
        for number in 1...5 { try await end(catalog, "t-\(number)") }
        #expect(try await catalog.damage(deep: true) == [])
        let names = try await catalog.dueNotices(limit: 9, now: noon.plus(60)).map { try body($0)["data"]?["taskId"]?.string }
        #expect(names == ["t-3", "t-4", "t-5"])
        #expect(try await catalog.waitingNotices() == 3)
        #expect(try await catalog.takeDroppedNotices() == 2)
        #expect(try await catalog.takeDroppedNotices() == 0, "reported once")
    }
}
