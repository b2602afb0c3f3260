internal import Crypto
package import Foundation

/// The SHA-256 of a blob, which is also the blob's name. It takes 32 bytes and no allocation, so tables of millions may hold it.
///
/// swift-crypto has a protocol of the same name; files that import both write `ArchiveModel.Digest`.
package struct Digest: Sendable {
    // Big-endian, so that their order is the order of the bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    private init?(words bytes: some Sequence<UInt8>) {
        var iterator = bytes.makeIterator()
        func word() -> UInt64? {
            var word: UInt64 = 0
            for _ in 0..<8 {
                guard let byte = iterator.next() else { return nil }
                word = word << 8 | UInt64(byte)
            }
            return word
        }
        guard let first = word(), let second = word(), let third = word(), let fourth = word(), iterator.next() == nil
        else { return nil }
        words = (first, second, third, fourth)
    }

    private init(_ hash: SHA256Digest) {
        guard let digest = Self(words: hash) else { preconditionFailure("a SHA-256 has 32 bytes") }
        self = digest
    }

    /// - Parameter sha256: The 32 bytes of the hash; `nil` for another number of bytes.
    package init?(sha256 bytes: some Sequence<UInt8>) { self.init(words: bytes) }

    /// Hashes `bytes`.
    package init(of bytes: [UInt8]) { self.init(SHA256.hash(data: bytes)) }

    /// Hashes the UTF-8 form of `text`.
    package init(of text: String) { self.init(of: Array(text.utf8)) }

    /// Parses 64 hexadecimal digits, in either case, with an optional `sha256:` prefix; returns `nil` for any other text.
    package init?(_ text: String) {
        let digits = text.utf8.count > 64 && text.hasPrefix("sha256:") ? text.utf8.dropFirst(7) : text.utf8[...]
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for digit in digits {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x41...0x46: value = digit - 0x37
            case 0x61...0x66: value = digit - 0x57
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.init(words: bytes)
    }

    /// The 32 bytes of the hash.
    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        let words = [words.0, words.1, words.2, words.3]
        return String(decoding: words.flatMap { word in (0..<16).map { digits[Int(word >> (60 - 4 * $0) & 15)] } }, as: UTF8.self)
    }

    /// An incremental hash, for bytes that are not in memory at once.
    package struct Accumulator: Sendable {
        private var hash = SHA256()

        package init() {}

        package mutating func update(_ bytes: some DataProtocol) { hash.update(data: bytes) }

        package mutating func update(_ bytes: UnsafeRawBufferPointer) { unsafe hash.update(bufferPointer: bytes) }

        /// The digest of all bytes so far.
        package func digest() -> Digest { Digest(hash.finalize()) }
    }
}

extension Digest: Hashable, Comparable {
    package static func == (one: Digest, other: Digest) -> Bool { one.words == other.words }

    package static func < (one: Digest, other: Digest) -> Bool { one.words < other.words }

    // A digest is uniformly distributed, so part of it serves as the hash. The seed of `hasher` defends against chosen values.
    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a SHA-256"))
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
