internal import ArchiveModel

internal import struct Crypto.SHA256

extension ArchiveModel.Digest {
    /// Computes the digest of bytes.
    init(of bytes: [UInt8]) {
        guard let digest = Self(sha256: Array(SHA256.hash(data: bytes))) else { preconditionFailure("a SHA-256 has 32 bytes") }
        self = digest
    }
}
