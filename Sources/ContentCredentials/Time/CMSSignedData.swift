import Crypto

/// SignedData of the Cryptographic Message Syntax (RFC 5652) with one signer, as time-stamp tokens have it.
struct CMSSignedData {
    /// How the signer names its certificate.
    enum SignerID {
        case issuerAndSerial(issuer: DistinguishedName, serial: [UInt8])
        case keyIdentifier([UInt8])
    }

    /// The digest of the signer's certificate in the signed attributes (RFC 2634 and RFC 5035).
    enum CertificateDigest {
        case sha1([UInt8])
        case modern(DigestAlgorithm, [UInt8])
    }

    let contentType: OID
    let content: [UInt8]
    /// The certificates in DER, as the token brings them.
    let certificates: [[UInt8]]
    let signer: SignerID
    /// `nil` when it is not allowed.
    let digest: DigestAlgorithm?
    /// `nil` when it is not allowed.
    let scheme: SignatureScheme?
    let signature: [UInt8]
    /// The signed attributes as the SET that the signature covers.
    let signedAttributes: [UInt8]
    let messageDigest: [UInt8]
    let certificateDigest: CertificateDigest

    static let certificateLimit = 16

    init(_ root: DERNode) throws(CertificateError) {
        var wrapper = try DERReader(root)
        guard try wrapper.next().objectIdentifier() == .signedData else { throw .malformed }
        let body = try wrapper.next(.context(0)).explicitChild()
        try wrapper.finish()

        var fields = try DERReader(body)
        let version = try fields.next().smallInteger()
        guard (1...5).contains(version) else { throw .malformed }
        _ = try fields.next(.set)
        var encapsulated = try fields.sequence()
        contentType = try encapsulated.next().objectIdentifier()
        content = Array(try encapsulated.next(.context(0)).explicitChild().octetString())
        try encapsulated.finish()
        certificates = try CMSSignedData.certificates(fields.optional(.context(0)))
        _ = try fields.optional(.context(1))
        let signers = try fields.next(.set).children(limit: 4)
        try fields.finish()
        guard signers.count == 1, let info = signers.first else {
            throw CertificateError(why: "The token has not exactly one signer.")
        }

        var signerFields = try DERReader(info)
        _ = try signerFields.next().smallInteger()
        signer = try CMSSignedData.signerID(signerFields.next())
        digest = try CMSSignedData.digest(signerFields.next())
        let attributes = try signerFields.next(.context(0))
        scheme = try CMSSignedData.scheme(signerFields.next(), digest: digest)
        signature = Array(try signerFields.next().octetString())
        _ = try signerFields.optional(.context(1))
        try signerFields.finish()

        // The signature covers the attributes with the tag of a SET (RFC 5652, 5.4).
        signedAttributes = [0x31] + attributes.encodedBytes.dropFirst()
        let read = try SignedAttributes(attributes)
        guard read.contentType == contentType else { throw .malformed }
        messageDigest = read.messageDigest
        certificateDigest = read.certificateDigest
    }

    private static func certificates(_ node: DERNode?) throws(CertificateError) -> [[UInt8]] {
        guard let node else { return [] }
        // Other kinds of certificates have context tags; nothing here can use them.
        return try node.children(limit: certificateLimit).filter { $0.tag == .sequence }.map { Array($0.encodedBytes) }
    }

    private static func signerID(_ node: DERNode) throws(CertificateError) -> SignerID {
        if node.tag == .context(0) { return .keyIdentifier(Array(try node.primitive())) }
        var fields = try DERReader(node)
        let issuer = try DistinguishedName(fields.next())
        let serial = try fields.next().serialNumber()
        try fields.finish()
        return .issuerAndSerial(issuer: issuer, serial: serial)
    }

    static func digest(_ node: DERNode) throws(CertificateError) -> DigestAlgorithm? {
        var fields = try DERReader(node)
        return DigestAlgorithm(try fields.next().objectIdentifier())
    }

    /// Some signers name only the kind of key, and the digest apart.
    private static func scheme(_ node: DERNode, digest: DigestAlgorithm?) throws(CertificateError) -> SignatureScheme? {
        if let scheme = try SignatureScheme(node) { return scheme }
        var fields = try DERReader(node)
        let oid = try fields.next().objectIdentifier()
        guard let digest else { return nil }
        return switch oid {
        case .rsaEncryption: .pkcs1(digest)
        case .ecPublicKey: .ecdsa(digest, isRaw: false)
        default: nil
        }
    }

    func isSigner(_ certificate: X509Certificate) -> Bool {
        switch signer {
        case .issuerAndSerial(let issuer, let serial): certificate.serial == serial && certificate.issuer.matches(issuer)
        case .keyIdentifier(let identifier): certificate.extensions.subjectKey == identifier
        }
    }

    /// Whether the signed attributes name exactly this certificate.
    func names(_ certificate: X509Certificate) -> Bool {
        switch certificateDigest {
        case .sha1(let value): Array(Insecure.SHA1.hash(data: certificate.der)) == value
        case .modern(let algorithm, let value): algorithm.hash(certificate.der) == value
        }
    }

    /// Whether this certificate's key signed the content.
    func isSigned(by certificate: X509Certificate) -> Bool {
        guard let digest, let scheme, let key = certificate.key, digest.hash(content) == messageDigest else { return false }
        return key.verifies(signature, over: signedAttributes, by: scheme)
    }
}

/// The attributes that a time-stamp token needs; each of them exactly once.
private struct SignedAttributes {
    let contentType: OID
    let messageDigest: [UInt8]
    let certificateDigest: CMSSignedData.CertificateDigest

    init(_ node: DERNode) throws(CertificateError) {
        var values: [OID: DERNode] = [:]
        for attribute in try node.children(limit: 32) {
            var fields = try DERReader(attribute)
            let type = try fields.next().objectIdentifier()
            let set = try fields.next(.set).children(limit: 4)
            try fields.finish()
            guard values[type] == nil, let first = set.first else { throw .malformed }
            // Attributes that are not read here may have several values.
            let isRead = [OID.contentType, .messageDigest, .signingCertificate, .signingCertificateV2].contains(type)
            guard set.count == 1 || !isRead else { throw .malformed }
            values[type] = first
        }
        guard let type = values[.contentType], let digest = values[.messageDigest] else { throw .malformed }
        contentType = try type.objectIdentifier()
        messageDigest = Array(try digest.octetString())
        if let modern = values[.signingCertificateV2] {
            certificateDigest = try SignedAttributes.modern(modern)
        } else if let old = values[.signingCertificate] {
            var entry = try SignedAttributes.firstEntry(old)
            certificateDigest = .sha1(Array(try entry.next().octetString()))
        } else {
            throw CertificateError(why: "The token does not name its signer's certificate.")
        }
    }

    private static func modern(_ node: DERNode) throws(CertificateError) -> CMSSignedData.CertificateDigest {
        var entry = try firstEntry(node)
        var algorithm: DigestAlgorithm? = .sha256
        if let named = try entry.optional(.sequence) { algorithm = try CMSSignedData.digest(named) }
        let value = Array(try entry.next().octetString())
        guard let algorithm else { throw .malformed }
        return .modern(algorithm, value)
    }

    /// The first entry is the certificate that verifies the signature (RFC 5035, 4).
    private static func firstEntry(_ node: DERNode) throws(CertificateError) -> DERReader {
        var fields = try DERReader(node)
        var entries = try fields.sequence()
        return try entries.sequence()
    }
}
