import Foundation
import Testing

@testable import ContentCredentials

/// Responses made by `openssl ocsp`, judged by the specification's section 15.9.
@Suite struct RevocationTests {
    let made: MadeCredentials

    init() throws {
        made = try MadeCredentials.shared.get()
    }

    private func output(
        _ responses: [String], stamp: String? = "right.tok", now: Date = .days(0.01)
    ) throws -> SignatureJudge.Output {
        var input = try made.input(now: now)
        if let stamp { input.timeStamps = [(try made.bytes(stamp), try made.bytes("payload.bin"))] }
        input.revocations = try responses.map { try made.bytes($0) }
        return SignatureJudge().judge(input)
    }

    @Test(arguments: ["good.ocsp", "good-by-issuer.ocsp", "removed.ocsp"])
    func aGoodResponseWithATrustedTimeClearsTheCertificate(response: String) throws {
        for now in [Date.days(0.01), .days(400)] {
            let output = try output([response], now: now)
            #expect(output.state == .trusted)
            #expect(output.has("signingCredential.ocsp.notRevoked"))
            #expect(output.revocation?.status == "good")
            #expect(output.revocation?.nextUpdate != nil)
        }
    }

    /// Without an attested time nothing shows that the response covers the signing (15.9.1).
    @Test func aGoodResponseWithoutATrustedTimeProvesNothing() throws {
        for stamp in [nil, "stranger.tok"] {
            let output = try output(["good.ocsp"], stamp: stamp)
            #expect(output.state == .trusted)
            #expect(output.has("signingCredential.ocsp.skipped"))
            #expect(output.revocation?.status == "good")
        }
    }

    @Test func aRevokedCertificateIsInvalid() throws {
        for stamp in ["right.tok", nil] {
            let output = try output(["revoked.ocsp"], stamp: stamp)
            #expect(output.state == .invalid)
            #expect(output.failures == ["signingCredential.ocsp.revoked"])
            #expect(output.revocation?.status == "revoked")
        }
        #expect(try output(["good.ocsp", "revoked.ocsp"]).state == .invalid)
        #expect(try output(["revoked.ocsp", "good.ocsp"]).state == .invalid)
    }

    @Test func anUnknownCertificateIsNoted() throws {
        let output = try output(["unknown.ocsp"])
        #expect(output.has("signingCredential.ocsp.unknown"))
        #expect(output.state == .trusted)
    }

    /// Responders that the issuer did not name must not revoke (RFC 6960, 4.2.2.2).
    @Test(arguments: ["foreign.ocsp", "by-leaf.ocsp", "message.bin", "right.tok", "es256.der"])
    func aResponseOfSomebodyElseDoesNotCount(response: String) throws {
        let output = try output([response])
        #expect(output.state == .trusted)
        #expect(output.has("signingCredential.ocsp.skipped"))
        #expect(output.revocation == nil)
    }

    @Test func aRevokedAuthorityIsUntrusted() throws {
        let output = try output(["good.ocsp", "middle-revoked.ocsp"])
        #expect(output.state == .valid)
        #expect(output.failures == ["signingCredential.untrusted"])
    }

    /// A response of the future is not one of today.
    @Test func aResponseFromTheFutureDoesNotCount() throws {
        let output = try output(["revoked.ocsp"], stamp: nil, now: .days(-0.5))
        #expect(!output.has("signingCredential.ocsp.revoked"))
    }

    @Test func aChangedResponseDoesNotCount() throws {
        let right = try made.bytes("revoked.ocsp")
        for index in stride(from: 0, to: right.count, by: 7) {
            var input = try made.input(now: .days(0.01))
            var changed = right
            changed[index] ^= 0x04
            input.revocations = [changed]
            // Bytes of certificates that the response carries and does not need may change.
            let output = SignatureJudge().judge(input)
            #expect(output.state == .trusted || output.failures == ["signingCredential.ocsp.revoked"])
        }
    }
}
