/// The ID of a claim: `claim-` and the first 16 hexadecimal digits of a SHA-256 over what it claims.
package struct ClaimID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let text: String

    private static let prefix = "claim-"
    private static let digits = 16

    /// The ID of a claim with this content.
    package init(over content: String) { text = Self.prefix + Digest(of: content).hex.prefix(Self.digits) }

    package init?(_ text: String) {
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), digits.count == Self.digits,
            digits.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 })
        else { return nil }
        self.text = text
    }

    package var description: String { text }

    package static func < (one: ClaimID, other: ClaimID) -> Bool { one.text < other.text }
}

extension ClaimID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ClaimID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "it is not the ID of a claim")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
