import ArchiveModel
import Catalog
import Foundation
import SizeContract
import Testing

@Suite struct CatalogPageTests {
    /// Forty tasks with two outputs each, four to a second.
    private func filled(_ kind: CatalogKind) async throws -> any CatalogMaintenance {
        let (catalog, _) = try kind.make()
        var records: [ArchiveRecord] = []
        for number in 0..<40 {
            let task = try taskID("t-\(number)")
            let prompt = number.isMultiple(of: 5) ? "a bicycle number\(number)" : "a lantern of light and \"quotes\""
            for index in 0..<2 {
                let state: ArchiveRecord.State = number % 8 == 1 && index == 1 ? .unavailable : .archived
                records.append(
                    try record(task, index, state: state, prompt: prompt, created: noon.plus(Double(number / 4))))
            }
        }
        try await catalog.rebuild(outputs: records.shuffled(), tasks: [], unfinished: [], now: noon)
        return catalog
    }

    private func pages(_ catalog: any CatalogMaintenance, _ query: EntryQuery) async throws -> [[OutputID]] {
        var pages: [[OutputID]] = []
        var cursor: ListCursor?
        repeat {
            let page = try await catalog.page(query, after: cursor)
            pages.append(page.entries.map(\.id))
            cursor = page.next.flatMap { ListCursor($0.description) }
            #expect((cursor == nil) == (page.next == nil), "a cursor is read back unchanged")
        } while cursor != nil
        return pages
    }

    @Test(
        "All pages together are the list, with any filter",
        arguments: CatalogKind.allCases,
        [
            EntryQuery(), EntryQuery(text: "light"), EntryQuery(text: "bicy num"), EntryQuery(verdict: .resized),
            EntryQuery(states: [.archived, .unavailable]), EntryQuery(states: [.unavailable]),
            EntryQuery(text: "lantern", states: [.archived]), EntryQuery(since: noon.plus(3), before: noon.plus(8)),
            EntryQuery(verdict: .resized, states: [.archived], billedTier: .oneK, deliveredTier: .oneK, since: noon.plus(3)),
        ])
    func allPagesTogetherAreTheList(_ kind: CatalogKind, _ query: EntryQuery) async throws {
        let catalog = try await filled(kind)
        // The whole list, filtered by hand.
        let all = try await catalog.entries(EntryQuery())
        #expect(all.count == 80)
        let expected = all.filter { entry in
            let prompt = entry.request?.prompt ?? ""
            let words = (query.text ?? "").split(separator: " ")
            let created = entry.createdAt ?? .distantPast
            return words.allSatisfy { prompt.contains($0) } && (query.states?.contains(entry.state) ?? true)
                && (query.verdict == nil || entry.judgement?.verdict == query.verdict)
                && created >= query.since ?? .distantPast && created < query.before ?? .distantFuture
        }.map(\.id)
        #expect(!expected.isEmpty)
        for size in [1, 3, 7, 80, 500] {
            var paged = query
            paged.limit = size
            let pages = try await pages(catalog, paged)
            #expect(pages.flatMap(\.self) == expected)
            #expect(pages.dropLast().allSatisfy { $0.count == size })
        }
        let times = all.map { $0.createdAt ?? .distantPast }
        #expect(times == times.sorted(by: >))
    }

    @Test(arguments: CatalogKind.allCases)
    func newEntriesDoNotMoveAPage(_ kind: CatalogKind) async throws {
        let catalog = try await filled(kind)
        let query = EntryQuery(limit: 10)
        let first = try await catalog.page(query, after: nil)
        let second = try await catalog.page(query, after: first.next)
        try await catalog.resolve(try taskID("newest"), outputs: 3)
        #expect(try await catalog.page(query, after: first.next) == second)
    }

    @Test(arguments: CatalogKind.allCases)
    func endedTasksAreListedInPages(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let states: [TaskState] = [.failed, .cancelled, .unavailable]
        let tasks = try (0..<30).map { number in
            TaskRecord(
                task: try taskID("t-\(number)"), state: states[number % 3], reason: "no", source: "test", discoveredAt: noon,
                createdAt: noon.plus(Double(-number)), request: nil, taskJSON: nil)
        }
        try await catalog.rebuild(outputs: [], tasks: tasks, unfinished: [], now: noon)
        func listed(_ query: EndedTaskQuery) async throws -> [Int] {
            var numbers: [Int] = []
            try await catalog.forEachEndedTask(query) { page in
                numbers += page.tasks.compactMap { Int($0.id.text.dropFirst(2)) }
            }
            return numbers
        }
        #expect(try await listed(EndedTaskQuery()) == Array(0..<30))
        #expect(try await listed(EndedTaskQuery(limit: 4)) == [0, 1, 2, 3])
        #expect(try await listed(EndedTaskQuery(states: [.unavailable], since: noon.plus(-8))) == [2, 5, 8])
        let page = try await catalog.endedTasks(EndedTaskQuery(limit: 7), after: nil)
        #expect(try await catalog.endedTasks(EndedTaskQuery(limit: 2), after: page.next).tasks.map(\.id.text) == ["t-7", "t-8"])
    }

    @Test(arguments: ["", ".", "1", "1.", ".1", "-1.0", "1.-1", "1.x", "1.0.0", "99999999999999999999.0"])
    func anInvalidCursorIsRefused(_ text: String) { #expect(ListCursor(text) == nil) }

    @Test func aChangedPromptIsFoundOnlyByItsNewWords() async throws {
        let (catalog, _) = try CatalogKind.sqlite.make()
        let id = try taskID("t-1")
        func found(_ text: String) async throws -> Int { try await catalog.entries(EntryQuery(text: text)).count }
        try await catalog.rebuild(
            outputs: [try record(id, prompt: "a lighthouse in fog", created: noon)], tasks: [], unfinished: [], now: noon)
        #expect(try await found("lighthouse fog") == 1)
        // Prompt and time at once: the index must forget what stood at the old place.
        try await catalog.rebuild(
            outputs: [try record(id, prompt: "a windmill", created: noon.plus(-5))], tasks: [], unfinished: [], now: noon)
        #expect(try await found("lighthouse") == 0)
        #expect(try await found("windm") == 1)
    }

    @Test(
        "A prefix of many words is found like a prefix of few",
        arguments: [("wor", 300), ("word", 300), ("word1", 111), ("word17", 11), ("word171", 1), ("wo", 0), ("wordx", 0)])
    func aPrefixOfManyWordsIsFound(_ text: String, _ count: Int) async throws {
        let (catalog, _) = try CatalogKind.sqlite.make()
        let records = try (0..<300).map { try record(try taskID("t-\($0)"), prompt: "word\($0)") }
        try await catalog.rebuild(outputs: records, tasks: [], unfinished: [], now: noon)
        #expect(try await catalog.entries(EntryQuery(text: text)).count == count)
    }

    @Test func pagesAndClaimsScanNoWholeTable() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "plan-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.rebuild(
            outputs: [try record(try taskID("a")), try record(try taskID("b"), state: .unavailable)], tasks: [], unfinished: [],
            now: noon)
        let cursor = try await catalog.page(EntryQuery(limit: 1), after: nil).next
        let claim = try await catalog.claimPlan()
        let tables = claim.filter { $0.contains(#/ (task|output)( |$)/#) }
        #expect(tables.count == 14, "\(claim)")
        #expect(tables.allSatisfy { $0.hasPrefix("SEARCH") && $0.contains("INDEX") }, "\(claim)")
        let queries = [
            EntryQuery(), EntryQuery(verdict: .resized), EntryQuery(states: [.archived, .unavailable]),
            EntryQuery(since: noon, before: noon),
        ]
        for query in queries {
            let plan = try await catalog.plan(query, after: cursor)
            #expect(!plan.isEmpty)
            let isWalk = plan.allSatisfy { step in
                !step.contains("SCAN o") && !step.contains("SCAN task ") && !step.hasSuffix("TEMP B-TREE FOR ORDER BY")
            }
            #expect(isWalk, "\(plan)")
        }
    }
}
