import Foundation
import SwiftASN1
import Testing
import X509

@testable import ContentCredentials

/// Paths from signers to anchors (RFC 5280, 6; specification, 14.5.1.2).
@Suite struct PathTests {
    let made: MadeCredentials

    init() throws {
        made = try MadeCredentials.shared.get()
    }

    @Test(arguments: [["middle"], ["middle", "root"]])
    func aChainThatLeadsToAnAnchorIsTrusted(chain: [String]) throws {
        #expect(SignatureJudge().judge(try made.input(under: chain)).state == .trusted)
    }

    @Test func anIntermediateCanBeTheAnchor() throws {
        var input = try made.input(under: [])
        input.trust.signers = try made.list("middle")
        #expect(SignatureJudge().judge(input).state == .trusted)
        input = try made.input(under: ["middle", "root"])
        input.trust.signers = try made.list("middle")
        #expect(SignatureJudge().judge(input).state == .trusted)
    }

    @Test(arguments: [[], ["root"], ["root", "middle"], ["other-root"], ["middle", "other-root"], ["middle", "middle"]])
    func aChainWithAGapOrInAnotherOrderIsUntrusted(chain: [String]) throws {
        let output = SignatureJudge().judge(try made.input(under: chain))
        #expect(output.state == .valid)
        #expect(output.failures == ["signingCredential.untrusted"])
    }

    /// Each of these authorities breaks one rule, and the second opinion refuses it too.
    @Test(arguments: [
        ["no-authority"], ["no-basic"], ["constrained"], ["unknown-critical"], ["too-deep", "short"], ["other"],
    ])
    func anAuthorityThatBreaksARuleIsUntrusted(chain: [String]) async throws {
        let input = try made.input("\(chain[0])-leaf", under: chain)
        #expect(SignatureJudge().judge(input).failures == ["signingCredential.untrusted"])
        #expect(try await !isValidBySwiftCertificates(input, anchor: "root"))
    }

    /// swift-certificates does not ask for these, so there is no second opinion on them.
    @Test(arguments: ["no-cert-sign", "no-usage-middle", "no-ski", "no-aki-middle"])
    func anAuthorityOutsideTheProfileIsUntrusted(authority: String) throws {
        var input = try made.input("\(authority)-leaf", under: [authority])
        #expect(SignatureJudge().judge(input).failures == ["signingCredential.untrusted"])
        // An anchor is trusted by the list, unless its own key usage forbids it.
        input.trust.signers = try made.list(authority)
        #expect(SignatureJudge().judge(input).state == (authority == "no-cert-sign" ? .valid : .trusted))
    }

    @Test(arguments: [("deep-enough-leaf", ["deep-enough", "long"]), ("es256", ["middle"]), ("es256", ["middle", "root"])])
    func aRightPathHasASecondOpinion(leaf: String, chain: [String]) async throws {
        let input = try made.input(leaf, under: chain)
        #expect(SignatureJudge().judge(input).state == .trusted)
        #expect(try await isValidBySwiftCertificates(input, anchor: "root"))
    }

    private func isValidBySwiftCertificates(_ input: SignatureJudge.Input, anchor: String) async throws -> Bool {
        let chain = try input.chain.map { try Certificate(derEncoded: $0) }
        let roots = CertificateStore([try Certificate(derEncoded: made.certificate(anchor))])
        var verifier = Verifier(rootCertificates: roots) { RFC5280Policy() }
        let result = await verifier.validate(
            leaf: chain[0], intermediates: CertificateStore(chain.dropFirst()), diagnosticCallback: { _ in })
        if case .validCertificate = result { return true }
        return false
    }

    /// swift-certificates can't read such certificates at all.
    @Test func anAuthoritySignedWithPSSIsTrusted() throws {
        var input = try made.input("pss-signed-leaf", under: ["pss-signed"])
        input.trust.signers = try made.list("time-root")
        #expect(SignatureJudge().judge(input).state == .trusted)
    }

    /// The list for time stamps makes no signer trusted (14.4.2).
    @Test func anAnchorForTimeStampsIsNoneForSigners() throws {
        #expect(SignatureJudge().judge(try made.input("under-time-root", under: ["time-middle"])).state == .valid)
    }

    /// Without a trusted time stamp the present time counts, for the leaf and for its authorities (15.8.2).
    @Test func aChainEndsWithItsFirstCertificate() throws {
        for (leaf, chain, days) in [("es256", "middle", 100.0), ("brief-leaf", "brief", 10.0)] {
            var input = try made.input(leaf, under: [chain], now: .days(days - 1))
            let before = SignatureJudge().judge(input)
            #expect(before.state == .trusted)
            let end = try #require(before.turnsInvalidAt)
            #expect(abs(end.timeIntervalSince(.days(days))) < 3_600)
            input.now = .days(days + 1)
            let after = SignatureJudge().judge(input)
            #expect(after.state == .invalid)
            #expect(after.failures == ["signingCredential.untrusted", "claimSignature.outsideValidity"])
            input.now = .days(-2)
            #expect(SignatureJudge().judge(input).failures == ["signingCredential.untrusted", "claimSignature.outsideValidity"])
        }
    }

    /// Thirty copies of one authority with one name, each a candidate for each other, end quickly and lead nowhere.
    @Test func theSearchIsBounded() throws {
        let pool = try (0..<30).map { _ in try X509Certificate(der: made.certificate("middle")) }
        let leaf = try X509Certificate(der: made.certificate("es256"))
        var builder = CertificatePathBuilder(
            pool: pool, anchors: try made.list("other-root").anchors, links: VerifiedLinks(), time: .now)
        #expect(builder.path(from: leaf) == nil)
        var many = try made.input(under: Array(repeating: "middle", count: 10))
        #expect(SignatureJudge().judge(many).failures == ["signingCredential.invalid"])
        many.chain = []
        #expect(SignatureJudge().judge(many).failures == ["signingCredential.invalid"])
    }
}
