package import Foundation

/// A request for a time stamp over a SHA-256 (RFC 3161, section 2.4.1). It asks for the authority's certificate.
package struct TimeStampRequest: Sendable {
    /// The 32 bytes of the hash.
    private let imprint: [UInt8]
    /// A random number that the answer must repeat, so that it can't be an old one.
    private let nonce: [UInt8]

    /// The largest answer in bytes.
    package static let answerLimit = TimeStampToken.byteLimit

    package init(sha256 imprint: [UInt8], using generator: inout some RandomNumberGenerator) {
        precondition(imprint.count == 32, "a SHA-256 has 32 bytes")
        self.imprint = imprint
        // The first byte keeps the number positive and in its shortest form.
        let rest = (0..<15).map { _ in UInt8.random(in: 0...255, using: &generator) }
        nonce = [UInt8.random(in: 1...127, using: &generator)] + rest
    }

    /// The request in DER.
    package var der: [UInt8] {
        let sha256 = Self.element(0x30, [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00])
        let stamped = Self.element(0x30, sha256 + Self.element(0x04, imprint))
        return Self.element(0x30, [0x02, 0x01, 0x01] + stamped + Self.element(0x02, nonce) + [0x01, 0x01, 0xff])
    }

    /// No element of a request has more than 127 bytes, so that one byte holds its length.
    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag, UInt8(content.count)] + content }

    /// Checks an answer: its status, hash, nonce and signature.
    /// - Throws: ``CertificateError`` with the reason for which the answer does not count.
    package func stamp(in answer: [UInt8]) throws(CertificateError) -> TimeStamp {
        var fields = try DERReader(DERNode(whole: answer[...], limit: Self.answerLimit))
        guard try fields.optional(.sequence) != nil else {
            throw CertificateError(why: "The answer has no status.")
        }
        let token = try TimeStampToken(answer, allowsResponse: true)
        guard token.nonce == nonce else { throw CertificateError(why: "The answer belongs to another request.") }
        return try TimeStamp(token, sha256: imprint)
    }
}

/// A time stamp over a SHA-256 whose signature is right. Nothing says here that its authority is a trusted one.
package struct TimeStamp: Sendable, Hashable {
    /// The token in DER, without the answer around it.
    package let der: [UInt8]
    package let time: Date
    /// The time as the token writes it, with its fractions of a second.
    package let text: String
    /// The name of the authority's certificate.
    package let authority: String

    /// Reads a stored token.
    /// - Parameter imprint: The 32 bytes of the hash that it must be of.
    /// - Throws: ``CertificateError`` with the reason for which it does not count.
    package init(token: [UInt8], sha256 imprint: [UInt8]) throws(CertificateError) {
        try self.init(TimeStampToken(token, allowsResponse: false), sha256: imprint)
    }

    init(_ token: TimeStampToken, sha256 imprint: [UInt8]) throws(CertificateError) {
        guard token.imprintDigest == .sha256, token.imprint == imprint else {
            throw CertificateError(why: "The time stamp is over another hash.")
        }
        let data = token.signedData
        guard data.digest != nil, data.scheme != nil else {
            throw CertificateError(why: "The token is signed with an algorithm that is not allowed.")
        }
        let certificates = data.certificates.compactMap { try? X509Certificate(der: $0) }
        guard let signer = certificates.first(where: { data.isSigner($0) && data.names($0) }) else {
            throw CertificateError(why: "The token lacks its signer's certificate.")
        }
        guard data.isSigned(by: signer) else { throw CertificateError(why: "The token's signature is wrong.") }
        if let problem = CertificateProfile.timeAuthorityProblem(signer) { throw CertificateError(why: problem) }
        guard signer.isValid(at: token.time.date) else {
            throw CertificateError(why: "The time is outside the validity of the authority's certificate.")
        }
        der = token.der
        time = token.time.date
        text = token.time.text
        authority = signer.shownName
    }
}
