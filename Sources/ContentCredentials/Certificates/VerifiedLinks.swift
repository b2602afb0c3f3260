import Crypto
import Synchronization

/// Remembers which certificate signatures were verified, because the pictures of a vendor share two or three chains.
///
/// Only right signatures are kept, by a digest over key, algorithm, signed bytes and signature. It holds a bounded number.
final class VerifiedLinks: Sendable {
    private struct State: Sendable {
        var digests: Set<[UInt8]> = []
        var certificates: [[UInt8]: X509Certificate] = [:]
    }

    private static let limit = 512
    private let state = Mutex(State())

    /// Whether `issuer`'s key signed the certificate.
    func isSigned(_ certificate: X509Certificate, by issuer: X509Certificate) -> Bool {
        guard let key = issuer.key, let scheme = certificate.signatureScheme, key.suits(scheme) else { return false }
        var hash = SHA256()
        hash.update(data: issuer.keyInfo)
        hash.update(data: certificate.der)
        let digest = Array(hash.finalize())
        if state.withLock({ $0.digests.contains(digest) }) { return true }
        guard key.verifies(certificate.signature, over: certificate.toBeSigned, by: scheme) else { return false }
        state.withLock {
            if $0.digests.count >= VerifiedLinks.limit { $0.digests.removeAll() }
            $0.digests.insert(digest)
        }
        return true
    }

    /// Reads a certificate, or returns the one that was read before from equal bytes.
    func certificate(_ der: [UInt8]) throws(CertificateError) -> X509Certificate {
        if let known = state.withLock({ $0.certificates[der] }) { return known }
        let read = try X509Certificate(der: der)
        guard der.count <= 8_192 else { return read }
        state.withLock {
            if $0.certificates.count >= VerifiedLinks.limit { $0.certificates.removeAll() }
            $0.certificates[der] = read
        }
        return read
    }
}
