import Foundation
import Testing

@testable import ContentCredentials

/// Signatures and certificates made by openssl, judged by the rules of the C2PA specification.
@Suite struct SignerTests {
    let made: MadeCredentials

    init() throws {
        made = try MadeCredentials.shared.get()
    }

    /// Every algorithm, and elliptic curves with each of the digests (specification 2.2, 13.2.1).
    @Test(arguments: [
        ("es256", -7, "sha256"), ("es256", -35, "sha384"), ("es256", -36, "sha512"), ("es384", -7, "sha256"),
        ("es384", -35, "sha384"), ("es384", -36, "sha512"), ("es512", -7, "sha256"), ("es512", -35, "sha384"),
        ("es512", -36, "sha512"), ("ps256", -37, "sha256"), ("ps256", -38, "sha384"), ("ps256", -39, "sha512"),
        ("ps512", -37, "sha256"), ("ps512", -39, "sha512"), ("pss-key", -37, "sha256"), ("pss-key", -39, "sha512"),
    ])
    func everyAlgorithmVerifies(leaf: String, algorithm: Int64, digest: String) throws {
        let output = SignatureJudge().judge(try made.input(leaf, algorithm: algorithm, signature: "\(leaf)-\(digest)"))
        #expect(output.state == .trusted)
        #expect(output.failures.isEmpty)
        #expect(output.has("claimSignature.validated") && output.has("claimSignature.insideValidity"))
        #expect(output.has("signingCredential.trusted"))
    }

    @Test func ed25519Verifies() throws {
        let output = SignatureJudge().judge(try made.input("ed25519", algorithm: -8, signature: "ed25519"))
        #expect(output.state == .trusted)
        #expect(output.signer?.algorithm == "EdDSA")
    }

    @Test(arguments: ["es256", "es384", "es512", "ps256", "pss-key"])
    func aChangedByteIsAMismatch(leaf: String) throws {
        let algorithm: Int64 = leaf.hasPrefix("es") ? -7 : -37
        let right = try made.input(leaf, algorithm: algorithm)
        var changed = right
        changed.toBeSigned[3] ^= 1
        var damaged = right
        damaged.signature[5] ^= 1
        var cut = right
        cut.signature.removeLast()
        var longer = right
        longer.signature.append(0)
        for input in [changed, damaged, cut, longer] {
            let output = SignatureJudge().judge(input)
            #expect(output.state == .invalid)
            #expect(output.failures == ["claimSignature.mismatch"])
            #expect(!output.has("claimSignature.insideValidity"))
        }
    }

    /// PKCS #1 v1.5, a salt of another length, DER instead of r and s, and an algorithm for another kind of key.
    @Test func aSignatureOfAnotherFormIsAMismatch() throws {
        var inputs = [
            try made.input("ps256", algorithm: -37, signature: "pkcs1"),
            try made.input("ps256", algorithm: -37, signature: "pss-salt-20"),
            try made.input("es256", algorithm: -37), try made.input("ps256", algorithm: -7),
            try made.input("es256", algorithm: -8),
        ]
        var der = try made.input()
        der.signature = try made.bytes("es256-sha256.sig")
        inputs.append(der)
        for input in inputs {
            #expect(SignatureJudge().judge(input).failures == ["claimSignature.mismatch"])
        }
    }

    @Test(arguments: [-257, 0, 5, -47, Int64.min, Int64.max])
    func anUnknownAlgorithmIsUnsupported(algorithm: Int64) throws {
        #expect(SignatureJudge().judge(try made.input(algorithm: algorithm)).failures == ["algorithm.unsupported"])
    }

    /// The certificate profile and the extended key usages (14.4.1, 14.5.1.1).
    @Test(arguments: [
        "any", "server", "no-usage", "stamping", "ocsp-too", "no-key-usage", "encipher", "cert-sign", "no-aki", "critical",
        "sha1",
    ])
    func aCertificateOutsideTheProfileIsInvalid(leaf: String) throws {
        let output = SignatureJudge().judge(try made.input(leaf))
        #expect(output.state == .invalid)
        #expect(!output.isTrusted)
        #expect(output.failures == ["signingCredential.invalid"])
    }

    @Test(arguments: [("weak", -37), ("k256", -7)])
    func aKeyThatIsNotAllowedIsInvalid(leaf: String, algorithm: Int64) throws {
        let output = SignatureJudge().judge(try made.input(leaf, algorithm: algorithm))
        #expect(output.failures == ["signingCredential.invalid", "claimSignature.mismatch"])
    }

    @Test(arguments: ["claim", "document", "product"])
    func theOtherUsagesAreAccepted(leaf: String) throws {
        #expect(SignatureJudge().judge(try made.input(leaf)).state == .trusted)
    }

    @Test func aUsageThatThePolicyLacksIsInvalid() throws {
        var input = try made.input()
        input.trust.usages = ["1.3.6.1.4.1.62558.2.1"]
        #expect(SignatureJudge().judge(input).failures == ["signingCredential.invalid"])
        input.chain[0] = try made.certificate("claim")
        #expect(!SignatureJudge().judge(input).has("signingCredential.invalid"))
    }

    @Test func anAuthorityMustNotSignClaims() throws {
        let output = SignatureJudge().judge(try made.input("authority-leaf"))
        #expect(output.state == .invalid)
        #expect(output.failures == ["signingCredential.invalid", "signingCredential.untrusted"])
    }

    @Test func theFactsAreThoseOfTheCertificate() throws {
        let input = try made.input("product")
        let signer = try #require(SignatureJudge().judge(input).signer)
        #expect(signer.name == "product" && signer.organization == "Fixative Test" && signer.issuer == "middle")
        #expect(signer.algorithm == "ES256")
        #expect(signer.product == "019bc403-5cd7" && signer.assuranceLevel == 2)
        #expect(signer.notAfter.timeIntervalSince(signer.notBefore) == 100 * 86_400)
        #expect(SignatureJudge().judge(try made.input()).signer?.serial == "1001")
    }

    @Test func aPrivateCertificateIsTrustedWithoutAPath() throws {
        var input = try made.input("no-usage", under: [])
        #expect(SignatureJudge().judge(input).state == .invalid)
        input.trust.allowed = [try made.certificate("no-usage")]
        let output = SignatureJudge().judge(input)
        #expect(output.state == .trusted)
        input.now = .days(101)
        #expect(SignatureJudge().judge(input).failures == ["claimSignature.outsideValidity"])
    }

    /// A certificate in the private store can't issue others (14.4.3).
    @Test func aPrivateCertificateIsNoAnchor() throws {
        var input = try made.input(under: [])
        input.trust.signers = .empty
        input.trust.allowed = [try made.certificate("middle"), try made.certificate("root")]
        #expect(SignatureJudge().judge(input).state == .valid)
    }
}
