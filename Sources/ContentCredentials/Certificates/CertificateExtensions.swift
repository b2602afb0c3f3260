/// The extensions of a certificate that decide here whether and for what it may be used.
struct CertificateExtensions: Sendable {
    struct KeyUsage: Sendable, Hashable {
        var digitalSignature: Bool
        var keyCertSign: Bool
    }

    /// `nil` when the extension is absent.
    var isAuthority: Bool?
    var pathLength: Int?
    var keyUsage: KeyUsage?
    var usages: [OID]?
    var areUsagesCritical = false
    var subjectKey: [UInt8]?
    var hasAuthorityKey = false
    /// The key identifier inside the authority key identifier, which may be absent there.
    var authorityKey: [UInt8]?
    var hasNameConstraints = false
    var hasUnknownCritical = false
    /// RFC 6960, 4.2.2.2.1.
    var hasNoCheck = false
    var assuranceLevel: Int?
    var product: String?

    init(_ node: DERNode?) throws(CertificateError) {
        guard let node else { return }
        let list = try node.explicitChild()
        guard list.tag == .sequence else { throw .malformed }
        var seen: Set<OID> = []
        for entry in try list.children(limit: 64) {
            var fields = try DERReader(entry)
            let oid = try fields.next().objectIdentifier()
            let isCritical = try fields.optional(.boolean)?.boolean() ?? false
            let value = try fields.next().octetString()
            try fields.finish()
            guard seen.insert(oid).inserted else {
                throw CertificateError(why: "The certificate has one extension twice.")
            }
            try read(oid, isCritical: isCritical, value)
        }
    }

    private mutating func read(_ oid: OID, isCritical: Bool, _ value: ArraySlice<UInt8>) throws(CertificateError) {
        func parsed() throws(CertificateError) -> DERNode {
            try DERNode(whole: value, limit: X509Certificate.byteLimit)
        }
        switch oid {
        case .basicConstraints: try readBasicConstraints(parsed())
        case .keyUsage: keyUsage = try CertificateExtensions.keyUsage(parsed())
        case .extendedKeyUsage:
            let node = try parsed()
            guard node.tag == .sequence else { throw .malformed }
            var list: [OID] = []
            for child in try node.children(limit: 64) { list.append(try child.objectIdentifier()) }
            usages = list
            areUsagesCritical = isCritical
        case .subjectKeyIdentifier: subjectKey = Array(try parsed().octetString())
        case .authorityKeyIdentifier:
            hasAuthorityKey = true
            var fields = try DERReader(parsed())
            authorityKey = try fields.optional(.context(0)).map { node throws(CertificateError) in Array(try node.primitive()) }
        case .nameConstraints: hasNameConstraints = true
        case .ocspNoCheck: hasNoCheck = true
        case .assuranceLevel:
            assuranceLevel = (try? parsed().objectIdentifier())?.lastArc(after: .assuranceLevel).map { $0 / 10 }
        case .productRecord:
            guard let node = try? parsed(), node.tag == .utf8String, let bytes = try? node.primitive() else { return }
            product = String(String(decoding: bytes, as: UTF8.self).prefix(256))
        // No policy is asked for, and no name is compared, so these two limit nothing here.
        case .certificatePolicies, .subjectAltName: break
        default: hasUnknownCritical = hasUnknownCritical || isCritical
        }
    }

    private mutating func readBasicConstraints(_ node: DERNode) throws(CertificateError) {
        var fields = try DERReader(node)
        isAuthority = try fields.optional(.boolean)?.boolean() ?? false
        pathLength = try fields.optional(.integer)?.smallInteger()
        try fields.finish()
    }

    private static func keyUsage(_ node: DERNode) throws(CertificateError) -> KeyUsage {
        guard node.tag == .bitString else { throw .malformed }
        let bytes = try node.primitive()
        guard let unused = bytes.first, unused < 8, bytes.count <= 3 else { throw .malformed }
        guard let first = bytes.dropFirst().first else {
            guard unused == 0 else { throw .malformed }
            return KeyUsage(digitalSignature: false, keyCertSign: false)
        }
        return KeyUsage(digitalSignature: first & 0x80 != 0, keyCertSign: first & 0x04 != 0)
    }
}
