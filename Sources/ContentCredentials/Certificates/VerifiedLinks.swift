import Crypto
import Synchronization

/// Remembers certificates and which of their signatures were verified, because the pictures of a vendor share two or three chains.
///
/// Only right signatures are kept, by the digests of both certificates. It holds a bounded number.
final class VerifiedLinks: Sendable {
    private struct Link: Hashable, Sendable {
        var subject: SHA256Digest
        var issuer: SHA256Digest
    }

    private struct State: Sendable {
        var links: Set<Link> = []
        var certificates: [[UInt8]: X509Certificate] = [:]
    }

    private static let limit = 512
    private static let byteLimit = 8_192
    private let state = Mutex(State())

    /// Whether `issuer`'s key signed the certificate.
    func isSigned(_ certificate: X509Certificate, by issuer: X509Certificate) -> Bool {
        let link = Link(subject: certificate.fingerprint, issuer: issuer.fingerprint)
        if state.withLock({ $0.links.contains(link) }) { return true }
        guard let key = issuer.key, let scheme = certificate.signatureScheme,
            key.verifies(certificate.signature, over: certificate.toBeSigned, by: scheme)
        else { return false }
        state.withLock {
            if $0.links.count >= VerifiedLinks.limit { $0.links.removeAll() }
            $0.links.insert(link)
        }
        return true
    }

    /// Reads a certificate, or returns the one that was read before from equal bytes.
    func certificate(_ der: [UInt8]) throws(CertificateError) -> X509Certificate {
        guard der.count <= VerifiedLinks.byteLimit else { return try X509Certificate(der: der) }
        if let known = state.withLock({ $0.certificates[der] }) { return known }
        let read = try X509Certificate(der: der)
        state.withLock {
            if $0.certificates.count >= VerifiedLinks.limit { $0.certificates.removeAll() }
            $0.certificates[der] = read
        }
        return read
    }
}
