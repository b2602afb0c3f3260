/// Host and port of a URL (RFC 3986, section 3.2). Stricter than the grammar: texts that programs parse in different ways are
/// rejected.
struct URLAuthority {
    /// In lower case, without a trailing dot and without brackets.
    let host: String
    /// From 1 to 65535; `nil` if none is given.
    let port: Int?

    init(_ bytes: ArraySlice<UInt8>) throws(LinkError) {
        guard !bytes.contains(.at) else { throw LinkError(.userInfo) }
        guard bytes.first == .openBracket else {
            let colon = bytes.firstIndex(of: .colon) ?? bytes.endIndex
            host = try Self.name(bytes[..<colon])
            port = try Self.port(bytes[colon...])
            return
        }
        guard let close = bytes.firstIndex(of: .closeBracket) else { throw LinkError(.hostName) }
        host = try Self.address(bytes[(bytes.startIndex + 1)..<close])
        port = try Self.port(bytes[(close + 1)...])
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(LinkError) -> String {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw LinkError(.foreignHost) }
        let bytes = bytes.last == .dot ? bytes.dropLast() : bytes
        guard !bytes.isEmpty else { throw LinkError(.noHost) }
        // The limits of DNS (RFC 1035, section 2.3.4).
        let labels = bytes.split(separator: .dot, omittingEmptySubsequences: false)
        guard bytes.count <= 253, labels.allSatisfy({ (1...63).contains($0.count) }), bytes.allSatisfy(\.isHostCharacter) else {
            throw LinkError(.hostName)
        }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    private static func address(_ bytes: ArraySlice<UInt8>) throws(LinkError) -> String {
        guard !bytes.contains(.percent) else { throw LinkError(.zone) }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        guard bytes.contains(.colon), case .v6 = NetworkAddress(literal: text) else { throw LinkError(.hostName) }
        return text
    }

    /// - Parameter bytes: Starts with the colon, or is empty.
    private static func port(_ bytes: ArraySlice<UInt8>) throws(LinkError) -> Int? {
        guard let first = bytes.first else { return nil }
        guard first == .colon else { throw LinkError(.hostName) }
        let digits = bytes.dropFirst()
        guard !digits.isEmpty else { return nil }
        // Without leading zeros a port has at most five digits, so parsing can't overflow.
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        guard digits.allSatisfy(\.isDigit), significant.count <= 5,
            let port = Int(String(decoding: significant, as: UTF8.self)), (1...65_535).contains(port)
        else { throw LinkError(.port) }
        return port
    }
}

extension UInt8 {
    static let slash = UInt8(ascii: "/"), question = UInt8(ascii: "?"), hash = UInt8(ascii: "#"), colon = UInt8(ascii: ":")
    static let at = UInt8(ascii: "@"), dot = UInt8(ascii: "."), percent = UInt8(ascii: "%"), backslash = UInt8(ascii: "\\")
    static let openBracket = UInt8(ascii: "["), closeBracket = UInt8(ascii: "]")

    var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) && self < 0x80 }
    var isHexDigit: Bool { isDigit || (0x61...0x66).contains(self | 0x20) }
    var isHostCharacter: Bool { isLetter || isDigit || self == .dot || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }
    var isSchemeCharacter: Bool { isLetter || isDigit || "+-.".utf8.contains(self) }

    /// Characters of a path or query: unreserved, sub-delims, and `: @ / ?` (RFC 3986, sections 3.3 and 3.4).
    var isPathCharacter: Bool { isLetter || isDigit || "-._~!$&'()*+,;=:@/?".utf8.contains(self) }
}
