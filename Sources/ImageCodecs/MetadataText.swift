internal import CCodecShims

/// Turns bytes of unknown origin into text that is valid, bounded and harmless on a terminal.
enum MetadataText {
    /// Bytes of one text that are looked at.
    static let maxBytes = 64 * 1024
    /// Texts of one file that are kept.
    static let maxCount = 64

    static func utf8(_ bytes: [UInt8]) -> String {
        escaped(String(decoding: bytes.prefix(maxBytes), as: UTF8.self))
    }

    static func latin1(_ bytes: [UInt8]) -> String {
        escaped(String(String.UnicodeScalarView(bytes.prefix(maxBytes).map { Unicode.Scalar($0) })))
    }

    /// At most `limit` bytes of a zlib stream; `isCut` when there are more. Nil when it is no zlib stream.
    static func inflated(_ bytes: [UInt8], limit: Int) -> (bytes: [UInt8], isCut: Bool)? {
        var status = FIXATIVE_OK
        let target = unsafe [UInt8](unsafeUninitializedCapacity: limit) { target, count in
            guard let base = target.baseAddress else { return }
            unsafe status = fixative_inflate(bytes, bytes.count, base, limit, &count)
        }
        switch status {
        case FIXATIVE_OK: return (target, false)
        case FIXATIVE_LIMIT: return (target, true)
        default: return nil
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isHarmless(scalar) {
                result.append(scalar)
            } else {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            }
        }
        return String(result)
    }

    /// False for control characters and for those that reorder or hide the text around them.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: true
        case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE007F: false
        default: true
        }
    }
}
