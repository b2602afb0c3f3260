import Foundation

/// Judges the stapled OCSP responses of one signature (specification, 15.9). Nothing is asked over a network.
struct RevocationJudge {
    let input: SignatureJudge.Input
    let leaf: X509Certificate
    let path: CertificatePath?
    let pool: [X509Certificate]
    /// The time of a trusted time stamp.
    let attested: Date?

    struct Verdict {
        var codes: [CredentialStatus] = []
        var facts: RevocationFacts?
        var isRevoked = false
        /// An authority of the path is revoked, so the path does not hold.
        var isAuthorityRevoked = false
    }

    static let responseLimit = 32
    static let byteLimit = 131_072

    /// What one response says about one certificate, as far as it counts.
    private enum Finding {
        case notRevoked, revoked, unknown
    }

    func judge() -> Verdict {
        var verdict = Verdict()
        let responses = readable
        var finding: Finding?
        if !responses.isEmpty, let issuer = issuerOfLeaf {
            finding = judge(leaf, issuedBy: issuer, responses, &verdict.facts)
            verdict.isAuthorityRevoked = isAuthorityRevoked(responses)
        }
        verdict.isRevoked = finding == .revoked
        verdict.codes = [status(of: finding)]
        return verdict
    }

    /// The responses that can be read, within the limits.
    private var readable: [OCSPResponse] {
        var rest = RevocationJudge.byteLimit
        return input.revocations.prefix(RevocationJudge.responseLimit).compactMap { der in
            guard der.count <= rest else { return nil }
            rest -= der.count
            return try? OCSPResponse(der: der)
        }
    }

    private func status(of finding: Finding?) -> CredentialStatus {
        let (code, kind): (String, CredentialStatus.Kind) =
            switch finding {
            case .notRevoked: ("signingCredential.ocsp.notRevoked", .success)
            case .revoked: ("signingCredential.ocsp.revoked", .failure)
            case .unknown: ("signingCredential.ocsp.unknown", .informational)
            case nil: ("signingCredential.ocsp.skipped", .informational)
            }
        return CredentialStatus(code: code, kind: kind, box: input.box, why: nil)
    }

    private var issuerOfLeaf: X509Certificate? {
        if let path { return path.certificates.dropFirst().first ?? path.anchor.certificate }
        return pool.first { $0.subject.matches(leaf.issuer) && input.trust.links.isSigned(leaf, by: $0) }
    }

    /// A response that revokes counts before one that clears: of two opinions of the authority, the cautious one.
    private func judge(
        _ certificate: X509Certificate, issuedBy issuer: X509Certificate, _ responses: [OCSPResponse],
        _ facts: inout RevocationFacts?
    ) -> Finding? {
        var findings: [Finding] = []
        for response in responses {
            guard let single = response.singles.first(where: { $0.certificateID.isOf(certificate, issuedBy: issuer) }),
                response.isAuthorized(by: issuer, links: input.trust.links)
            else { continue }
            let finding = finding(single, response)
            if facts == nil || finding == .revoked {
                facts = RevocationFacts(
                    status: RevocationJudge.name(single.status), thisUpdate: single.thisUpdate, nextUpdate: single.nextUpdate)
            }
            if let finding { findings.append(finding) }
        }
        if findings.contains(.revoked) { return .revoked }
        return findings.contains(.notRevoked) ? .notRevoked : findings.first
    }

    private static func name(_ status: OCSPResponse.Status) -> String {
        switch status {
        case .good, .revoked(isRemovedFromList: true): "good"
        case .revoked: "revoked"
        case .unknown: "unknown"
        }
    }

    /// Only a trusted time stamp can show that a response covers the signing. Without one, a revocation counts all the same.
    private func finding(_ single: OCSPResponse.Single, _ response: OCSPResponse) -> Finding? {
        guard single.thisUpdate <= input.now else { return nil }
        if let attested {
            let end = single.nextUpdate ?? response.producedAt.addingTimeInterval(86_400)
            guard attested < single.thisUpdate || attested <= end else { return nil }
        }
        return switch single.status {
        case .good, .revoked(isRemovedFromList: true): attested == nil ? nil : .notRevoked
        case .revoked: .revoked
        case .unknown: attested == nil ? nil : .unknown
        }
    }

    private func isAuthorityRevoked(_ responses: [OCSPResponse]) -> Bool {
        guard let path else { return false }
        let authorities = path.certificates.dropFirst()
        let issuers = Array(authorities.dropFirst()) + [path.anchor.certificate]
        return zip(authorities, issuers).contains { authority, issuer in
            var facts: RevocationFacts?
            return judge(authority, issuedBy: issuer, responses, &facts) == .revoked
        }
    }
}
