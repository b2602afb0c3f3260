import ArchiveModel
import Catalog
import Foundation
import Testing

/// Searching by what pictures say about themselves.
@Suite struct CatalogCredentialTests {
    private static func facts(_ state: CredentialFacts.State, _ signer: String?, _ agent: String?) -> CredentialFacts {
        var facts = CredentialFacts(state: state, checkedAt: noon)
        if let signer {
            var named = CredentialFacts.Signer(serial: "1", algorithm: "ES256", notBefore: noon, notAfter: noon, chain: [])
            named.name = signer
            facts.signer = named
        }
        if let agent { facts.actions = [CredentialFacts.Action(action: "c2pa.created", agent: agent)] }
        facts.timeStamp = CredentialFacts.TimeStamp(
            time: "2026-05-06T10:02:43.408Z", authority: "An authority", trusted: false, vendors: true)
        facts.turnsInvalidAt = noon.plus(1000)
        return facts
    }

    /// Task `t-0` was never checked; `t-6` leaves out a part of its picture.
    private static func records() throws -> [ArchiveRecord] {
        let all: [CredentialFacts?] = [
            nil, facts(.trusted, "One", "gpt-image"), facts(.valid, "One", "GPT-4o"), facts(.invalid, "One", "gpt-image"),
            facts(.absent, nil, nil), facts(.unreadable, nil, nil), facts(.trusted, "One", "gpt-image"),
            facts(.trusted, "Two \u{0}\"'", nil),
        ]
        var records = try all.enumerated().map { number, facts in
            var record = try record(try taskID("t-\(number)"), created: noon.plus(Double(-number)))
            record.picture?.credentials = facts
            return record
        }
        records[6].picture?.credentials?.codes = CredentialFacts.Codes()
        records[6].picture?.credentials?.codes?.informational = [.init(code: CredentialFacts.pictureDataExcluded)]
        return records
    }

    private func filled(_ kind: CatalogKind) async throws -> any CatalogMaintenance {
        let (catalog, _) = try kind.make()
        try await catalog.rebuild(outputs: try Self.records(), tasks: [], unfinished: [], now: noon)
        return catalog
    }

    @Test(
        arguments: CatalogKind.allCases,
        [
            (EntryQuery(credentials: .trusted), [1, 6, 7]), (EntryQuery(credentials: .invalid), [3]),
            (EntryQuery(credentials: .absent), [4]), (EntryQuery(credentials: .unreadable), [5]),
            // A manifest that does not hold can name anyone.
            (EntryQuery(signer: "One"), [1, 2]), (EntryQuery(agent: "gpt-image"), [1]),
            (EntryQuery(signer: "Two \u{0}\"'"), [7]), (EntryQuery(text: "fox", signer: "One", agent: "GPT-4o"), [2]),
            (EntryQuery(states: [.archived], signer: "One", credentials: .valid, limit: 1), [2]), (EntryQuery(signer: "on"), []),
        ] as [(EntryQuery, [Int])])
    func outputsAreFound(_ kind: CatalogKind, _ expected: (query: EntryQuery, tasks: [Int])) async throws {
        let found = try await filled(kind).entries(expected.query)
        #expect(found.map(\.id.task.text) == expected.tasks.map { "t-\($0)" })
    }

    @Test(arguments: CatalogKind.allCases) func aRowSaysWhatTheRecordSays(_ kind: CatalogKind) async throws {
        let entries = try await filled(kind).entries(EntryQuery())
        #expect(entries.map(\.credentials) == (try Self.records()).map { OutputEntry($0).credentials })
        #expect(entries[0].credentials == nil && entries[1].credentials?.clock == .vendor)
    }

    @Test func aRareStateIsFoundWithoutReadingAllRows() async throws {
        let (catalog, _) = try CatalogKind.sqlite.make()
        try await catalog.rebuild(outputs: try Self.records(), tasks: [], unfinished: [], now: noon)
        let sqlite = try #require(catalog as? SQLiteCatalog)
        let plan = try await sqlite.plan(EntryQuery(credentials: .invalid), after: nil)
        #expect(plan.contains { $0.contains("output_credentials") }, "\(plan)")
        let named = try await sqlite.plan(EntryQuery(signer: "One"), after: nil)
        #expect(!named.contains { $0.hasSuffix("TEMP B-TREE FOR ORDER BY") || $0.contains("SCAN o") }, "\(named)")
    }
}
