import ArchiveModel
import ArchiveServer
import Catalog
import Foundation
import Gallery
import Testing

/// What a catalog's queue looks like to a gallery.
struct WaitingListTests {
    private let catalog: SQLiteCatalog
    private let now = StandingClock().now

    init() throws {
        catalog = try SQLiteCatalog(
            path: FileManager.default.temporaryDirectory.appending(path: "waiting-\(UUID().uuidString).sqlite").path)
    }

    /// Registers a task and lets the reading of it fail.
    private func fail(_ name: String, prompt: String = "a red fox", cause: FailureCause, hoursLeft: Double = 20) async throws {
        try await register(name, prompt: prompt, hoursLeft: hoursLeft)
        let lease = try #require(try await catalog.leaseTasks(limit: 1, now: now, until: now + 60).first)
        #expect(lease.id.text == name)
        var history = FailureHistory()
        history.failingSince = now
        let postponement = Postponement(
            dueAt: now + 300, error: "reason of \(name)", kind: "status 503", cause: cause, history: history)
        try await catalog.finish(lease, .postponed(postponement), now: now)
    }

    private func register(_ name: String, prompt: String = "a red fox", hoursLeft: Double = 20) async throws {
        let registration = TaskRegistration(
            id: try #require(TaskID(name)), source: "test", request: RecordedRequest(prompt: prompt),
            createdAt: now - (24 - hoursLeft) * 3600)
        _ = try await catalog.register([registration], now: now)
    }

    private func list(words: String? = nil, since: Date? = nil) async throws -> WaitingList? {
        try await WaitingList.find(
            in: catalog, now: now, riskTime: 2 * 3600, part: .init(words: words, since: since))
    }

    @Test func anEmptyQueueHasNoWaitingList() async throws { #expect(try await list() == nil) }

    @Test func failingAndAtRiskOutputsAreListedAndOthersCounted() async throws {
        try await fail("one", cause: .vendor)
        try await fail("two", cause: .ours, hoursLeft: 3)
        try await fail("three", cause: .unknown, hoursLeft: 1)
        try await register("urgent", hoursLeft: 1.5)
        try await register("calm")
        let list = try #require(try await list())
        #expect(list.count == 5 && list.unlisted == 0)
        #expect(list.failing == [.vendor: 1, .ours: 1, .unknown: 1])
        #expect(list.atRisk == 2)
        #expect(list.entries.map(\.task.text) == ["three", "urgent", "two", "one"])
        #expect(list.entries.map(\.cause) == [.unknown, nil, .ours, .vendor])
        #expect(list.entries.map(\.tries) == [1, 0, 1, 1])
        #expect(list.entries.map(\.reason) == ["reason of three", "not tried yet", "reason of two", "reason of one"])
        #expect(list.entries[0].nextTry == now + 300 && list.entries[1].nextTry == nil)
        #expect(list.entries[3].windowEnds == now + 20 * 3600)
        #expect(list.isUrgent)
    }

    @Test func heldTasksAreCountedWithTheirReason() async throws {
        try await register("one")
        try await catalog.holdTasks(reason: "the key is refused")
        let list = try #require(try await list())
        #expect(list.count == 1 && list.held == 1 && list.holdReason == "the key is refused" && list.isUrgent)
    }

    @Test func aFilteredListShowsOnlyMatchingOutputs() async throws {
        try await fail("fox", prompt: "A red Fox at night", cause: .vendor, hoursLeft: 1)
        try await fail("boat", prompt: "a paper boat", cause: .ours, hoursLeft: 23)
        try await register("calm", prompt: "a fox")
        let foxes = try #require(try await list(words: "fox nig"))
        #expect(foxes.entries.map(\.task.text) == ["fox"] && foxes.count == 1)
        #expect(foxes.failing == [.vendor: 1] && foxes.atRisk == 1)
        #expect(try await list(words: "ox") == nil, "the text must begin a word")
        #expect(try await list(since: now - 7200)?.entries.map(\.task.text) == ["boat"])
    }

    @Test func theLiveGalleryShowsTheWaitingList() async throws {
        try await TestServer.run { server in
            _ = try await server.catalog.register([TaskRegistration(id: try #require(TaskID("one")), source: "test")], now: now)
            try await server.catalog.holdTasks(reason: "the key is refused")
            let page = try await server.ask("GET", "/gallery/").body
            #expect(page.contains("<h2>Still waiting (1)</h2>") && page.contains("1 task is held: the key is refused"))
        }
    }
}
