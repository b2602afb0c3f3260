package import ArchiveModel
internal import Crypto

/// A SHA-256 in the making.
package struct ContentHash: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: [UInt8]) { hash.update(data: bytes) }

    package mutating func update(_ bytes: ArraySlice<UInt8>) { hash.update(data: bytes) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe hash.update(bufferPointer: bytes) }

    /// The first eight bytes of the digest of everything so far: enough to tell most others apart, and quicker than a name.
    package var start: UInt64 { hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// The digest of everything so far.
    package func digest() -> ArchiveModel.Digest {
        guard let digest = ArchiveModel.Digest(sha256: Array(hash.finalize())) else {
            preconditionFailure("a SHA-256 has 32 bytes")
        }
        return digest
    }
}
