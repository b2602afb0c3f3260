import Foundation
import Testing

@testable import ContentCredentials

@Suite struct TrustListTests {
    /// Counted in the published files of 5 August 2026 by another program.
    @Test func theEmbeddedListsAreTheOfficialOnes() throws {
        let trust = TrustPolicy.embedded()
        #expect(trust.signers.anchors.count == 30)
        #expect(trust.timeAuthorities.anchors.count == 22)
        #expect(trust.vendorTimeAuthorities.anchors.map(\.name) == ["OpenAI TSA Root CA"])
        #expect(trust.signers.issued == CivilTime(internetTime: "2026-08-05T00:11:39Z")?.date)
        #expect(trust.signers.nextUpdate == CivilTime(internetTime: "2027-08-05T00:11:39Z")?.date)
        #expect(trust.timeAuthorities.issued == CivilTime(internetTime: "2026-08-05T00:11:47Z")?.date)
        #expect(trust.signers.anchors.contains { $0.name == "Trufo C2PA Root CA (2025, ECC P384)" })
        #expect(trust.allowed.isEmpty)
        let late = try #require(trust.signers.anchors.first { $0.name == "Castlabs C2PA ECC P-384 Root CA" })
        #expect(late.notBefore == CivilTime(internetTime: "2026-08-10T00:00:00Z")?.date)
        #expect(trust.signers.anchors.allSatisfy { $0.certificate.key != nil && $0.certificate.signatureScheme != nil })
        #expect(trust.timeAuthorities.anchors.allSatisfy { $0.certificate.key != nil })
    }

    private func list(_ service: String) -> [UInt8] {
        Array(
            """
            {"LoTE": {"ListAndSchemeInformation": {"ListIssueDateTime": "2026-08-05T00:11:39Z"}, "TrustedEntitiesList": [
              {"TrustedEntityInformation": {}, "TrustedEntityServices": [{"ServiceInformation": \(service)}]}]}}
            """.utf8)
    }

    private func service(_ status: String, _ more: String = "") throws -> String {
        let der = try MadeCredentials.shared.get().certificate("root")
        return """
            {"ServiceDigitalIdentity": {"X509Certificates": [{"val": "\(Data(der).base64EncodedString())"}]},
             "ServiceStatus": "http://c2pa.org/conformance/trust-list/\(status)"\(more)}
            """
    }

    /// The trust of an anchor begins and ends (specification 2.4, 14.4.1).
    @Test func anAnchorIsUsedOnlyInItsTime() throws {
        let made = try MadeCredentials.shared.get()
        let start = "2026-01-02T03:04:05Z"
        for (status, more, notBefore, notAfter) in [
            ("trusted", #", "StatusStartingTime": "\#(start)""#, start, nil),
            ("untrusted", #", "StatusStartingTime": "\#(start)""#, nil, start),
            ("trusted", #", "notBefore": "2020-01-01T00:00:00Z", "notAfter": "\#(start)""#, "2020-01-01T00:00:00Z", start),
            ("trusted", "", nil, nil),
        ] as [(String, String, String?, String?)] {
            let list = try TrustList(lote: list(service(status, more)))
            #expect(list.anchors.map(\.name) == ["root"])
            #expect(list.anchors[0].notBefore == notBefore.flatMap { CivilTime(internetTime: $0)?.date })
            #expect(list.anchors[0].notAfter == notAfter.flatMap { CivilTime(internetTime: $0)?.date })
            var input = try made.input()
            input.trust.signers = list
            let output = SignatureJudge().judge(input)
            #expect(output.state == (notAfter == nil ? .trusted : .valid))
        }
    }

    @Test func aListWithoutAnchorsIsRefused() throws {
        let untrusted = try service("untrusted")
        #expect(throws: CertificateError.self) { try TrustList(lote: list(untrusted)) }
        for text in ["", "{}", "[]", "{\"LoTE\": 1}", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            #expect(throws: CertificateError.self) { try TrustList(lote: Array(text.utf8)) }
            #expect(throws: CertificateError.self) { try TrustList(pem: Array(text.utf8)) }
        }
    }

    @Test func aDamagedListIsRefused() throws {
        let right = TrustPolicy.embeddedVendorTimeAuthority
        for count in stride(from: 0, to: right.count - 30, by: 97) {
            #expect(throws: CertificateError.self) { try TrustList(pem: Array(right.prefix(count))) }
        }
        let json = list(try service("trusted"))
        for count in 0..<json.count {
            #expect(throws: CertificateError.self) { try TrustList(lote: Array(json.prefix(count))) }
        }
    }

    /// Base64 and JSON as Foundation reads them.
    @Test func base64IsThatOfFoundation() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) }
            #expect(PEMText.base64(Data(bytes).base64EncodedString().utf8) == bytes)
        }
        for text in ["A", "AA", "AAA", "AA=A", "AAAA=", "A===", "AA\u{e9}A", "====", "AA="] {
            #expect(PEMText.base64(text.utf8) == nil)
        }
    }

    @Test(arguments: [
        "{\"a\":1,\"a\":2}", "{\"a\":}", "[1,]", "[1 2]", "nul", "\"\\x\"", "\"\\u12\"", "\"", "01x", "{\"a\" 1}", "[]]",
        "\"\u{1}\"",
        String(repeating: "[", count: 100_000),
    ])
    func brokenJSONIsRefused(text: String) {
        #expect(throws: CertificateError.self) { try JSONValue.parse(Array(text.utf8)) }
    }

    @Test func escapesAreRead() throws {
        let value = try JSONValue.parse(Array(#"{"a": ["\u00e9\ud83d\ude00\n\"", -1.5e3, true, null, {}]}"#.utf8))
        #expect(value["a"]?.elements?.first?.text == "é😀\n\"")
        #expect(value["a"]?.elements?.count == 5)
    }
}
