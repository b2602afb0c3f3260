import Foundation
import Testing

@testable import ContentCredentials

/// Time-stamp tokens made by `openssl ts` and `openssl cms`, judged by the specification's section 15.8.
@Suite struct TimeStampTests {
    let made: MadeCredentials

    init() throws {
        made = try MadeCredentials.shared.get()
    }

    private func input(_ token: String, now: Date = .days(0.01)) throws -> SignatureJudge.Input {
        var input = try made.input(now: now)
        input.timeStamps = [(try made.bytes(token), try made.bytes("payload.bin"))]
        return input
    }

    private func codes(_ output: SignatureJudge.Output) -> [String] {
        output.codes.map(\.code).filter { $0.hasPrefix("timeStamp.") }
    }

    /// A trusted stamp holds the signature long after its certificate has ended; nothing else does.
    @Test(arguments: ["right.tok", "right-sha512.tok", "p256.tok", "right.tsr"])
    func aTrustedStampCountsInsteadOfThePresent(token: String) throws {
        for now in [Date.days(0.01), try Date(day: "2040-01-01"), try Date(day: "9000-01-01")] {
            let output = SignatureJudge().judge(try input(token, now: now))
            #expect(output.state == .trusted)
            #expect(codes(output) == ["timeStamp.validated", "timeStamp.trusted"])
            #expect(output.turnsInvalidAt == nil)
            let facts = try #require(output.timeStamp)
            #expect(facts.isTrusted && !facts.isVendors)
            #expect(facts.authority == (token == "p256.tok" ? "stamper-p256" : "stamper"))
            #expect(abs(facts.time.timeIntervalSinceNow) < 3_600)
            #expect(facts.text.hasSuffix("Z") && facts.text.contains("T"))
        }
    }

    /// Such a stamp is ignored: today the state stays, and it falls with the certificate.
    @Test(arguments: [
        ("imprint-sha1.tok", ["timeStamp.untrusted"]), ("mild.tok", ["timeStamp.untrusted"]),
        ("mail.tok", ["timeStamp.untrusted"]), ("without-certificates.tok", ["timeStamp.untrusted"]),
        ("stranger.tok", ["timeStamp.validated", "timeStamp.untrusted"]),
        ("signers-root.tok", ["timeStamp.validated", "timeStamp.untrusted"]), ("two-signers.tok", ["timeStamp.malformed"]),
        ("late.tok", ["timeStamp.outsideValidity"]), ("text.tok", ["timeStamp.malformed"]),
        ("message.bin", ["timeStamp.malformed"]), ("good.ocsp", ["timeStamp.malformed"]), ("root.der", ["timeStamp.malformed"]),
    ])
    func anotherStampIsIgnored(token: String, expected: [String]) throws {
        let now = SignatureJudge().judge(try input(token))
        #expect(now.state == .trusted)
        #expect(codes(now) == expected)
        #expect(now.failures.isEmpty)
        #expect(now.turnsInvalidAt != nil)
        let later = SignatureJudge().judge(try input(token, now: .days(101)))
        #expect(later.state == .invalid)
        #expect(later.failures == ["signingCredential.untrusted", "claimSignature.outsideValidity"])
    }

    @Test func aStampOfOtherBytesIsAMismatch() throws {
        var input = try input("right.tok")
        input.timeStamps[0].payload.append(0)
        let output = SignatureJudge().judge(input)
        #expect(codes(output) == ["timeStamp.mismatch"])
        #expect(output.timeStamp == nil)
    }

    /// The last byte of a token is the last of its signature.
    @Test func aStampWithAWrongSignatureIsAMismatch() throws {
        var input = try input("right.tok")
        input.timeStamps[0].token[input.timeStamps[0].token.count - 1] ^= 1
        #expect(codes(SignatureJudge().judge(input)) == ["timeStamp.mismatch"])
    }

    @Test func twoStampsInOneHeaderAreMalformed() throws {
        var input = try input("right.tok")
        input.timeStamps.append(input.timeStamps[0])
        let output = SignatureJudge().judge(input)
        #expect(codes(output) == ["timeStamp.malformed"])
        #expect(output.turnsInvalidAt != nil)
    }

    /// Stamps of later manifests help when that of the header does not hold (15.8.1.2).
    @Test func aLaterStampIsTried() throws {
        var input = try input("stranger.tok", now: .days(200))
        #expect(SignatureJudge().judge(input).state == .invalid)
        input.laterTimeStamps = [input.timeStamps[0], (try made.bytes("right.tok"), try made.bytes("payload.bin"))]
        let output = SignatureJudge().judge(input)
        #expect(output.state == .trusted)
        #expect(output.timeStamp?.authority == "stamper")
    }

    /// A stamp over the signature is version 2, which holds a token and never a response (15.8.1.1).
    @Test func aResponseIsNoTokenOfVersionTwo() throws {
        var input = try input("right.tsr")
        #expect(codes(SignatureJudge().judge(input)) == ["timeStamp.validated", "timeStamp.trusted"])
        input.timeStamps[0].payload += input.signature
        #expect(codes(SignatureJudge().judge(input)) == ["timeStamp.malformed"])
    }

    /// The vendor's own clock dates a signature, and never makes it trusted.
    @Test func aVendorsStampNeverChangesTheState() throws {
        for (now, state) in [(Date.days(0.01), CredentialReport.State.trusted), (Date.days(101), .invalid)] {
            var input = try input("stranger.tok", now: now)
            #expect(!SignatureJudge().judge(input).isValidByVendorTime)
            input.trust.vendorTimeAuthorities = try made.list("other-root")
            let output = SignatureJudge().judge(input)
            #expect(output.state == state)
            #expect(output.isValidByVendorTime)
            #expect(output.timeStamp?.isVendors == true && output.timeStamp?.isTrusted == false)
            input.toBeSigned.append(0)
            #expect(!SignatureJudge().judge(input).isValidByVendorTime)
        }
    }

    /// The attested time has to be inside the validity of the signer's chain; this leaf begins after it.
    @Test func aTrustedStampOutsideTheSignersValidityRejectsTheClaim() throws {
        var input = try input("right.tok")
        var certificate = try made.certificate("es256")
        // The year of notBefore in UTCTime: the signature over the certificate breaks with it, which is not the question here.
        let year = Array("\(Calendar(identifier: .gregorian).component(.year, from: .now) % 100)".utf8)
        let start = try #require(
            certificate.indices.first { at in
                certificate[at] == 0x17 && certificate[(at + 1)...].starts(with: [13] + year)
            })
        certificate.replaceSubrange(start + 2..<start + 4, with: Array("49".utf8))
        input.chain[0] = certificate
        let output = SignatureJudge().judge(input)
        #expect(output.state == .invalid)
        #expect(output.failures.contains("claimSignature.outsideValidity"))
    }
}
