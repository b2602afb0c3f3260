import ArchiveModel
import Foundation
import Testing

@Suite("Content Credentials in lists")
struct CredentialSummaryTests {
    private static func facts(_ state: CredentialFacts.State) -> CredentialFacts {
        var facts = CredentialFacts(state: state, checkedAt: Date(milliseconds: 1_795_348_800_000))
        var signer = CredentialFacts.Signer(
            serial: "01", algorithm: "ES256", notBefore: .distantPast, notAfter: .distantFuture, chain: [])
        signer.name = "OpenAI Media Service"
        facts.signer = signer
        facts.actions = [CredentialFacts.Action(action: "c2pa.created", agent: "gpt-image")]
        facts.timeStamp = CredentialFacts.TimeStamp(
            time: "2026-05-06T10:02:43.408688Z", authority: "OpenAI TSA Leaf", trusted: false, vendors: true)
        facts.turnsInvalidAt = Date(iso8601: "2027-03-24T02:53:02Z")
        return facts
    }

    @Test func aValidManifestIsSummedUp() throws {
        let summary = CredentialSummary(Self.facts(.trusted))
        #expect(summary.isBelievable && !summary.isDoubtful)
        let json = String(decoding: try JSONEncoder.archive(pretty: false).encode(summary), as: UTF8.self)
        #expect(
            json == #"{"agent":"gpt-image","clock":"vendor","signedAt":"2026-05-06T10:02:43.409Z","#
                + #""signer":"OpenAI Media Service","state":"trusted","timeAuthority":"OpenAI TSA Leaf","#
                + #""turnsInvalidAt":"2027-03-24T02:53:02.000Z"}"#)
    }

    /// C2PA 2.4, section 15.3: without a warning, declarations are shown only of a valid manifest.
    @Test(arguments: [CredentialFacts.State.absent, .unreadable, .invalid])
    func nothingIsSaidOfAnotherManifest(_ state: CredentialFacts.State) throws {
        let summary = CredentialSummary(Self.facts(state))
        #expect(summary == CredentialSummary(state: state))
        #expect(!summary.isBelievable && summary.isDoubtful == (state != .absent))
    }

    @Test func aSignatureThatLeavesOutPixelsIsNotBelieved() {
        var facts = Self.facts(.trusted)
        facts.codes = CredentialFacts.Codes()
        facts.codes?.informational = [CredentialFacts.Code(code: CredentialFacts.pictureDataExcluded)]
        let summary = CredentialSummary(facts)
        #expect(summary.coversPicture == false && summary.signer == nil && summary.isDoubtful)
    }

    @Test(arguments: [
        (true, false, CredentialSummary.Clock.listed), (true, true, .listed), (false, true, .vendor), (false, false, .unlisted),
    ])
    func theClockIsNamed(_ trusted: Bool, _ vendors: Bool, _ clock: CredentialSummary.Clock) {
        var facts = Self.facts(.valid)
        facts.timeStamp?.trusted = trusted
        facts.timeStamp?.vendors = vendors
        #expect(CredentialSummary(facts).clock == clock)
    }
}
