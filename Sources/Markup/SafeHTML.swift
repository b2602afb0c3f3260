internal import Mustache

/// HTML escaping by Unicode scalar.
///
/// The escaping of swift-mustache works on `Character`. A quote followed by a combining mark is a different `Character` and
/// remains unescaped, which is enough to break out of an attribute. Every template therefore opens with `{{%
/// CONTENT_TYPE:SAFEHTML}}`.
struct SafeHTML: MustacheContentType {
    static let name = "SAFEHTML"

    func escapeText(_ text: String) -> String { Self.escaped(text) }

    /// Escapes `text` for HTML content and for attributes in double or single quotes. Control characters that HTML forbids become
    /// U+FFFD.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            case UInt8(ascii: "'"): bytes += Array("&#39;".utf8)
            case 0x09, 0x0A: bytes.append(byte)
            case 0x0D: bytes += Array("&#13;".utf8)
            case 0x00...0x1F, 0x7F: bytes += [0xEF, 0xBF, 0xBD]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Setup that every template needs.
package enum Templates {
    /// Registers the escaping that templates select in their first line.
    package static func registerEscaping() { MustacheContentTypes.register(SafeHTML(), named: SafeHTML.name) }
}
