/// Media types, such as `image/png`.
package enum MediaType {
    /// For bytes of an unknown kind.
    package static let unknown = "application/octet-stream"

    /// Whether the text is a type and a subtype without parameters. Both are restricted names (RFC 6838, section 4.2), so the text
    /// contains no dot segments, spaces or control characters.
    package static func isValid(_ text: String) -> Bool {
        let names = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return names.count == 2 && names.allSatisfy(isRestrictedName)
    }

    private static func isRestrictedName(_ name: Substring.UTF8View) -> Bool {
        guard let first = name.first, isAlphanumeric(first), name.count <= 127 else { return false }
        return name.allSatisfy { isAlphanumeric($0) || signs.contains($0) }
    }

    private static let signs = Set("!#$&-^_.+".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
