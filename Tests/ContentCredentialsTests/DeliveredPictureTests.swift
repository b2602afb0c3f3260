import Foundation
import Testing

@testable import ContentCredentials

private enum Corpus {
    static let folder = ProcessInfo.processInfo.environment["FIXATIVE_CORPUS"] ?? "../shared/corpus"

    static var exists: Bool {
        FileManager.default.fileExists(atPath: "\(folder)/boots-1254x1254.png")
    }
}

/// The chains, time stamps and OCSP responses of real deliveries, under the clocks of the next years.
///
/// The pictures are not part of the project; without them these tests are skipped.
@Suite(.enabled(if: Corpus.exists)) struct DeliveredPictureTests {
    private struct Parts: Decodable {
        var algorithm: Int64
        var chain: [Data]
        var toBeSigned: [Data]
        var signature: [Data]
        var tokens: [Data]
        var stamped: [Data]
        var responses: [Data]
    }

    private func input(_ picture: String, now: Date, trust: TrustPolicy = .embedded()) throws -> SignatureJudge.Input {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/extract-credential.py")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path(), "\(Corpus.folder)/\(picture).png"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let parts = try JSONDecoder().decode(Parts.self, from: data)
        return SignatureJudge.Input(
            algorithm: parts.algorithm, chain: parts.chain.map { [UInt8]($0) }, toBeSigned: [UInt8](parts.toBeSigned[0]),
            signature: [UInt8](parts.signature[0]), timeStamps: [([UInt8](parts.tokens[0]), [UInt8](parts.stamped[0]))],
            revocations: parts.responses.map { [UInt8]($0) }, box: "box", trust: trust, now: now)
    }

    /// One picture of each of the vendor's two chains. The leafs end on 2027-03-24 and 2027-04-23.
    @Test(arguments: [
        ("boots-1254x1254", "2026-11-26", CredentialReport.State.trusted), ("boots-1254x1254", "2027-03-30", .invalid),
        ("boots-1254x1254", "2027-05-01", .invalid), ("boots-1254x1254", "2038-01-01", .invalid),
        ("nails-2048x2048", "2026-11-26", .trusted), ("nails-2048x2048", "2027-03-30", .trusted),
        ("nails-2048x2048", "2027-05-01", .invalid), ("nails-2048x2048", "2038-01-01", .invalid),
    ])
    func theStateFallsWithTheSignersCertificate(picture: String, day: String, state: CredentialReport.State) throws {
        let now = try Date(day: day)
        var input = try input(picture, now: now)
        let output = SignatureJudge().judge(input)
        #expect(output.state == state)
        #expect(output.has("timeStamp.validated") && output.has("timeStamp.untrusted"))
        #expect(output.isValidByVendorTime)
        let isTrufo = picture.hasPrefix("boots")
        #expect(output.turnsInvalidAt == CivilTime(internetTime: isTrufo ? "2027-03-24T02:53:02Z" : "2027-04-23T15:51:04Z")?.date)
        #expect(output.has("signingCredential.ocsp.skipped"))
        // With the vendor's authority among those that are trusted, the attested time counts at every clock.
        input.trust.timeAuthorities = input.trust.timeAuthorities.adding(input.trust.vendorTimeAuthorities)
        let held = SignatureJudge().judge(input)
        #expect(held.state == .trusted)
        #expect(held.turnsInvalidAt == nil)
        // The responder of one chain is not authorized by the issuer of the leaf (RFC 6960, 4.2.2.2).
        #expect(held.has("signingCredential.ocsp.notRevoked") == !isTrufo)
    }

    /// As openssl prints them.
    @Test func theFactsAreThoseOfTheFile() throws {
        let output = SignatureJudge().judge(try input("boots-1254x1254", now: Date(day: "2026-11-26")))
        let signer = try #require(output.signer)
        #expect(signer.name == "OpenAI Media Service" && signer.organization == "OpenAI OpCo, LLC")
        #expect(signer.issuer == "Trufo C2PA Claim Signing CA (2025)" && signer.algorithm == "ES256")
        #expect(signer.serial == "5294250781b56a86f933177870d68eadef621a41")
        #expect(signer.product == "019bc403-5cd7-7669-afe6-fdb17177d428" && signer.assuranceLevel == 1)
        #expect(output.timeStamp?.text == "2026-05-05T13:03:32.121315Z")
        #expect(output.timeStamp?.authority == "OpenAI TSA Leaf")
        #expect(output.timeStamp?.isVendors == true)
    }
}
