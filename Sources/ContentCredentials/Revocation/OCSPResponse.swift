import Crypto
import Foundation

/// A basic OCSP response (RFC 6960), before its signer is believed.
struct OCSPResponse {
    enum Status: Hashable {
        case good, unknown
        case revoked(isRemovedFromList: Bool)
    }

    /// What the response says about one certificate.
    struct Single {
        var certificateID: CertificateID
        var status: Status
        var thisUpdate: Date
        var nextUpdate: Date?
    }

    /// Names a certificate by digests over its issuer (RFC 6960, 4.1.1).
    struct CertificateID {
        var digest: OID
        var issuerName: [UInt8]
        var issuerKey: [UInt8]
        var serial: [UInt8]

        func isOf(_ certificate: X509Certificate, issuedBy issuer: X509Certificate) -> Bool {
            guard serial == certificate.serial else { return false }
            if digest == .sha1 {
                return Array(Insecure.SHA1.hash(data: Array(certificate.issuer.encoded))) == issuerName
                    && Array(Insecure.SHA1.hash(data: issuer.keyBits)) == issuerKey
            }
            guard let algorithm = DigestAlgorithm(digest) else { return false }
            return algorithm.hash(certificate.issuer.encoded) == issuerName && algorithm.hash(issuer.keyBits) == issuerKey
        }
    }

    enum Responder {
        case name(DistinguishedName)
        /// SHA-1 over the bits of its key.
        case key([UInt8])
    }

    let responder: Responder
    let producedAt: Date
    let singles: [Single]
    let certificates: [[UInt8]]
    private let toBeSigned: [UInt8]
    private let signature: [UInt8]
    private let scheme: SignatureScheme?

    static let byteLimit = 32_768

    init(der: [UInt8]) throws(CertificateError) {
        var outer = try DERReader(DERNode(whole: der[...], limit: OCSPResponse.byteLimit))
        // 0 is "successful".
        guard try outer.next(.enumerated).primitive() == [0] else { throw CertificateError(why: "The responder failed.") }
        var wrapped = try DERReader(outer.next(.context(0)).explicitChild())
        try outer.finish()
        guard try wrapped.next().objectIdentifier() == .basicOCSPResponse else { throw .malformed }
        let basic = try DERNode(whole: wrapped.next().octetString(), limit: OCSPResponse.byteLimit)
        try wrapped.finish()

        var fields = try DERReader(basic)
        let data = try fields.next(.sequence)
        toBeSigned = Array(data.encodedBytes)
        scheme = try SignatureScheme(fields.next())
        signature = Array(try fields.next().bitStringBytes())
        if let list = try fields.optional(.context(0)) {
            certificates = try list.explicitChild().children(limit: 8).map { Array($0.encodedBytes) }
        } else {
            certificates = []
        }
        try fields.finish()

        var content = try DERReader(data)
        if let version = try content.optional(.context(0)) {
            guard try version.explicitChild().smallInteger() == 0 else { throw .malformed }
        }
        responder = try OCSPResponse.responder(content.next())
        producedAt = try OCSPResponse.time(content.next())
        var singles: [Single] = []
        for node in try content.next(.sequence).children(limit: 16) { singles.append(try OCSPResponse.single(node)) }
        self.singles = singles
        try OCSPResponse.checkExtensions(content.optional(.context(1)))
        try content.finish()
    }

    private static func responder(_ node: DERNode) throws(CertificateError) -> Responder {
        switch node.tag {
        case .context(1): .name(try DistinguishedName(node.explicitChild()))
        case .context(2): .key(Array(try node.explicitChild().octetString()))
        default: throw .malformed
        }
    }

    private static func time(_ node: DERNode) throws(CertificateError) -> Date {
        guard node.tag == .generalizedTime,
            let time = CivilTime(generalizedTime: try node.primitive(), allowsFraction: false)
        else { throw .malformed }
        return time.date
    }

    private static func single(_ node: DERNode) throws(CertificateError) -> Single {
        var fields = try DERReader(node)
        var identifier = try fields.sequence()
        var algorithm = try identifier.sequence()
        let digest = try algorithm.next().objectIdentifier()
        let name = Array(try identifier.next().octetString())
        let key = Array(try identifier.next().octetString())
        let serial = try identifier.next().serialNumber()
        try identifier.finish()
        let status = try status(fields.next())
        let thisUpdate = try time(fields.next())
        let nextUpdate = try fields.optional(.context(0)).map { node throws(CertificateError) in try time(node.explicitChild()) }
        try checkExtensions(fields.optional(.context(1)))
        try fields.finish()
        let certificateID = CertificateID(digest: digest, issuerName: name, issuerKey: key, serial: serial)
        return Single(certificateID: certificateID, status: status, thisUpdate: thisUpdate, nextUpdate: nextUpdate)
    }

    private static func status(_ node: DERNode) throws(CertificateError) -> Status {
        switch node.tag {
        case .context(0): return .good
        case .context(2): return .unknown
        case .context(1):
            let fields = try node.children(limit: 2)
            guard let revokedAt = fields.first else { throw .malformed }
            _ = try time(revokedAt)
            guard fields.count == 2 else { return .revoked(isRemovedFromList: false) }
            // 8 is removeFromCRL: the certificate was on hold, and is not any more.
            let reason = try fields[1].explicitChild()
            guard fields[1].tag == .context(0), reason.tag == .enumerated else { throw .malformed }
            return .revoked(isRemovedFromList: try reason.primitive() == [8])
        default: throw .malformed
        }
    }

    /// A critical extension that is not known makes the response unusable.
    private static func checkExtensions(_ node: DERNode?) throws(CertificateError) {
        guard let node else { return }
        for entry in try node.explicitChild().children(limit: 16) {
            var fields = try DERReader(entry)
            let oid = try fields.next().objectIdentifier()
            let isCritical = try fields.optional(.boolean)?.boolean() ?? false
            guard !isCritical || oid == .ocspNonce else { throw .malformed }
        }
    }

    /// Whether an authorized responder for certificates of `issuer` signed the response (RFC 6960, 4.2.2.2):
    /// the issuer itself, or a certificate for OCSP that the issuer's own key signed.
    func isAuthorized(by issuer: X509Certificate, links: VerifiedLinks) -> Bool {
        if isResponder(issuer), isSigned(by: issuer) { return true }
        return certificates.compactMap { try? links.certificate($0) }.contains { candidate in
            isResponder(candidate) && CertificateProfile.responderProblem(candidate) == nil
                && issuer.subject.matches(candidate.issuer) && candidate.isValid(at: producedAt)
                && links.isSigned(candidate, by: issuer) && isSigned(by: candidate)
        }
    }

    private func isResponder(_ certificate: X509Certificate) -> Bool {
        switch responder {
        case .name(let name): certificate.subject.matches(name)
        case .key(let digest): Array(Insecure.SHA1.hash(data: certificate.keyBits)) == digest
        }
    }

    private func isSigned(by certificate: X509Certificate) -> Bool {
        guard let key = certificate.key, let scheme else { return false }
        return key.verifies(signature, over: toBeSigned, by: scheme)
    }
}
