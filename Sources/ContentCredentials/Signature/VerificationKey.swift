import Crypto
import CryptoExtras
import Foundation

/// A public key that the certificate profile allows (14.5.1.1).
enum VerificationKey: Sendable {
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)
    /// With the digest that an id-RSASSA-PSS key binds itself to; `isPSSOnly` keys never verify PKCS #1 v1.5.
    case rsa(_RSA.Signing.PublicKey, isPSSOnly: Bool, pssDigest: DigestAlgorithm?)

    static let rsaBits = 2_048...16_384

    /// From a `SubjectPublicKeyInfo`; `nil` when the profile does not allow the key.
    init?(_ node: DERNode) throws(CertificateError) {
        var fields = try DERReader(node)
        var algorithm = try fields.sequence()
        let oid = try algorithm.next().objectIdentifier()
        let parameters = algorithm.isAtEnd ? nil : try algorithm.next()
        try algorithm.finish()
        let key = Array(try fields.next().bitStringBytes())
        try fields.finish()
        switch oid {
        case .ecPublicKey:
            guard let parameters, parameters.tag == .objectIdentifier,
                let made = VerificationKey(curve: try parameters.objectIdentifier(), point: key)
            else { return nil }
            self = made
        case .ed25519:
            guard let made = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return nil }
            self = .ed25519(made)
        case .rsaEncryption:
            guard let made = try VerificationKey.rsaKey(key) else { return nil }
            self = .rsa(made, isPSSOnly: false, pssDigest: nil)
        case .rsaPSS:
            var digest: DigestAlgorithm?
            if let parameters {
                digest = try PSSParameters.digest(parameters)
                guard digest != nil else { return nil }
            }
            guard let made = try VerificationKey.rsaKey(key) else { return nil }
            self = .rsa(made, isPSSOnly: true, pssDigest: digest)
        default: return nil
        }
    }

    private init?(curve: OID, point: [UInt8]) {
        let isCompressed = point.first == 2 || point.first == 3
        switch curve {
        case .p256:
            let made =
                isCompressed
                ? try? P256.Signing.PublicKey(compressedRepresentation: point)
                : try? P256.Signing.PublicKey(x963Representation: point)
            guard let made else { return nil }
            self = .p256(made)
        case .p384:
            let made =
                isCompressed
                ? try? P384.Signing.PublicKey(compressedRepresentation: point)
                : try? P384.Signing.PublicKey(x963Representation: point)
            guard let made else { return nil }
            self = .p384(made)
        case .p521:
            let made =
                isCompressed
                ? try? P521.Signing.PublicKey(compressedRepresentation: point)
                : try? P521.Signing.PublicKey(x963Representation: point)
            guard let made else { return nil }
            self = .p521(made)
        default: return nil
        }
    }

    /// Checks the size before the library sees the number.
    private static func rsaKey(_ der: [UInt8]) throws(CertificateError) -> _RSA.Signing.PublicKey? {
        var fields = try DERReader(DERNode(whole: der[...], limit: 8_192))
        let modulus = try fields.next().integer()
        let exponent = try fields.next().integer()
        try fields.finish()
        guard let first = modulus.first, first < 0x80, let sign = exponent.first, sign < 0x80, exponent.count <= 8 else {
            return nil
        }
        let digits = modulus.drop { $0 == 0 }
        guard let top = digits.first else { return nil }
        let bits = digits.count * 8 - top.leadingZeroBitCount
        guard rsaBits.contains(bits) else { return nil }
        return try? _RSA.Signing.PublicKey(n: Array(digits), e: Array(exponent.drop { $0 == 0 }))
    }

    /// Whether the key is of the kind that the scheme needs.
    func suits(_ scheme: SignatureScheme) -> Bool {
        switch (self, scheme) {
        case (.p256, .ecdsa), (.p384, .ecdsa), (.p521, .ecdsa), (.ed25519, .ed25519): true
        case (.rsa(_, let isPSSOnly, _), .pkcs1): !isPSSOnly
        case (.rsa(_, _, let bound), .pss(let digest)): bound == nil || bound == digest
        default: false
        }
    }

    /// Whether the signature is one of this key over exactly these bytes. A wrong form is a wrong signature.
    func verifies(_ signature: [UInt8], over bytes: [UInt8], by scheme: SignatureScheme) -> Bool {
        guard suits(scheme) else { return false }
        switch scheme {
        case .ed25519:
            guard case .ed25519(let key) = self else { return false }
            return key.isValidSignature(signature, for: bytes)
        case .ecdsa(.sha256, let isRaw):
            return verifiesECDSA(signature, SHA256.hash(data: bytes), isRaw: isRaw)
        case .ecdsa(.sha384, let isRaw):
            return verifiesECDSA(signature, SHA384.hash(data: bytes), isRaw: isRaw)
        case .ecdsa(.sha512, let isRaw):
            return verifiesECDSA(signature, SHA512.hash(data: bytes), isRaw: isRaw)
        case .pss(let digest):
            return verifiesRSA(signature, bytes, digest, .PSS)
        case .pkcs1(let digest):
            return verifiesRSA(signature, bytes, digest, .insecurePKCS1v1_5)
        }
    }

    private func verifiesECDSA(_ signature: [UInt8], _ digest: some Digest, isRaw: Bool) -> Bool {
        switch self {
        case .p256(let key):
            let made =
                isRaw
                ? try? P256.Signing.ECDSASignature(rawRepresentation: signature)
                : try? P256.Signing.ECDSASignature(derRepresentation: signature)
            return made.map { key.isValidSignature($0, for: digest) } ?? false
        case .p384(let key):
            let made =
                isRaw
                ? try? P384.Signing.ECDSASignature(rawRepresentation: signature)
                : try? P384.Signing.ECDSASignature(derRepresentation: signature)
            return made.map { key.isValidSignature($0, for: digest) } ?? false
        case .p521(let key):
            let made =
                isRaw
                ? try? P521.Signing.ECDSASignature(rawRepresentation: signature)
                : try? P521.Signing.ECDSASignature(derRepresentation: signature)
            return made.map { key.isValidSignature($0, for: digest) } ?? false
        default: return false
        }
    }

    private func verifiesRSA(
        _ signature: [UInt8], _ bytes: [UInt8], _ digest: DigestAlgorithm, _ padding: _RSA.Signing.Padding
    ) -> Bool {
        guard case .rsa(let key, _, _) = self, signature.count == (key.keySizeInBits + 7) / 8 else { return false }
        let made = _RSA.Signing.RSASignature(rawRepresentation: signature)
        return switch digest {
        case .sha256: key.isValidSignature(made, for: SHA256.hash(data: bytes), padding: padding)
        case .sha384: key.isValidSignature(made, for: SHA384.hash(data: bytes), padding: padding)
        case .sha512: key.isValidSignature(made, for: SHA512.hash(data: bytes), padding: padding)
        }
    }
}
