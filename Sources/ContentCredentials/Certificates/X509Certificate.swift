import Crypto
import Foundation

/// An X.509 certificate as read from strict DER, with the extensions that the certificate profile of C2PA needs.
///
/// It is a class so that the certificates of a vendor, which are the same for all pictures, are read once and shared.
final class X509Certificate: Sendable {
    let der: [UInt8]
    /// The digest of `der`.
    let fingerprint: SHA256Digest
    /// The signed part, inside `der`.
    let toBeSigned: [UInt8]
    /// 1 to 3.
    let version: Int
    /// The content of the INTEGER, without a leading zero byte.
    let serial: [UInt8]
    let issuer: DistinguishedName
    let subject: DistinguishedName
    let notBefore: Date
    let notAfter: Date
    /// `nil` when the profile does not allow the key.
    let key: VerificationKey?
    /// The `SubjectPublicKeyInfo` in DER.
    let keyInfo: [UInt8]
    /// The content of its BIT STRING, which key identifiers are digests of.
    let keyBits: [UInt8]
    /// `nil` when the profile does not allow the algorithm.
    let signatureScheme: SignatureScheme?
    let signature: [UInt8]
    let hasUniqueIdentifiers: Bool
    let extensions: CertificateExtensions

    static let byteLimit = 32_768

    convenience init(der: [UInt8]) throws(CertificateError) {
        try self.init(DERNode(whole: der[...], limit: X509Certificate.byteLimit))
    }

    init(_ node: DERNode) throws(CertificateError) {
        guard node.encodedBytes.count <= X509Certificate.byteLimit else { throw .malformed }
        var outer = try DERReader(node)
        let signed = try outer.next(.sequence)
        let algorithm = try outer.next(.sequence)
        signature = Array(try outer.next().bitStringBytes())
        try outer.finish()
        der = Array(node.encodedBytes)
        fingerprint = SHA256.hash(data: der)
        toBeSigned = Array(signed.encodedBytes)
        signatureScheme = try SignatureScheme(algorithm)

        var fields = try DERReader(signed)
        version = try X509Certificate.version(fields.optional(.context(0)))
        serial = try fields.next().serialNumber()
        guard try fields.next(.sequence).encodedBytes == algorithm.encodedBytes else {
            throw CertificateError(why: "The certificate names two different signature algorithms.")
        }
        issuer = try DistinguishedName(fields.next())
        (notBefore, notAfter) = try X509Certificate.validity(fields.next())
        subject = try DistinguishedName(fields.next())
        let info = try fields.next(.sequence)
        keyInfo = Array(info.encodedBytes)
        keyBits = try X509Certificate.bits(of: info)
        key = try VerificationKey(info)
        let issuerID = try fields.optional(.context(1))
        let subjectID = try fields.optional(.context(2))
        hasUniqueIdentifiers = issuerID != nil || subjectID != nil
        extensions = try CertificateExtensions(fields.optional(.context(3)))
        try fields.finish()
    }

    private static func version(_ node: DERNode?) throws(CertificateError) -> Int {
        guard let node else { return 1 }
        let value = try node.explicitChild().smallInteger()
        guard value == 1 || value == 2 else { throw .malformed }
        return value + 1
    }

    private static func bits(of info: DERNode) throws(CertificateError) -> [UInt8] {
        var fields = try DERReader(info)
        _ = try fields.next()
        return Array(try fields.next().bitStringBytes())
    }

    private static func validity(_ node: DERNode) throws(CertificateError) -> (Date, Date) {
        var fields = try DERReader(node)
        let start = try time(fields.next())
        let end = try time(fields.next())
        try fields.finish()
        return (start, end)
    }

    private static func time(_ node: DERNode) throws(CertificateError) -> Date {
        let bytes = try node.primitive()
        let time =
            switch node.tag {
            case .utcTime: CivilTime(utcTime: bytes)
            case .generalizedTime: CivilTime(generalizedTime: bytes, allowsFraction: false)
            default: CivilTime?.none
            }
        guard let time else { throw .malformed }
        return time.date
    }

    /// Whether the names say that it signed itself.
    var isSelfIssued: Bool { issuer.matches(subject) }

    func isValid(at time: Date) -> Bool {
        notBefore <= time && time <= notAfter
    }

    var serialText: String {
        serial.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// A name for messages.
    var shownName: String {
        subject.commonName ?? subject.organization ?? "certificate \(serialText)"
    }
}
