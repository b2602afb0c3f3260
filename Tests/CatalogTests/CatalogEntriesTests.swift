import ArchiveModel
import Catalog
import Foundation
import SizeContract
import Testing

@Suite struct CatalogEntriesTests {
    /// Three tasks from records, as a rebuild enters them.
    private func filled(_ kind: CatalogKind) async throws -> any CatalogMaintenance {
        let (catalog, _) = try kind.make()
        try await catalog.rebuild(
            outputs: [
                try record(try taskID("old"), prompt: "Ein rotes Fahrrad im Regen", created: noon.plus(-7200)),
                try record(try taskID("new"), prompt: "running foxes in the snow", created: noon),
                try record(try taskID("lost"), state: .unavailable, prompt: nil, created: noon.plus(-3600)),
            ], tasks: [], unfinished: [], now: noon)
        return catalog
    }

    @Test(arguments: CatalogKind.allCases)
    func entriesAreListedNewestFirstWithTheirFacts(_ kind: CatalogKind) async throws {
        let catalog = try await filled(kind)
        let entries = try await catalog.entries(EntryQuery())
        #expect(entries.map(\.id.task.text) == ["new", "lost", "old"])
        #expect(entries.first == OutputEntry(try record(try taskID("new"), prompt: "running foxes in the snow", created: noon)))
        #expect(entries.first?.judgement?.verdict == .resized)
    }

    @Test(
        "Words of a prompt are found by stem, by prefix and without accents",
        arguments: [
            ("fox", ["new"]), ("run fox", ["new"]), ("FAHR", ["old"]), ("fox fahrrad", []), ("\"*(", []), ("règen", ["old"]),
        ])
    func promptsAreFoundByStemAndPrefixWithoutAccents(_ text: String, _ expected: [String]) async throws {
        let catalog = try await filled(.sqlite)
        #expect(try await catalog.entries(EntryQuery(text: text)).map(\.id.task.text) == expected)
    }

    @Test(arguments: CatalogKind.allCases)
    func filtersNarrowTheList(_ kind: CatalogKind) async throws {
        let catalog = try await filled(kind)
        func tasks(_ query: EntryQuery) async throws -> [String] { try await catalog.entries(query).map(\.id.task.text) }
        #expect(try await tasks(EntryQuery(states: [.unavailable])) == ["lost"])
        #expect(try await tasks(EntryQuery(verdict: .resized)) == ["new", "old"])
        #expect(try await tasks(EntryQuery(verdict: .exact)) == [])
        #expect(try await tasks(EntryQuery(since: noon.plus(-3600))) == ["new", "lost"])
        #expect(try await tasks(EntryQuery(task: try taskID("old"))) == ["old"])
        #expect(try await tasks(EntryQuery(limit: 1)) == ["new"])
        for byte in ["ab", "cd", "ef"] {
            #expect(try await tasks(EntryQuery(digest: Digest(String(repeating: byte, count: 32)))) == ["new", "old"])
        }
    }

    @Test(arguments: CatalogKind.allCases)
    func aRebuildKeepsTheQueue(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let (waiting, half) = (try taskID("waiting"), try taskID("half"))
        try await catalog.resolve(half, outputs: 2)
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        let done = try record(half, lease.id.index, prompt: nil)
        try await catalog.finish(lease, .ended(done), now: noon)
        _ = try await catalog.register([TaskRegistration(id: waiting, source: "test")], now: noon)
        let before = try await catalog.entries(EntryQuery())
        try await catalog.rebuild(outputs: [done], tasks: [], unfinished: [], now: noon)
        #expect(try await catalog.entries(EntryQuery()) == before)
        #expect(before.map(\.state) == [.archived, .waiting])
        #expect(try await catalog.task(waiting)?.state == .waiting)
    }

    @Test(arguments: CatalogKind.allCases)
    func anIncompleteTaskIsReadAgainAfterARebuild(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let id = try taskID("half")
        try await catalog.rebuild(outputs: [try record(id)], tasks: [], unfinished: [id], now: noon)
        #expect(try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(9)).map(\.id) == [id])
        #expect(try await catalog.entries(EntryQuery()).map(\.state) == [.archived])
    }

    @Test(arguments: CatalogKind.allCases)
    func aRewrittenRecordReplacesTheFacts(_ kind: CatalogKind) async throws {
        let catalog = try await filled(kind)
        var changed = try record(try taskID("new"), prompt: "running foxes in the snow")
        changed.judgement = SizeContract.gptImage2.judge(delivered: nil, request: .auto)
        try await catalog.update(changed)
        #expect(try await catalog.entries(EntryQuery(task: changed.task)).first?.judgement?.verdict == .undecodable)
    }
}
