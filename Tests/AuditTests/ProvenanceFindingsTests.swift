import ArchiveModel
import Audit
import Foundation
import Testing

/// 2026-11-22T12:00:00Z, by date(1).
private let noon = Date(milliseconds: 1_795_348_800_000)
private let day: TimeInterval = 86_400

private func row(
    _ task: String, _ state: CredentialFacts.State? = .trusted, agent: String? = "gpt-image", model: String? = "gpt-image-2",
    manifest: String? = nil, byte: Character = "a", signed: TimeInterval = 30, ends: TimeInterval = 365 * day
) throws -> CredentialRow {
    var row = CredentialRow(id: OutputID(task: try #require(TaskID(task)), index: 0))
    row.createdAt = noon
    row.model = model
    row.digest = Digest(String(repeating: byte, count: 64))
    row.state = state
    row.agent = agent
    row.manifest = manifest ?? "urn:c2pa:\(task)"
    row.signedAt = noon.addingTimeInterval(signed)
    row.turnsInvalidAt = noon.addingTimeInterval(ends)
    return row
}

private func findings(_ rows: [CredentialRow]) -> [ProvenanceFindings.Finding] {
    var findings = ProvenanceFindings(now: noon)
    for row in rows { findings.add(row) }
    return findings.sorted
}

@Suite struct ProvenanceFindingsTests {
    @Test func aPictureAsOrderedGivesNoFinding() throws { #expect(findings([try row("a")]) == []) }

    @Test func eachStateHasItsFinding() throws {
        let found = findings([
            try row("a", nil), try row("b", .absent), try row("c", .unreadable), try row("d", .invalid), try row("e", .valid),
        ])
        #expect(found.map(\.kind) == [.invalid, .invalid, .unsigned, .unchecked])
        #expect(found.map(\.taskId.text) == ["c", "d", "b", "a"])
    }

    @Test func whatAnInvalidManifestSaysIsNotCompared() throws {
        let found = findings([try row("a", .invalid, agent: "GPT-4o", signed: -day, ends: day)])
        #expect(found.map(\.kind) == [.invalid])
    }

    @Test(arguments: [
        ("gpt-image", "gpt-image-2", true), ("GPT-Image 2", "gpt-image-2", true), ("gpt-image-2", "gpt-image", true),
        ("GPT-4o", "gpt-image-2", false), ("gpt-image-1", "gpt-image-2", false), ("gpt", "gptx-image", false),
    ])
    func theAgentIsComparedWithTheModel(_ agent: String, _ model: String, _ isSame: Bool) throws {
        let found = findings([try row("a", agent: agent, model: model)])
        #expect(found.map(\.kind) == (isSame ? [] : [.otherAgent]))
    }

    @Test func aPictureThatIsOlderThanItsTaskIsFound() throws {
        #expect(findings([try row("a", signed: -61)]).map(\.kind) == [.signedBeforeTask])
        // Two clocks may differ by a minute.
        #expect(findings([try row("a", signed: -60)]) == [])
    }

    @Test func oneManifestOnTwoPicturesIsFound() throws {
        let rows = [
            try row("a", manifest: "urn:c2pa:x"), try row("b", manifest: "urn:c2pa:x"),
            try row("c", .invalid, manifest: "urn:c2pa:x", byte: "b"),
        ]
        let found = findings(rows)
        #expect(found.map(\.kind) == [.invalid, .sameCredential])
        #expect(found.last?.taskId.text == "c")
    }

    @Test func theEndOfACertificateIsAnnouncedNinetyDaysAhead() throws {
        let found = findings([try row("a", ends: 90 * day), try row("b", ends: 89 * day), try row("c", ends: -day)])
        #expect(found.map(\.kind) == [.turnsInvalid, .turnsInvalid])
        #expect(found.map(\.taskId.text) == ["b", "c"])
        #expect(found.map { $0.detail.prefix(7) } == ["turns i", "turned "])
    }
}
