import Crypto
import CryptoExtras

/// The digests that the specification allows (13.1).
enum DigestAlgorithm: Sendable, Hashable {
    case sha256, sha384, sha512

    init?(_ oid: OID) {
        switch oid {
        case .sha256: self = .sha256
        case .sha384: self = .sha384
        case .sha512: self = .sha512
        default: return nil
        }
    }

    var oid: OID {
        switch self {
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }

    var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let bytes = Array(bytes)
        return switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }
}

/// One way to sign, whatever the structure that names it.
enum SignatureScheme: Sendable, Hashable {
    /// With the signature in DER (certificates) or as raw r and s (COSE).
    case ecdsa(DigestAlgorithm, isRaw: Bool)
    case pss(DigestAlgorithm)
    case pkcs1(DigestAlgorithm)
    case ed25519

    /// From a COSE algorithm number (specification, 13.2.1).
    init?(cose number: Int64) {
        switch number {
        case -7: self = .ecdsa(.sha256, isRaw: true)
        case -35: self = .ecdsa(.sha384, isRaw: true)
        case -36: self = .ecdsa(.sha512, isRaw: true)
        case -37: self = .pss(.sha256)
        case -38: self = .pss(.sha384)
        case -39: self = .pss(.sha512)
        case -8: self = .ed25519
        default: return nil
        }
    }

    static func coseName(_ number: Int64) -> String {
        switch number {
        case -7: "ES256"
        case -35: "ES384"
        case -36: "ES512"
        case -37: "PS256"
        case -38: "PS384"
        case -39: "PS512"
        case -8: "EdDSA"
        default: "\(number)"
        }
    }

    /// From an `AlgorithmIdentifier`; `nil` when the certificate profile does not allow it (14.5.1.1).
    init?(_ node: DERNode) throws(CertificateError) {
        var fields = try DERReader(node)
        let oid = try fields.next().objectIdentifier()
        let parameters = fields.isAtEnd ? nil : try fields.next()
        try fields.finish()
        switch oid {
        case .ecdsaSHA256: self = .ecdsa(.sha256, isRaw: false)
        case .ecdsaSHA384: self = .ecdsa(.sha384, isRaw: false)
        case .ecdsaSHA512: self = .ecdsa(.sha512, isRaw: false)
        case .rsaSHA256: self = .pkcs1(.sha256)
        case .rsaSHA384: self = .pkcs1(.sha384)
        case .rsaSHA512: self = .pkcs1(.sha512)
        case .ed25519: self = .ed25519
        case .rsaPSS:
            guard let digest = try PSSParameters.digest(parameters) else { return nil }
            self = .pss(digest)
        default: return nil
        }
    }
}

/// RSASSA-PSS-params of RFC 8017, A.2.3, as far as the profile allows them.
enum PSSParameters {
    /// The digest; `nil` when the parameters break a rule of 14.5.1.1 or ask for a salt of another length than the digest.
    static func digest(_ node: DERNode?) throws(CertificateError) -> DigestAlgorithm? {
        guard let node else { return nil }
        var fields = try DERReader(node)
        guard let hash = try fields.optional(.context(0)), let mask = try fields.optional(.context(1)) else { return nil }
        var hashFields = try DERReader(hash.explicitChild())
        guard let digest = DigestAlgorithm(try hashFields.next().objectIdentifier()) else { return nil }
        var maskFields = try DERReader(mask.explicitChild())
        guard try maskFields.next().objectIdentifier() == .mgf1 else { return nil }
        var maskHash = try maskFields.sequence()
        guard try maskHash.next().objectIdentifier() == digest.oid else { return nil }
        // Absent means 20, the length of SHA-1's digest.
        guard let salt = try fields.optional(.context(2)),
            try salt.explicitChild().smallInteger() == digest.byteCount
        else { return nil }
        if let trailer = try fields.optional(.context(3)), try trailer.explicitChild().smallInteger() != 1 { return nil }
        try fields.finish()
        return digest
    }
}
