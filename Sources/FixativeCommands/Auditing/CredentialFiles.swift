import ArchiveModel
import ArchiveStore
import BlobStore
import DecoderPool
import Foundation
import Provenance

extension ArchiveRecord {
    /// Whether its picture has Content Credentials that were checked.
    var hasCredentials: Bool { (picture?.credentials?.state ?? .absent) != .absent }
}

/// The files of an evidence package that prove the verdict on Content Credentials.
struct CredentialFiles {
    private let archive: Archive
    private let decoders: DecoderPool

    private let isRepeatable: Bool

    /// - Parameter isRepeatable: Whether the check has the date of the recorded verdict instead of today's, so that the same archive
    ///   always gives the same bytes.
    init(_ archive: Archive, _ place: DecoderPool.Place, isRepeatable: Bool = false) {
        self.archive = archive
        self.isRepeatable = isRepeatable
        decoders = DecoderPool(place, width: 1)
    }

    func close() { decoders.close() }

    typealias File = (name: String, bytes: [UInt8])

    /// The manifest store, the certificates and the token of a picture; empty for a picture without credentials.
    func files(of record: ArchiveRecord, _ original: [UInt8], folder: String) async throws -> [File] {
        guard record.hasCredentials, let credentials = record.picture?.credentials else { return [] }
        let evidence = try await decoders.evidence(original, checkedAt: isRepeatable ? credentials.checkedAt : archive.clock.now)
        var files: [File] = [("\(folder)/credentials.json", Array(try Rendering.json(credentials).utf8))]
        if let manifest = evidence.manifest { files.append(("\(folder)/manifest.c2pa", Array(manifest))) }
        if !evidence.chain.isEmpty {
            files.append(("\(folder)/chain.pem", Array(evidence.chain.map(Self.pem).joined().utf8)))
        }
        if let token = evidence.token { files.append(("\(folder)/timestamp.der", Array(token))) }
        if let document = evidence.crJSON, let json = try? JSONDecoder.archive.decode(JSONValue.self, from: document) {
            files.append(("\(folder)/credentials.crjson", Array(try Rendering.json(json).utf8)))
        }
        return files
    }

    /// The trust lists behind the verdicts of all records, each once.
    func lists(of records: [ArchiveRecord]) async throws -> [File] {
        var digests: [Digest] = []
        for digest in records.flatMap({ $0.picture?.credentials?.trustLists ?? [] }) where !digests.contains(digest) {
            digests.append(digest)
        }
        var files: [File] = []
        for digest in digests {
            guard let bytes = try await list(digest) else {
                throw SettingsError("the trust list \(digest) is missing. Run 'fixative repair' to restore the file, if possible")
            }
            files.append(("lists/\(digest.hex).\(bytes.first == 0x7B ? "json" : "pem")", bytes))
        }
        return files
    }

    private func list(_ digest: Digest) async throws -> [UInt8]? {
        if let bytes = try? await archive.blobs.contents(of: digest).array, Digest(of: bytes) == digest { return bytes }
        return EmbeddedList.all.first { $0.digest == digest }?.bytes
    }

    /// RFC 7468: base64 in lines of 64 characters.
    private static func pem(_ certificate: Data) -> String {
        let text = certificate.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
    }

    /// What the README says about these files.
    static let words = [
        "  N/credentials.json  the recorded verdicts on the Content Credentials, with their dates",
        "  N/manifest.c2pa     the manifest store of the original, byte for byte",
        "  N/chain.pem         the certificates of the signer: openssl x509 -in chain.pem -noout -text",
        "  N/timestamp.der     the time stamp: openssl ts -reply -token_in -in timestamp.der -text",
        "  N/credentials.crjson  a check with its date and the decoded manifests (crJSON of C2PA 2.4)",
        "  lists/*             the trust lists behind the verdicts, as published; the name is the SHA-256",
    ]
}
