import ArchiveModel
import ContentCredentials
import Foundation

/// Content Credentials as crJSON, the form of C2PA 2.4 in which programs exchange validation results.
///
/// The form has a list of manifests. Each has its decoded claim, assertions and signature, and the status codes that concern it.
/// Bytes are written as `b64'…'`. Parts that can't be read are left out.
enum CrJSON {
    /// Larger documents are not made. A manifest store of a picture gives about 40 kB.
    private static let longest = 8 << 20

    /// - Parameters:
    ///   - store: The bytes of the manifest store.
    ///   - codes: The status codes of all manifests.
    ///   - now: The time of the validation.
    /// - Returns: `nil` if the document would be too large.
    static func bytes(_ store: [UInt8], _ codes: [CredentialStatus], now: Date) throws -> Data? {
        let bytes = try JSONEncoder.archive(pretty: true).encode(document(store, codes, now: now))
        return bytes.count <= longest ? bytes : nil
    }

    private static func document(_ store: [UInt8], _ codes: [CredentialStatus], now: Date) -> JSONValue {
        let manifests = ManifestListing(store).manifests
        let active = manifests.first?.label
        let labels = Set(manifests.map(\.label))
        // A code without a manifest of the list concerns the file, so it stands with the active manifest.
        let owned = Dictionary(grouping: codes) { status in
            status.box.flatMap(ManifestListing.label(in:)).flatMap { labels.contains($0) ? $0 : nil } ?? active
        }
        return .object([
            "@context": .object([
                "@vocab": .string("https://c2pa.org/crjson"), "extras": .string("https://c2pa.org/crjson/extras"),
            ]),
            "manifests": .array(manifests.map { object($0, owned[$0.label] ?? [], now) }),
            "jsonGenerator": .object(["name": .string("Fixative"), "version": .string(Product.version)]),
        ])
    }

    private static func object(_ manifest: ManifestListing.Manifest, _ codes: [CredentialStatus], _ now: Date) -> JSONValue {
        var members: [String: JSONValue] = [
            "label": .string(plain(manifest.label)), "assertions": .object(named(manifest.assertions)),
            "validationResults": results(codes, now),
        ]
        if let version = manifest.claimVersion, let claim = manifest.claim {
            members[version == 1 ? "claim" : "claim.v2"] = value(claim)
        }
        if let signature = manifest.signature {
            var parts: [String: JSONValue] = [
                "algorithm": .string(signature.algorithm), "certificateInfo": object(signature.certificate),
            ]
            if let stamp = signature.timeStamp {
                parts["timeStampInfo"] = .object([
                    "timestamp": .string(stamp.time), "certificateInfo": object(stamp.certificate),
                ])
            }
            members["signature"] = .object(parts)
        }
        return .object(members)
    }

    private static func object(_ certificate: ManifestListing.Certificate) -> JSONValue {
        .object([
            "serialNumber": .string(certificate.serial),
            "issuer": .object(certificate.issuer.mapValues { .string(plain($0)) }),
            "subject": .object(certificate.subject.mapValues { .string(plain($0)) }),
            "validity": .object([
                "notBefore": .string(certificate.notBefore.iso8601), "notAfter": .string(certificate.notAfter.iso8601),
            ]),
        ])
    }

    private static func results(_ codes: [CredentialStatus], _ now: Date) -> JSONValue {
        func entries(_ kind: CredentialStatus.Kind) -> JSONValue {
            .array(
                codes.filter { $0.kind == kind }.map { status in
                    var members: [String: JSONValue] = ["code": .string(plain(status.code))]
                    if let box = status.box { members["url"] = .string(plain(box)) }
                    if let why = status.why { members["explanation"] = .string(plain(why)) }
                    return .object(members)
                })
        }
        return .object([
            "success": entries(.success), "informational": entries(.informational), "failure": entries(.failure),
            "specVersion": .string("2.4.0"), "validationTime": .string(now.iso8601),
        ])
    }

    private static func named(_ values: [String: ListedValue]) -> [String: JSONValue] {
        Dictionary(values.map { (plain($0.key), value($0.value)) }) { first, _ in first }
    }

    private static func value(_ listed: ListedValue) -> JSONValue {
        switch listed {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .text(let text): .string(text)
        case .bytes(let bytes): .string("b64'\(Data(bytes).base64EncodedString())'")
        case .list(let items): .array(items.map(value))
        case .map(let values): .object(named(values))
        case .json(let bytes): (try? JSONDecoder.archive.decode(JSONValue.self, from: Data(bytes))) ?? .null
        }
    }

    private static func plain(_ text: String) -> String { CredentialFacts.plain(text) }
}
