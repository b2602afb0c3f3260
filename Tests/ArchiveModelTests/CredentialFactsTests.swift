import ArchiveModel
import Foundation
import Testing

/// 2026-11-22T12:00:00Z, by date(1).
private let noon = Date(milliseconds: 1_795_348_800_000)

@Suite("Content Credentials in a record")
struct CredentialFactsTests {
    private static func facts(_ state: CredentialFacts.State, at date: Date = noon) -> CredentialFacts {
        var facts = CredentialFacts(state: state, checkedAt: date)
        let lists = [Digest(of: "signers"), Digest(of: "authorities")]
        facts.trust = CredentialFacts.Trust(signers: lists[0], timeAuthorities: lists[1])
        facts.store = CredentialFacts.Store(bytes: 23_626, sha256: Digest(of: "store"), units: [33..<23_671])
        facts.actions = [
            CredentialFacts.Action(action: "c2pa.created", agent: "gpt-image", digitalSourceType: "http://example.org/made"),
            CredentialFacts.Action(action: "c2pa.converted"),
        ]
        facts.timeStamp = CredentialFacts.TimeStamp(
            time: "2026-05-06T10:02:43.408688Z", authority: "OpenAI TSA Leaf", trusted: false, vendors: true)
        return facts
    }

    @Test func factsAreReadAsTheyWereWritten() throws {
        var facts = Self.facts(.trusted)
        facts.append(Self.facts(.invalid, at: noon.addingTimeInterval(86_400)))
        let json = try JSONEncoder.archive(pretty: false).encode(facts)
        #expect(try JSONDecoder.archive.decode(CredentialFacts.self, from: json) == facts)
    }

    /// The names are part of the archive's format.
    @Test func theRecordHasTheDocumentedNames() throws {
        let json = try JSONEncoder.archive(pretty: false).encode(Self.facts(.valid))
        let value = try JSONDecoder().decode(JSONValue.self, from: json)
        #expect(value["state"] == .string("valid") && value["spec"] == .string("2.4"))
        #expect(value["checkedAt"] == .string("2026-11-22T12:00:00.000Z"))
        #expect(value["store"]?["units"] == .array([.array([.integer(33), .integer(23_671)])]))
        #expect(value["timeStamp"]?["trusted"] == .bool(false))
        #expect(value["actions"]?.array?.count == 2)
        #expect(value["history"] == nil)
    }

    @Test func laterVerdictsNeverReplaceTheFirst() {
        var facts = Self.facts(.trusted)
        let first = facts.first
        var later = Self.facts(.invalid, at: noon.addingTimeInterval(86_400))
        later.codes = CredentialFacts.Codes()
        later.codes?.failure = [CredentialFacts.Code(code: "signingCredential.expired")]
        facts.append(later)
        facts.append(Self.facts(.trusted, at: noon.addingTimeInterval(172_800)))
        #expect(facts.state == .trusted && facts.verdicts.map(\.state) == [.trusted, .invalid, .trusted])
        #expect(facts.verdicts[0] == first && facts.verdicts[1].failures == ["signingCredential.expired"])
        #expect(facts.latest.checkedAt == noon.addingTimeInterval(172_800))
    }

    @Test func onlyAValidManifestDeclaresASourceType() {
        for state in CredentialFacts.State.allCases {
            #expect((Self.facts(state).declaredSourceType != nil) == [.valid, .trusted].contains(state))
        }
        // A signed hole in the pixels: the signature holds, and the picture may be another one.
        var hollow = Self.facts(.trusted)
        hollow.codes = CredentialFacts.Codes()
        hollow.codes?.informational = [CredentialFacts.Code(code: "x-fixative.exclusion.pictureData")]
        #expect(hollow.declaredSourceType == nil && !hollow.isBelievable)
    }

    @Test func theTimeOfTheSignatureIsThatOfTheStamp() {
        // Rounded to whole milliseconds, as all times of a record.
        #expect(Self.facts(.valid).signedAt?.iso8601 == "2026-05-06T10:02:43.409Z")
        #expect(Self.facts(.valid).agent == "gpt-image")
    }

    @Test func statesAreOrdered() {
        #expect(CredentialFacts.State.allCases.sorted() == [.absent, .unreadable, .invalid, .valid, .trusted])
    }
}
