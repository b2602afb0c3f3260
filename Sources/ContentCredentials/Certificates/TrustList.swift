package import Foundation

/// A list of trust anchors, from a PEM file or from the JSON that the C2PA publishes (ETSI TS 119 602).
///
/// The digest of the list's bytes is the caller's to keep.
package struct TrustList: Sendable {
    package struct Anchor: Sendable {
        /// The name of the subject, for messages and reports.
        package var name: String
        package var der: [UInt8]
        /// The anchor is not used for signatures before this time (specification 2.4, 14.4.1).
        package var notBefore: Date?
        /// The anchor is not used for signatures after this time.
        package var notAfter: Date?
        let certificate: X509Certificate
    }

    package private(set) var anchors: [Anchor]
    /// When the list was issued; `nil` for PEM, which does not say so.
    package private(set) var issued: Date?
    /// When its publisher means to replace it.
    package private(set) var nextUpdate: Date?

    static let anchorLimit = 1_024

    package static let empty = TrustList(anchors: [])

    private init(anchors: [Anchor], issued: Date? = nil, nextUpdate: Date? = nil) {
        self.anchors = anchors
        self.issued = issued
        self.nextUpdate = nextUpdate
    }

    /// Certificates in PEM, with any text between them.
    ///
    /// - Throws: `CertificateError` when a block is damaged, holds no certificate, or the file has none.
    package init(pem: [UInt8]) throws {
        let blocks = try PEMText.certificates(in: pem, limit: TrustList.anchorLimit)
        guard !blocks.isEmpty else { throw CertificateError(why: "The PEM file has no certificate.") }
        var anchors: [Anchor] = []
        for der in blocks {
            anchors.append(try TrustList.anchor(der, notBefore: nil, notAfter: nil))
        }
        self.init(anchors: anchors)
    }

    /// A list of trusted entities. Services whose status is not "trusted" end at the start of that status.
    ///
    /// - Throws: `CertificateError` when the JSON or a certificate in it is damaged, or the list has no anchor.
    package init(lote: [UInt8]) throws {
        let list = try JSONValue.parse(lote)["LoTE"]
        guard let scheme = list?["ListAndSchemeInformation"], let entities = list?["TrustedEntitiesList"]?.elements else {
            throw CertificateError(why: "The JSON file is no list of trusted entities.")
        }
        var anchors: [Anchor] = []
        for entity in entities {
            for service in entity["TrustedEntityServices"]?.elements ?? [] {
                anchors += try TrustList.anchors(of: service["ServiceInformation"])
                guard anchors.count <= TrustList.anchorLimit else {
                    throw CertificateError(why: "The trust list has too many anchors.")
                }
            }
        }
        guard !anchors.isEmpty else { throw CertificateError(why: "The trust list has no anchor.") }
        self.init(
            anchors: anchors, issued: try TrustList.date(scheme["ListIssueDateTime"]),
            nextUpdate: try TrustList.date(scheme["NextUpdate"]))
    }

    private static func anchors(of service: JSONValue?) throws -> [Anchor] {
        guard let service, let values = service["ServiceDigitalIdentity"]?["X509Certificates"]?.elements else {
            throw CertificateError(why: "A service of the trust list has no certificate.")
        }
        let status = service["ServiceStatus"]?.text
        let start = try date(service["StatusStartingTime"])
        let isTrusted = status?.hasSuffix("/trusted") ?? false
        // A status that ended the trust without a date ends it for all times.
        guard isTrusted || start != nil else { return [] }
        var found: [Anchor] = []
        for value in values {
            guard let text = value["val"]?.text, let der = PEMText.base64(text.utf8) else {
                throw CertificateError(why: "A certificate of the trust list is damaged.")
            }
            let notBefore = try date(service["notBefore"]) ?? (isTrusted ? start : nil)
            let notAfter = try date(service["notAfter"]) ?? (isTrusted ? nil : start)
            found.append(try anchor(der, notBefore: notBefore, notAfter: notAfter))
        }
        return found
    }

    private static func date(_ value: JSONValue?) throws -> Date? {
        guard let text = value?.text else { return nil }
        guard let time = CivilTime(internetTime: text) else {
            throw CertificateError(why: "A date of the trust list is not readable.")
        }
        return time.date
    }

    private static func anchor(_ der: [UInt8], notBefore: Date?, notAfter: Date?) throws -> Anchor {
        let certificate = try X509Certificate(der: der)
        return Anchor(
            name: certificate.shownName, der: der, notBefore: notBefore, notAfter: notAfter, certificate: certificate)
    }

    /// This list with the anchors of another.
    package func adding(_ other: TrustList) -> TrustList {
        TrustList(anchors: anchors + other.anchors, issued: issued, nextUpdate: nextUpdate)
    }
}
