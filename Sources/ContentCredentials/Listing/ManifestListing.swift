package import Foundation

/// The contents of a manifest store, for reports. Reading them verifies nothing.
package struct ManifestListing: Sendable {
    package struct Certificate: Sendable {
        /// Lower-case hexadecimal digits.
        package var serial: String
        /// The parts of the names by their usual letters, such as `CN`.
        package var issuer: [String: String]
        package var subject: [String: String]
        package var notBefore: Date
        package var notAfter: Date
    }

    package struct TimeStamp: Sendable {
        /// As the token writes it, with its fractions of a second.
        package var time: String
        package var certificate: Certificate
    }

    package struct Signature: Sendable {
        /// As C2PA names algorithms: `es256`.
        package var algorithm: String
        package var certificate: Certificate
        package var timeStamp: TimeStamp?
    }

    package struct Manifest: Sendable {
        package var label: String
        /// 1 or 2; `nil` when the claim can't be read.
        package var claimVersion: Int?
        package var claim: ListedValue?
        /// By their labels. Assertions that can't be read are missing.
        package var assertions: [String: ListedValue]
        package var signature: Signature?
    }

    /// The active manifest first, then back to the oldest.
    package var manifests: [Manifest]

    /// - Parameter store: The bytes of the manifest store. A store that can't be read has no manifests.
    package init(_ store: [UInt8], limits: CredentialLimits = CredentialLimits()) {
        guard store.count <= limits.storeBytes, let read = try? ManifestStore(store, limits: limits) else {
            manifests = []
            return
        }
        var reader = ListingReader(store: read, reader: ManifestReader(read, limits: limits), limits: limits)
        manifests = read.manifests.reversed().map { reader.list($0) }
    }

    /// The label of the manifest that a JUMBF address leads to.
    package static func label(in address: String) -> String? {
        JumbfURI(address, in: "").map(\.manifest)
    }
}

/// Reads the manifests of one store within its limits.
private struct ListingReader {
    let store: ManifestStore
    var reader: ManifestReader
    let limits: CredentialLimits

    mutating func list(_ manifest: Manifest) -> ManifestListing.Manifest {
        let read = reader.read(manifest)
        var listed = ManifestListing.Manifest(label: manifest.label, assertions: [:])
        if let claim = read.claim, let value = try? reader.cbor(in: claim.content) {
            (listed.claimVersion, listed.claim) = (claim.version, ListedValue(value))
            listed.signature = signature(of: manifest, claim)
        }
        for assertion in read.assertions { listed.assertions[assertion.label] = value(of: assertion) }
        return listed
    }

    // MARK: Assertions

    private func value(of assertion: Assertion) -> ListedValue? {
        if let content = assertion.content { return ListedValue(content) }
        guard let box = assertion.box else { return nil }
        if let json = box.onlyContent("json") { return .json(Array(store.bytes[json.payload])) }
        guard let description = box.children.first(where: { $0.isKind("bfdb") }) else { return nil }
        return .map([
            "format": .text(mediaType(in: store.bytes[description.payload])), "identifier": .text(assertion.place),
            "hash": .bytes(Array(assertion.reference.hash ?? [])),
        ])
    }

    /// The media type after the toggles of an embedded file's description (ISO 19566-5, annex B).
    private func mediaType(in description: ArraySlice<UInt8>) -> String {
        String(decoding: description.dropFirst().prefix { $0 != 0 }.prefix(limits.textCharacters), as: UTF8.self)
    }

    // MARK: The signature

    private mutating func signature(of manifest: Manifest, _ claim: Claim) -> ManifestListing.Signature? {
        guard let address = JumbfURI(claim.signature, in: manifest.label), let box = store.box(at: address),
            let content = box.onlyContent("cbor"), let value = try? reader.cbor(in: content.payload),
            let cose = try? COSESign1(value, readingHeaders: headers),
            let name = cose.algorithm.flatMap({ Self.algorithms[$0] }), let leaf = (try? cose.chain())?.first,
            let certificate = try? X509Certificate(der: leaf)
        else { return nil }
        return ManifestListing.Signature(
            algorithm: name, certificate: .init(certificate), timeStamp: timeStamp(cose, store.bytes[claim.content]))
    }

    private func headers(_ bytes: ArraySlice<UInt8>) throws(MalformedData) -> CBORValue {
        var budget = limits.cborItems
        return try CBORReader.read(Array(bytes), in: 0..<bytes.count, depthLimit: limits.cborDepth, budget: &budget)
    }

    private func timeStamp(_ cose: COSESign1, _ claim: ArraySlice<UInt8>) -> ManifestListing.TimeStamp? {
        guard let stamp = cose.timeStamps(claim: claim).first,
            let token = try? TimeStampToken(stamp.token, allowsResponse: true),
            let signer = token.signedData.certificates.lazy.compactMap({ try? X509Certificate(der: $0) })
                .first(where: { token.signedData.isSigner($0) })
        else { return nil }
        return ManifestListing.TimeStamp(time: token.time.text, certificate: .init(signer))
    }

    /// The algorithms of COSE that C2PA allows (specification, 13.2).
    private static let algorithms: [Int64: String] = [
        -7: "es256", -35: "es384", -36: "es512", -37: "ps256", -38: "ps384", -39: "ps512", -8: "ed25519",
    ]
}

extension ManifestListing.Certificate {
    fileprivate init(_ certificate: X509Certificate) {
        self.init(
            serial: certificate.serialText, issuer: NameParts.read(certificate.issuer.encoded),
            subject: NameParts.read(certificate.subject.encoded), notBefore: certificate.notBefore, notAfter: certificate.notAfter
        )
    }
}
