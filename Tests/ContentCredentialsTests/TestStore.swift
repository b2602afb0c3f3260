import Crypto
import Foundation

@testable import ContentCredentials

func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

func box(_ kind: String, _ payload: [UInt8]) -> [UInt8] {
    bigEndian(UInt32(payload.count + 8)) + Array(kind.utf8) + payload
}

func superbox(_ type: String, _ label: String, _ contents: [UInt8]...) -> [UInt8] {
    let tail = bytes("00110010800000aa00389b71")
    return box("jumb", box("jumd", Array(type.utf8) + tail + [3] + Array(label.utf8) + [0]) + contents.flatMap(\.self))
}

func map(_ entries: KeyValuePairs<String, CBORValue>) -> CBORValue {
    .map(entries.map { CBOREntry(key: .text($0.key), value: $0.value) })
}

extension CBORValue {
    func setting(_ name: String, _ value: CBORValue?) -> CBORValue {
        guard let entries else { return self }
        let rest = entries.filter { $0.key != .text(name) }
        return .map(rest + (value.map { [CBOREntry(key: .text(name), value: $0)] } ?? []))
    }
}

/// An encoder of its own, so that the tests do not rest on the code under test.
func encode(_ value: CBORValue) -> [UInt8] {
    func head(_ major: UInt8, _ number: UInt64) -> [UInt8] {
        switch number {
        case ..<24: [major << 5 | UInt8(number)]
        case ..<256: [major << 5 | 24, UInt8(number)]
        case ..<65536: [major << 5 | 25, UInt8(number >> 8), UInt8(number & 255)]
        default: [major << 5 | 27] + (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
        }
    }
    switch value {
    case .unsigned(let number): return head(0, number)
    case .negative(let number): return head(1, number)
    case .bytes(let bytes): return head(2, UInt64(bytes.count)) + bytes
    case .text(let text): return head(3, UInt64(text.utf8.count)) + Array(text.utf8)
    case .array(let items): return head(4, UInt64(items.count)) + items.flatMap(encode)
    case .map(let entries): return head(5, UInt64(entries.count)) + entries.flatMap { encode($0.key) + encode($0.value) }
    case .tagged(let tag, let value): return head(6, tag) + encode(value)
    case .simple(let number): return [0xe0 | number]
    case .float(let bits): return [0xfb] + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    }
}

/// A root and a leaf that may sign claims, in DER written by hand.
struct TestSigner {
    static let shared = TestSigner()

    let key = P256.Signing.PrivateKey()
    let root: [UInt8]
    let leaf: [UInt8]

    init() {
        let rootKey = P256.Signing.PrivateKey()
        let rootID = Array(Insecure.SHA1.hash(data: rootKey.publicKey.x963Representation))
        let leafID = Array(Insecure.SHA1.hash(data: key.publicKey.x963Representation))
        let authority = Self.tlv(0x30, Self.tlv(0x80, rootID))
        root = Self.certificate(
            "Test Root", rootKey.publicKey, rootKey,
            [
                ("551d13", true, "30030101ff".bytes), ("551d0f", true, "03020106".bytes), ("551d0e", false, Self.tlv(4, rootID)),
                ("551d23", false, authority),
            ])
        leaf = Self.certificate(
            "Test Leaf", key.publicKey, rootKey,
            [
                ("551d0f", true, "03020780".bytes), ("551d25", false, "300c060a2b0601040183e85e0201".bytes),
                ("551d0e", false, Self.tlv(4, leafID)), ("551d23", false, authority),
            ])
    }

    var trust: TrustPolicy {
        get throws {
            let text = "-----BEGIN CERTIFICATE-----\n\(Data(root).base64EncodedString())\n-----END CERTIFICATE-----\n"
            return TrustPolicy(signers: try TrustList(pem: Array(text.utf8)), timeAuthorities: .empty)
        }
    }

    private static func tlv(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case ..<128: [tag, UInt8(content.count)] + content
        case ..<256: [tag, 0x81, UInt8(content.count)] + content
        default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
        }
    }

    private static func name(_ text: String) -> [UInt8] {
        tlv(
            0x30,
            [("550403", text), ("55040a", "Test")].flatMap { tlv(0x31, tlv(0x30, tlv(6, $0.bytes) + tlv(12, Array($1.utf8)))) })
    }

    private static func certificate(
        _ subject: String, _ key: P256.Signing.PublicKey, _ issuer: P256.Signing.PrivateKey,
        _ extensions: [(String, Bool, [UInt8])]
    ) -> [UInt8] {
        let algorithm = tlv(0x30, tlv(6, "2a8648ce3d040302".bytes))
        let validity = tlv(0x30, tlv(23, Array("250101000000Z".utf8)) + tlv(23, Array("300101000000Z".utf8)))
        let list = extensions.flatMap { tlv(0x30, tlv(6, $0.bytes) + ($1 ? [1, 1, 0xff] : []) + tlv(4, $2)) }
        let body = tlv(
            0x30,
            [0xa0, 3, 2, 1, 2, 2, 1, UInt8(subject.count)] + algorithm + name("Test Root") + validity + name(subject)
                + Array(key.derRepresentation) + tlv(0xa3, tlv(0x30, list)))
        guard let signature = try? issuer.signature(for: body) else { return [] }
        return tlv(0x30, body + algorithm + tlv(3, [0] + Array(signature.derRepresentation)))
    }
}

extension String {
    var bytes: [UInt8] { ContentCredentialsTests.bytes(self) }
}

/// A manifest that a test changes before it is signed.
struct TestManifest {
    static let created = map([
        "action": .text("c2pa.created"), "softwareAgent": map(["name": .text("gpt-image")]),
        "digitalSourceType": .text("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"),
    ])

    var label = "urn:c2pa:11111111-2222-4333-8444-555555555555"
    var type = "c2ma"
    var version = 2
    var assertions: [(label: String, content: CBORValue)] = [("c2pa.actions.v2", map(["actions": .array([created])]))]
    var hasBinding = true
    var change: (CBORValue) -> CBORValue = { $0 }
    var changeBinding: (CBORValue) -> CBORValue = { $0 }
    /// Boxes of the assertion store that no claim declares.
    var undeclared: [UInt8] = []
    var dropped: String?
    var pad = [UInt8](repeating: 0, count: 200)
    /// Further unsigned headers.
    var headers: [(label: UInt64, value: CBORValue)] = []
    var critical: CBORValue?
    var payload = CBORValue.simple(22)
    var tag: UInt64 = 18

    func assertionBoxes(_ binding: CBORValue) -> [(label: String, box: [UInt8])] {
        let all = assertions + (hasBinding ? [("c2pa.hash.data", changeBinding(binding))] : [])
        return all.map { ($0.label, superbox("cbor", $0.label, box("cbor", encode($0.content)))) }
    }

    func encoded(_ binding: CBORValue) -> [UInt8] {
        let boxes = assertionBoxes(binding)
        let links = boxes.map { item in
            map([
                "url": .text("self#jumbf=c2pa.assertions/\(item.label)"),
                "hash": .bytes(Array(SHA256.hash(data: item.box.dropFirst(8)))[...]),
            ])
        }
        let generator = map(["name": .text("Test"), "specVersion": .text("2.2.0")])
        let signature = CBORValue.text("self#jumbf=/c2pa/\(label)/c2pa.signature")
        let claim = change(
            version == 2
                ? map([
                    "instanceID": .text("xmp:iid:1"), "claim_generator_info": generator, "signature": signature,
                    "created_assertions": .array(links),
                    "alg": .text("sha256"),
                ])
                : map([
                    "instanceID": .text("xmp:iid:1"), "claim_generator": .text("Test/1"), "dc:format": .text("image/png"),
                    "signature": signature,
                    "assertions": .array(links), "alg": .text("sha256"),
                ]))
        let kept = boxes.filter { $0.label != dropped }.flatMap(\.box) + undeclared
        return superbox(
            type, label, superbox("c2as", "c2pa.assertions", kept),
            superbox("c2cl", version == 2 ? "c2pa.claim.v2" : "c2pa.claim", box("cbor", encode(claim))),
            superbox("c2cs", "c2pa.signature", box("cbor", cose(encode(claim)))))
    }

    private func cose(_ claim: [UInt8]) -> [UInt8] {
        let chain = CBORValue.array([.bytes(TestSigner.shared.leaf[...])])
        var protected = [CBOREntry(key: .unsigned(1), value: .negative(6)), CBOREntry(key: .unsigned(33), value: chain)]
        if let critical { protected.append(CBOREntry(key: .unsigned(2), value: critical)) }
        let signedHeaders = encode(.map(protected))
        let unsigned =
            [CBOREntry(key: .text("pad"), value: .bytes(pad[...]))]
            + headers.map { .init(key: .unsigned($0.label), value: $0.value) }
        let signed = encode(.array([.text("Signature1"), .bytes(signedHeaders[...]), .bytes([]), .bytes(claim[...])]))
        let signature = (try? TestSigner.shared.key.signature(for: signed)).map { Array($0.rawRepresentation) } ?? []
        return encode(.tagged(tag, .array([.bytes(signedHeaders[...]), .map(unsigned), payload, .bytes(signature[...])])))
    }
}

/// A file of 40 bytes, the store, and 100 bytes that stand for a picture.
struct TestFile {
    var bytes: [UInt8]
    var location: CredentialsLocation

    static let start = 40

    init(_ manifests: TestManifest...) {
        self.init { binding in superbox("c2pa", "c2pa", manifests.flatMap { $0.encoded(binding) }) }
    }

    init(_ store: (CBORValue) -> [UInt8]) {
        let (head, tail) = ([UInt8](repeating: 1, count: Self.start), [UInt8](repeating: 2, count: 100))
        let hash = Array(SHA256.hash(data: head + tail))
        var data: [UInt8] = []
        for _ in 0..<3 {
            let exclusion = map(["start": .unsigned(UInt64(Self.start)), "length": .unsigned(UInt64(data.count))])
            data = store(
                map(["exclusions": .array([exclusion]), "alg": .text("sha256"), "hash": .bytes(hash[...]), "pad": .bytes([])]))
        }
        bytes = head + data + tail
        let range = Self.start..<Self.start + data.count
        location = CredentialsLocation(units: [range], payloads: [range], pictureData: [range.upperBound..<bytes.count])
    }

    var store: [UInt8] { Array(bytes[location.payloads[0]]) }

    func report() throws -> CredentialReport {
        let now = try Date("2026-11-27T00:00:00Z", strategy: .iso8601)
        return CredentialValidator(trust: try TestSigner.shared.trust).report(of: bytes.span, at: location, now: now)
    }
}

extension CredentialReport {
    func codes(_ kind: CredentialStatus.Kind) -> Set<String> {
        Set(codes.filter { $0.kind == kind }.map(\.code))
    }
}
