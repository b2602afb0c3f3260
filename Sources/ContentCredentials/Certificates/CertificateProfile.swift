/// The rules of C2PA for certificates (specification 2.2, 14.5.1), as questions that a sentence answers when they fail.
enum CertificateProfile {
    /// Why this certificate must not sign claims; `nil` when it may.
    ///
    /// Certificates of the private store need only an algorithm and a key that are allowed.
    static func signerProblem(_ certificate: X509Certificate, isInPrivateStore: Bool, usages accepted: Set<OID>) -> String? {
        if let problem = algorithmProblem(certificate) { return problem }
        if isInPrivateStore { return nil }
        if let problem = endEntityProblem(certificate) { return problem }
        let usages = certificate.extensions.usages ?? []
        if usages.contains(.timeStamping) { return "A certificate for time stamps must not sign claims." }
        if usages.contains(.ocspSigning) { return "A certificate for OCSP responses must not sign claims." }
        guard usages.contains(where: accepted.contains) else {
            return "The certificate has no extended key usage that is accepted for signers."
        }
        return nil
    }

    /// Why this certificate must not sign time stamps (RFC 3161, 2.3, and 14.5.1.1).
    static func timeAuthorityProblem(_ certificate: X509Certificate) -> String? {
        if let problem = algorithmProblem(certificate) ?? endEntityProblem(certificate) { return problem }
        guard certificate.extensions.usages == [.timeStamping], certificate.extensions.areUsagesCritical else {
            return "The certificate is not for time stamps alone, or its extended key usage is not critical."
        }
        return nil
    }

    /// Why this certificate must not sign OCSP responses for another authority (RFC 6960, 4.2.2.2).
    static func responderProblem(_ certificate: X509Certificate) -> String? {
        if let problem = algorithmProblem(certificate) { return problem }
        guard certificate.extensions.usages == [.ocspSigning] else {
            return "The responder's certificate is not for OCSP responses alone."
        }
        guard certificate.extensions.isAuthority != true, !certificate.extensions.hasUnknownCritical,
            certificate.extensions.keyUsage?.digitalSignature ?? true
        else { return "The responder's certificate must not sign OCSP responses." }
        return nil
    }

    private static func algorithmProblem(_ certificate: X509Certificate) -> String? {
        if certificate.signatureScheme == nil { return "The certificate is signed with an algorithm that is not allowed." }
        if certificate.key == nil { return "The certificate's key is not allowed." }
        return nil
    }

    /// What all certificates need that are not of an authority.
    private static func endEntityProblem(_ certificate: X509Certificate) -> String? {
        let extensions = certificate.extensions
        if certificate.version != 3 { return "The certificate is not of version 3." }
        if certificate.hasUniqueIdentifiers { return "The certificate has unique identifiers." }
        if extensions.isAuthority == true { return "The certificate is of an authority." }
        if !extensions.hasAuthorityKey && !certificate.isSelfIssued { return "The certificate has no authority key identifier." }
        guard let usage = extensions.keyUsage else { return "The certificate has no key usage." }
        if !usage.digitalSignature { return "The key usage has no digitalSignature." }
        if usage.keyCertSign { return "The key usage has keyCertSign, but the certificate is of no authority." }
        guard let usages = extensions.usages, !usages.isEmpty else { return "The certificate has no extended key usage." }
        if usages.contains(.anyUsage) { return "The certificate is for any usage." }
        if extensions.hasUnknownCritical { return "The certificate has a critical extension that is not known." }
        return nil
    }

    /// Whether this certificate may issue the certificate below it in a path (RFC 5280, 6.1.4; specification, 14.5.1.1).
    ///
    /// An anchor is trusted by the list, so the profile's rules for the form of certificates are not asked of it.
    /// - Parameter intermediates: The number of authorities below it that did not issue themselves.
    static func mayIssue(_ certificate: X509Certificate, isAnchor: Bool, intermediates: Int) -> Bool {
        let extensions = certificate.extensions
        guard extensions.isAuthority == true, !extensions.hasUnknownCritical else { return false }
        // Name constraints are not evaluated, so a path that has them is refused.
        guard !extensions.hasNameConstraints else { return false }
        if let limit = extensions.pathLength, limit < intermediates { return false }
        if isAnchor { return extensions.keyUsage?.keyCertSign ?? true }
        guard certificate.version == 3, !certificate.hasUniqueIdentifiers, extensions.subjectKey != nil,
            extensions.hasAuthorityKey || certificate.isSelfIssued
        else { return false }
        return extensions.keyUsage?.keyCertSign ?? false
    }
}
