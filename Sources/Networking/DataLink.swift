/// A `data:` URL (RFC 2397): a file embedded in its link.
///
/// Parsed leniently, because vendors write these by hand: both Base64 alphabets, with or without padding, white space, line
/// breaks and percent-encoding.
package struct DataLink: Sendable {
    /// For example `image/png`, without parameters; `text/plain` if there is no valid type.
    package let mediaType: String
    private let isBase64: Bool
    private let data: Substring.UTF8View

    package static func isOne(_ link: String) -> Bool {
        let start = link.utf8.drop(while: \.isBlank).prefix(5)
        return String(decoding: start, as: UTF8.self).lowercased() == "data:"
    }

    /// - Throws: ``LinkError`` with code `data` if there is no comma. The data itself is decoded by ``chunks()``.
    package init(_ link: String) throws(LinkError) {
        let rest = link.utf8.drop(while: \.isBlank).dropFirst(5)
        // Media types are short, so a comma further away can't belong to a valid link.
        guard Self.isOne(link), let comma = rest.prefix(1000).firstIndex(of: UInt8(ascii: ",")) else { throw LinkError(.data) }
        let words = String(decoding: rest[..<comma], as: UTF8.self).lowercased().split(separator: ";").map { word in
            String(decoding: word.utf8.filter { !$0.isBlank }, as: UTF8.self)
        }
        isBase64 = words.last == "base64"
        mediaType = words.first.flatMap(Self.plainType) ?? "text/plain"
        // A fragment is not part of the data (RFC 3986, section 3.5).
        data = rest[rest.index(after: comma)...].prefix { $0 != .hash }
    }

    private static func plainType(_ text: String) -> String? {
        let parts = text.utf8.split(separator: .slash, omittingEmptySubsequences: false)
        let isToken = { (part: Substring.UTF8View) in
            !part.isEmpty && part.allSatisfy { $0.isLetter || $0.isDigit || "!#$&-^_.+".utf8.contains($0) }
        }
        return text.utf8.count <= 127 && parts.count == 2 && parts.allSatisfy(isToken) ? text : nil
    }

    /// The part of the link that may be recorded; contains no data.
    package var shown: String { "data:" + mediaType }

    /// Decodes the data in chunks.
    package func chunks() -> Chunks { Chunks(bytes: data, isBase64: isBase64) }

    package struct Chunks {
        private static let size = 64 << 10

        private var bytes: Substring.UTF8View
        private let isBase64: Bool
        private var bits: UInt32 = 0
        private var bitCount = 0
        private var isPadded = false

        fileprivate init(bytes: Substring.UTF8View, isBase64: Bool) {
            self.bytes = bytes
            self.isBase64 = isBase64
        }

        /// - Returns: At most 64 KiB; `nil` at the end.
        /// - Throws: ``LinkError`` with code `data` for invalid Base64.
        package mutating func next() throws(LinkError) -> [UInt8]? {
            var chunk: [UInt8] = []
            chunk.reserveCapacity(Self.size)
            while chunk.count < Self.size, let byte = nextByte() {
                if isBase64 {
                    try take(byte, into: &chunk)
                } else {
                    chunk.append(byte)
                }
            }
            // A single leftover character has 6 bits, which do not make a byte.
            guard !chunk.isEmpty || bitCount < 6 else { throw LinkError(.data) }
            return chunk.isEmpty ? nil : chunk
        }

        /// The next percent-decoded byte. Tabs and line breaks are skipped.
        private mutating func nextByte() -> UInt8? {
            while let byte = bytes.popFirst() {
                switch byte {
                case 0x09...0x0D: continue
                case .percent:
                    let digits = bytes.prefix(2)
                    guard digits.count == 2, digits.allSatisfy(\.isHexDigit),
                        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                    else { return byte }
                    bytes = bytes.dropFirst(2)
                    return value
                default: return byte
                }
            }
            return nil
        }

        private mutating func take(_ byte: UInt8, into chunk: inout [UInt8]) throws(LinkError) {
            if byte.isBlank { return }
            if byte == UInt8(ascii: "=") {
                isPadded = true
                return
            }
            guard !isPadded, let value = Self.value(byte) else { throw LinkError(.data) }
            bits = bits << 6 | value
            bitCount += 6
            guard bitCount >= 8 else { return }
            bitCount -= 8
            chunk.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }

        /// Accepts the standard and the URL-safe alphabet (RFC 4648, sections 4 and 5).
        private static func value(_ byte: UInt8) -> UInt32? {
            switch byte {
            case 0x41...0x5A: UInt32(byte - 0x41)
            case 0x61...0x7A: UInt32(byte - 0x61) + 26
            case 0x30...0x39: UInt32(byte - 0x30) + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
            case .slash, UInt8(ascii: "_"): 63
            default: nil
            }
        }
    }
}
