/// An object identifier by its DER content.
struct OID: Hashable, Sendable {
    var content: [UInt8]

    init(content: [UInt8]) {
        self.content = content
    }

    /// From its dotted form; `nil` when that is not one.
    init?(dotted: String) {
        let arcs = dotted.split(separator: ".", omittingEmptySubsequences: false).map { UInt64($0) }
        guard arcs.count >= 2, arcs.count <= 32, let first = arcs[0], let second = arcs[1], first < 3 else { return nil }
        guard first == 2 || second < 40, second <= UInt64(UInt32.max) else { return nil }
        content = []
        append(first * 40 + second)
        for arc in arcs.dropFirst(2) {
            guard let arc else { return nil }
            append(arc)
        }
    }

    private mutating func append(_ arc: UInt64) {
        var groups: [UInt8] = [UInt8(arc & 0x7f)]
        var rest = arc >> 7
        while rest > 0 {
            groups.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        content += groups.reversed()
    }

    /// The arc that follows `prefix`, when there is exactly one more.
    func lastArc(after prefix: OID) -> Int? {
        guard content.starts(with: prefix.content) else { return nil }
        let rest = content.dropFirst(prefix.content.count)
        guard !rest.isEmpty, rest.count <= 4, rest.dropLast().allSatisfy({ $0 & 0x80 != 0 }), rest.first != 0x80 else {
            return nil
        }
        return rest.reduce(0) { $0 << 7 | Int($1 & 0x7f) }
    }
}

extension OID {
    /// For identifiers written in the source; a wrong one is a bug of ours.
    private init(_ dotted: String) {
        guard let oid = OID(dotted: dotted) else { preconditionFailure("no object identifier: \(dotted)") }
        self = oid
    }

    // Public keys and curves.
    static let ecPublicKey = OID("1.2.840.10045.2.1")
    static let p256 = OID("1.2.840.10045.3.1.7")
    static let p384 = OID("1.3.132.0.34")
    static let p521 = OID("1.3.132.0.35")
    static let rsaEncryption = OID("1.2.840.113549.1.1.1")
    static let rsaPSS = OID("1.2.840.113549.1.1.10")
    static let ed25519 = OID("1.3.101.112")

    // Signatures and digests.
    static let ecdsaSHA256 = OID("1.2.840.10045.4.3.2")
    static let ecdsaSHA384 = OID("1.2.840.10045.4.3.3")
    static let ecdsaSHA512 = OID("1.2.840.10045.4.3.4")
    static let rsaSHA256 = OID("1.2.840.113549.1.1.11")
    static let rsaSHA384 = OID("1.2.840.113549.1.1.12")
    static let rsaSHA512 = OID("1.2.840.113549.1.1.13")
    static let mgf1 = OID("1.2.840.113549.1.1.8")
    static let sha1 = OID("1.3.14.3.2.26")
    static let sha256 = OID("2.16.840.1.101.3.4.2.1")
    static let sha384 = OID("2.16.840.1.101.3.4.2.2")
    static let sha512 = OID("2.16.840.1.101.3.4.2.3")

    // Certificate extensions.
    static let subjectKeyIdentifier = OID("2.5.29.14")
    static let keyUsage = OID("2.5.29.15")
    static let subjectAltName = OID("2.5.29.17")
    static let basicConstraints = OID("2.5.29.19")
    static let nameConstraints = OID("2.5.29.30")
    static let certificatePolicies = OID("2.5.29.32")
    static let authorityKeyIdentifier = OID("2.5.29.35")
    static let extendedKeyUsage = OID("2.5.29.37")
    static let assuranceLevel = OID("1.3.6.1.4.1.62558.3")
    static let productRecord = OID("1.3.6.1.4.1.62558.4")

    // Extended key usages.
    static let anyUsage = OID("2.5.29.37.0")
    static let timeStamping = OID("1.3.6.1.5.5.7.3.8")
    static let ocspSigning = OID("1.3.6.1.5.5.7.3.9")

    // Names.
    static let commonName = OID("2.5.4.3")
    static let organization = OID("2.5.4.10")

    // CMS, time stamps and OCSP.
    static let signedData = OID("1.2.840.113549.1.7.2")
    static let timeStampInfo = OID("1.2.840.113549.1.9.16.1.4")
    static let contentType = OID("1.2.840.113549.1.9.3")
    static let messageDigest = OID("1.2.840.113549.1.9.4")
    static let signingCertificate = OID("1.2.840.113549.1.9.16.2.12")
    static let signingCertificateV2 = OID("1.2.840.113549.1.9.16.2.47")
    static let basicOCSPResponse = OID("1.3.6.1.5.5.7.48.1.1")
    static let ocspNoCheck = OID("1.3.6.1.5.5.7.48.1.5")
    static let ocspNonce = OID("1.3.6.1.5.5.7.48.1.2")
}
