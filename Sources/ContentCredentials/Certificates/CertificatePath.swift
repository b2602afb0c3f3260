import Foundation

/// A path of verified signatures from a certificate to a trust anchor (RFC 5280, 6).
struct CertificatePath: Sendable {
    /// The certificate in question first; the anchor is not among them.
    var certificates: [X509Certificate]
    var anchor: TrustList.Anchor

    /// When the last certificate of the path begins to be valid.
    var notBefore: Date {
        certificates.reduce(anchor.certificate.notBefore) { max($0, $1.notBefore) }
    }

    /// When the first certificate of the path ends.
    var notAfter: Date {
        certificates.reduce(anchor.certificate.notAfter) { min($0, $1.notAfter) }
    }

    func isValid(at time: Date) -> Bool {
        notBefore <= time && time <= notAfter
    }
}

/// Searches paths depth first, with bounds on length and work, because the certificates come from the file.
struct CertificatePathBuilder {
    /// Certificates that may serve as intermediates.
    let pool: [X509Certificate]
    let anchors: [TrustList.Anchor]
    let links: VerifiedLinks
    /// Anchors whose trust does not cover this time are not used.
    let time: Date

    static let lengthLimit = 10
    static let stepLimit = 64

    private var steps = 0
    private var expired: CertificatePath?

    init(pool: [X509Certificate], anchors: [TrustList.Anchor], links: VerifiedLinks, time: Date) {
        self.pool = pool
        self.anchors = anchors.filter {
            ($0.notBefore.map { $0 <= time } ?? true) && ($0.notAfter.map { time <= $0 } ?? true)
        }
        self.links = links
        self.time = time
    }

    /// A path that is valid at `time`; without one, a path whose signatures are right but whose dates are not; or `nil`.
    mutating func path(from leaf: X509Certificate) -> CertificatePath? {
        guard !leaf.extensions.hasUnknownCritical else { return nil }
        return search(above: [leaf]) ?? expired
    }

    private mutating func search(above path: [X509Certificate]) -> CertificatePath? {
        guard let last = path.last, path.count < CertificatePathBuilder.lengthLimit else { return nil }
        let intermediates = path.dropFirst().count { !$0.isSelfIssued }
        for anchor in anchors where isIssuer(anchor.certificate, of: last, isAnchor: true, intermediates: intermediates) {
            let found = CertificatePath(certificates: path, anchor: anchor)
            if found.isValid(at: time) { return found }
            if expired.map({ $0.notAfter < found.notAfter }) ?? true { expired = found }
        }
        for candidate in pool where !path.contains(where: { $0.der == candidate.der }) {
            guard isIssuer(candidate, of: last, isAnchor: false, intermediates: intermediates) else { continue }
            if let found = search(above: path + [candidate]) { return found }
        }
        return nil
    }

    private mutating func isIssuer(
        _ issuer: X509Certificate, of subject: X509Certificate, isAnchor: Bool, intermediates: Int
    ) -> Bool {
        guard issuer.subject.matches(subject.issuer), !issuer.subject.isEmpty else { return false }
        if let wanted = subject.extensions.authorityKey, let key = issuer.extensions.subjectKey, wanted != key { return false }
        guard CertificateProfile.mayIssue(issuer, isAnchor: isAnchor, intermediates: intermediates) else { return false }
        guard steps < CertificatePathBuilder.stepLimit else { return false }
        steps += 1
        return links.isSigned(subject, by: issuer)
    }
}
