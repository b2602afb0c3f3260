import ArchiveModel
import Foundation
import Provenance
import Testing

@Suite("The check of Content Credentials")
struct CheckTests {
    static let now = Date(milliseconds: 1_795_348_800_000 + 6 * 86_400_000)

    private static func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    private static func check(anchored: Bool = true) throws -> CredentialCheck {
        let settings = TrustSettings(
            addedSigners: anchored ? Data(try fixture("anchors.pem")) : nil,
            addedTimeAuthorities: anchored ? Data(try fixture("tsa-anchors.pem")) : nil)
        return try CredentialCheck(settings)
    }

    /// Signed by another program (c2pa-rs), which calls them trusted with these anchors.
    @Test(arguments: ["right-es256-png.png", "right-es256-jpeg.jpg", "right-es256-webp.webp", "right-v1-stamped-jpeg.jpg"])
    func filesOfAnotherProgramAreTrustedWithItsAnchors(_ name: String) throws {
        let bytes = try Self.fixture(name)
        let facts = try Self.check().facts(of: bytes.span, now: Self.now)
        #expect(facts.state == .trusted, "\(facts.codes?.failure ?? [])")
        #expect(facts.codes?.failure.isEmpty == true)
        #expect(facts.signer?.chain.isEmpty == false && facts.claim?.label.isEmpty == false)
        let units = facts.store?.units ?? []
        #expect(!units.isEmpty && units.allSatisfy { $0[0] < $0[1] && $0[1] <= bytes.count })
        // Without the anchors the signature holds, and nobody vouches for the signer.
        #expect(try Self.check(anchored: false).facts(of: bytes.span, now: Self.now).state == .valid)
    }

    /// One changed bit of the pixels. The reference says so of its own mutations as well.
    @Test func aChangedPixelIsInvalid() throws {
        var bytes = try Self.fixture("right-es256-jpeg.jpg")
        bytes[bytes.count - 20] ^= 1
        let facts = try Self.check().facts(of: bytes.span, now: Self.now)
        #expect(facts.state == .invalid)
        #expect(facts.codes?.failure.map(\.code).contains("assertion.dataHash.mismatch") == true)
        #expect(facts.declaredSourceType == nil)
    }

    @Test func theRecordNamesTheListsByTheirDigests() throws {
        let bytes = try Self.fixture("right-es256-png.png")
        let facts = try Self.check().facts(of: bytes.span, now: Self.now)
        let trust = try #require(facts.trust)
        // sha256sum of the published files.
        #expect(trust.signers.hex == "709555a038a78d4b001e96826313957a27771dc66ca881d408ec8cbf2e21627e")
        #expect(trust.timeAuthorities.hex == "6f409f08c7c877019cb8fa54e83017bd02feee5a1851cc95d2e369ccaba1793e")
        #expect(trust.addedSigners == Digest(of: try Self.fixture("anchors.pem")))
        #expect(facts.trustLists.count == 5)
        let files = TrustLists(
            TrustSettings(
                addedSigners: Data(try Self.fixture("anchors.pem")),
                addedTimeAuthorities: Data(try Self.fixture("tsa-anchors.pem"))
            )
        ).files
        #expect(Set(files.map { Digest(of: $0) }) == Set(facts.trustLists))
    }

    @Test func theEvidenceHoldsTheManifestAndTheCertificates() throws {
        let bytes = try Self.fixture("right-v1-stamped-jpeg.jpg")
        let evidence = try Self.check().evidence(of: bytes.span, now: Self.now)
        #expect(evidence.manifest.map { Digest(of: Array($0)) } == evidence.facts.store?.sha256)
        #expect(evidence.chain.map { Digest(of: Array($0)) } == evidence.facts.signer?.chain)
        #expect(evidence.token?.isEmpty == false)
    }

    @Test func aDamagedListIsRefusedByName() {
        let error = #expect(throws: TrustListError.self) { try CredentialCheck(TrustSettings(signers: Data("no list".utf8))) }
        #expect(error?.description.contains("the list of signers") == true)
    }

    /// The dates of the official lists, as they state them.
    @Test func embeddedListsSayWhenTheyAreReplaced() {
        #expect(EmbeddedList.signers.nextUpdate?.iso8601 == "2027-08-05T00:11:39.000Z")
        #expect(EmbeddedList.signers.issued?.iso8601 == "2026-08-05T00:11:39.000Z")
        #expect(EmbeddedList.vendorTime.nextUpdate == nil)
    }

    /// A list is stored before the first record that names it, and again before a collection of garbage could take it.
    @Test func listsAreStoredOnceInAWhile() async throws {
        let keeper = TrustListKeeper(.official)
        let verdict = CredentialFacts.Verdict(checkedAt: Self.now, state: .trusted, trust: TrustLists(.official).digests)
        let counter = Counter()
        for (minute, stored) in [(0, 3), (10, 3), (19, 3), (21, 6), (22, 6)] {
            try await keeper.keep(verdict, now: Self.now.addingTimeInterval(TimeInterval(60 * minute))) { _ in
                await counter.add()
            }
            #expect(await counter.count == stored)
        }
        try await keeper.keep(nil, now: .distantFuture) { _ in await counter.add() }
        #expect(await counter.count == 6)
    }

    @Test func aFileWithoutCredentialsIsAbsent() {
        let now = Date(milliseconds: 1_795_348_800_000)
        let bytes = Array("no picture".utf8)
        #expect(CredentialCheck.official.facts(of: bytes.span, now: now) == CredentialFacts(state: .absent, checkedAt: now))
    }
}

private actor Counter {
    private(set) var count = 0
    func add() { count += 1 }
}
