/// The SHA-256 of a blob, which is also the blob's name.
package struct Digest: Sendable, Hashable {
    /// 64 lower-case hexadecimal digits.
    package let hex: String

    /// Parses 64 hexadecimal digits, in either case, with an optional `sha256:` prefix; returns `nil` for any other text.
    package init?(_ text: String) {
        let digits = text.utf8.count > 64 && text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
        let bytes = digits.utf8
        let isHexadecimal = bytes.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
        }
        guard bytes.count == 64, isHexadecimal else { return nil }
        hex = bytes.contains { $0 < 0x61 && $0 > 0x39 } ? digits.lowercased() : digits
    }

    /// - Parameter sha256: The 32 bytes of the hash.
    package init?(sha256 bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        hex.reserveCapacity(64)
        for byte in bytes {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        self.hex = String(decoding: hex, as: UTF8.self)
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no SHA-256"))
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// The same type under a name that swift-crypto does not use.
typealias ContentDigest = Digest
