import ArchiveModel

/// A digest in 32 bytes, for tables with millions of entries.
struct BlobKey: Hashable, Comparable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(_ digest: Digest) {
        let digits = Array(digest.hex.utf8)
        func word(_ index: Int) -> UInt64 {
            digits[index * 16..<index * 16 + 16].reduce(0) { $0 << 4 | UInt64($1 < 0x3A ? $1 - 0x30 : $1 - 0x57) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    var digest: Digest {
        let bytes = [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
        guard let digest = Digest(sha256: bytes) else { preconditionFailure("a SHA-256 has 32 bytes") }
        return digest
    }

    static func == (one: BlobKey, other: BlobKey) -> Bool { one.words == other.words }
    static func < (one: BlobKey, other: BlobKey) -> Bool { one.words < other.words }

    // A digest is already uniformly distributed, so part of it serves as the hash.
    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
