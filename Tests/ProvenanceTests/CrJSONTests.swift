import ArchiveModel
import Foundation
import Provenance
import Testing

/// The documents are compared with those of c2pa-rs 0.91.3 for the same files, in `Fixtures`.
@Suite("crJSON")
struct CrJSONTests {
    private static let now = Date(milliseconds: 1_795_348_800_000 + 6 * 86_400_000)

    private static func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    private static func document(_ bytes: [UInt8]) throws -> JSONValue {
        let document = try #require(CredentialCheck.official.evidence(of: bytes.span, now: now).crJSON)
        return try JSONDecoder.archive.decode(JSONValue.self, from: document)
    }

    private static func members(_ value: JSONValue?) -> [String: JSONValue] {
        guard case .object(let members) = value else { return [:] }
        return members
    }

    /// The reference writes optional lists of a claim although the claim does not have them.
    private static func withoutEmptyLists(_ value: JSONValue?) -> [String: JSONValue] {
        members(value).filter { $0.value != .array([]) }
    }

    private static func time(_ value: JSONValue?) -> Date? {
        (value?.string).flatMap { Date(iso8601: $0.replacing("+00:00", with: "Z")) }
    }

    @Test(arguments: [("right-es256-png", "png", "claim.v2"), ("right-v1-stamped-jpeg", "jpg", "claim")])
    func aManifestReadsAsInTheReference(_ name: String, _ ending: String, _ claim: String) throws {
        let document = try Self.document(try Self.fixture("\(name).\(ending)"))
        let reference = try JSONDecoder.archive.decode(
            JSONValue.self, from: Data(try Self.fixture("\(name).crjson")))
        #expect(document["@context"] == reference["@context"])
        let (ours, theirs) = (document["manifests"]?.array ?? [], reference["manifests"]?.array ?? [])
        #expect(ours.count == theirs.count && !ours.isEmpty)
        for (our, their) in zip(ours, theirs) {
            #expect(our["label"] == their["label"] && our["label"] != nil)
            #expect(our["assertions"] == their["assertions"])
            // The reference makes addresses in claims of version 1 absolute. Here they stay as they were signed.
            let label = our["label"]?.string ?? ""
            let made = our[claim]?.mapStrings {
                claim == "claim" ? $0.replacing("jumbf=c2pa.assertions", with: "jumbf=/c2pa/\(label)/c2pa.assertions") : $0
            }
            #expect(Self.withoutEmptyLists(made) == Self.withoutEmptyLists(their[claim]) && made != nil)
            let (signature, expected) = (our["signature"], their["signature"])
            #expect(signature?["algorithm"] == expected?["algorithm"])
            for (certificate, other) in [
                (signature?["certificateInfo"], expected?["certificateInfo"]),
                (signature?["timeStampInfo"]?["certificateInfo"], expected?["timeStampInfo"]?["certificateInfo"]),
            ] {
                for part in ["issuer", "subject", "serialNumber"] { #expect(certificate?[part] == other?[part]) }
                for part in ["notBefore", "notAfter"] {
                    #expect(Self.time(certificate?["validity"]?[part]) == Self.time(other?["validity"]?[part]))
                }
            }
            #expect(
                Self.time(signature?["timeStampInfo"]?["timestamp"]) == Self.time(expected?["timeStampInfo"]?["timestamp"]))
        }
    }

    /// The members that the schema of crJSON requires.
    @Test func theRequiredMembersAreThere() throws {
        let document = try Self.document(try Self.fixture("right-es256-png.png"))
        #expect(Set(Self.members(document).keys) == ["@context", "manifests", "jsonGenerator"])
        #expect(document["jsonGenerator"]?["name"] == .string("Fixative"))
        let manifest = document["manifests"]?.array?.first
        #expect(Set(Self.members(manifest).keys) == ["label", "assertions", "claim.v2", "signature", "validationResults"])
        let results = Self.members(manifest?["validationResults"])
        #expect(Set(results.keys) == ["success", "informational", "failure", "specVersion", "validationTime"])
        #expect(results["validationTime"] == .string(Self.now.iso8601))
        let codes = results["success"]?.array?.compactMap { $0["code"]?.string } ?? []
        #expect(codes.contains("claimSignature.validated") && codes.contains("assertion.dataHash.match"))
    }

    @Test func aFailureIsInTheDocument() throws {
        var bytes = try Self.fixture("right-es256-jpeg.jpg")
        bytes[bytes.count - 20] ^= 1
        let manifest = try Self.document(bytes)["manifests"]?.array?.first
        let failures = manifest?["validationResults"]?["failure"]?.array?.compactMap { $0["code"]?.string } ?? []
        #expect(failures.contains("assertion.dataHash.mismatch"))
    }

    @Test func aFileWithoutManifestHasNone() throws {
        #expect(try Self.document([1, 2, 3])["manifests"] == .array([]))
    }

    /// Every cut and every changed byte of a store gives a document, never a crash.
    @Test func hostileStoresGiveDocuments() throws {
        let bytes = try Self.fixture("right-v1-stamped-jpeg.jpg")
        for place in stride(from: 20, to: 11_800, by: 61) {
            var changed = bytes
            changed[place] ^= 0xFF
            #expect(try Self.document(changed)["manifests"] != nil)
            #expect(try Self.document(Array(bytes.prefix(place)))["manifests"] != nil)
        }
    }
}
