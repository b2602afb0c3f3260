package import ArchiveModel
internal import Crypto

/// An incremental SHA-256 hash.
package struct ContentHash: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: [UInt8]) { hash.update(data: bytes) }

    package mutating func update(_ bytes: ArraySlice<UInt8>) { hash.update(data: bytes) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe hash.update(bufferPointer: bytes) }

    /// The first eight bytes of the digest so far. Comparing them rules out most values and is faster than building the digest.
    package var start: UInt64 { hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// The digest of all bytes so far.
    package func digest() -> ArchiveModel.Digest {
        guard let digest = ArchiveModel.Digest(sha256: Array(hash.finalize())) else {
            preconditionFailure("a SHA-256 has 32 bytes")
        }
        return digest
    }
}
