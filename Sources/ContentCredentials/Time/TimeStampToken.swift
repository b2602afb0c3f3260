/// A time-stamp token of RFC 3161: what it says, before anything in it is believed.
struct TimeStampToken {
    let signedData: CMSSignedData
    let time: CivilTime
    /// `nil` when the digest is not allowed.
    let imprintDigest: DigestAlgorithm?
    let imprint: [UInt8]
    /// The number that the request contained; empty for none.
    let nonce: [UInt8]
    /// The DER of the token without the response around it.
    let der: [UInt8]

    /// Tokens with three certificates have 5 to 10 KB.
    static let byteLimit = 65_536

    /// From a token, or from a whole response, which `sigTst` holds (specification, 15.8.1.1).
    init(_ bytes: [UInt8], allowsResponse: Bool) throws(CertificateError) {
        let parsed = try DERNode(whole: bytes[...], limit: TimeStampToken.byteLimit)
        let root = allowsResponse ? try TimeStampToken.token(in: parsed) : parsed
        der = Array(root.encodedBytes)
        signedData = try CMSSignedData(root)
        guard signedData.contentType == .timeStampInfo else {
            throw CertificateError(why: "The token holds no time-stamp information.")
        }

        let info = try DERNode(whole: signedData.content[...], limit: TimeStampToken.byteLimit)
        var fields = try DERReader(info)
        guard try fields.next().smallInteger() == 1 else { throw .malformed }
        _ = try fields.next().objectIdentifier()
        var stamped = try fields.sequence()
        imprintDigest = try CMSSignedData.digest(stamped.next())
        imprint = Array(try stamped.next().octetString())
        try stamped.finish()
        _ = try fields.next().integer()
        let written = try fields.next(.generalizedTime).primitive()
        guard let time = CivilTime(generalizedTime: written, allowsFraction: true) else { throw .malformed }
        self.time = time
        _ = try fields.optional(.sequence)
        _ = try fields.optional(.boolean)
        nonce = Array(try fields.optional(.integer)?.integer() ?? [])
        _ = try fields.optional(.context(0))
        // Extensions could be critical, and none is known.
        guard try fields.optional(.context(1)) == nil else { throw .malformed }
        try fields.finish()
    }

    private static func token(in root: DERNode) throws(CertificateError) -> DERNode {
        var fields = try DERReader(root)
        guard let status = try fields.optional(.sequence) else { return root }
        var statusFields = try DERReader(status)
        // 0 is "granted", 1 is "granted with modifications".
        guard try statusFields.next().smallInteger() <= 1 else {
            throw CertificateError(why: "The time-stamp authority refused the request.")
        }
        let token = try fields.next(.sequence)
        try fields.finish()
        return token
    }

    func isOf(_ payload: [UInt8]) -> Bool {
        guard let imprintDigest else { return false }
        return imprintDigest.hash(payload) == imprint
    }
}
