internal import CCodecShims

/// Converts untrusted bytes to text that is valid, bounded and safe on a terminal.
enum MetadataText {
    /// The maximum number of bytes read per text, and of UTF-8 bytes kept from it.
    static let maxBytes = 64 * 1024
    /// The maximum number of texts kept per file.
    static let maxCount = 64

    static func utf8(_ bytes: [UInt8]) -> String { boundedUTF8(bytes).value }

    static func latin1(_ bytes: [UInt8]) -> String { boundedLatin1(bytes).value }

    /// Like `utf8`; `isCut` is true if the text was truncated.
    static func boundedUTF8(_ bytes: [UInt8]) -> (value: String, isCut: Bool) {
        let looked = bytes.count > maxBytes ? wholeCharacters(bytes.prefix(maxBytes)) : bytes[...]
        let (value, isCut) = escaped(String(decoding: looked, as: UTF8.self))
        return (value, isCut || looked.count < bytes.count)
    }

    static func boundedLatin1(_ bytes: [UInt8]) -> (value: String, isCut: Bool) {
        let (value, isCut) = escaped(String(String.UnicodeScalarView(bytes.prefix(maxBytes).map { Unicode.Scalar($0) })))
        return (value, isCut || bytes.count > maxBytes)
    }

    static func utf16(_ bytes: some Collection<UInt8>, isBigEndian: Bool) -> String {
        var units: [UInt16] = []
        var first: UInt16?
        for byte in bytes.prefix(2 * maxBytes) {
            guard let high = first else {
                first = UInt16(byte)
                continue
            }
            units.append(isBigEndian ? high << 8 | UInt16(byte) : UInt16(byte) << 8 | high)
            first = nil
        }
        return utf8(Array(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self).utf8))
    }

    /// The first `keeping` bytes of a zlib stream, and its total inflated size. Inflation stops early if the total exceeds
    /// `budget`. `isSound` is false for a truncated or invalid stream.
    static func inflated(_ bytes: [UInt8], keeping: Int, budget: Int) -> (bytes: [UInt8], total: Int, isSound: Bool) {
        var status = FIXATIVE_OK
        var total = 0
        let target = unsafe [UInt8](unsafeUninitializedCapacity: keeping) { target, count in
            guard let base = target.baseAddress else { return }
            unsafe status = fixative_inflate_counted(bytes, bytes.count, base, keeping, budget, &count, &total)
        }
        return (target, total, status == FIXATIVE_OK)
    }

    /// The first `limit` bytes of a zlib stream; the rest is ignored. Nil if it is not a zlib stream.
    static func inflatedStart(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var status = FIXATIVE_OK
        let target = unsafe [UInt8](unsafeUninitializedCapacity: limit) { target, count in
            guard let base = target.baseAddress else { return }
            unsafe status = fixative_inflate(bytes, bytes.count, base, limit, &count)
        }
        return status == FIXATIVE_OK || status == FIXATIVE_LIMIT ? target : nil
    }

    /// Drops an incomplete UTF-8 sequence at the end, left by truncation.
    private static func wholeCharacters(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let lead = bytes.suffix(4).lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return bytes }
        let length =
            switch bytes[lead] {
            case 0xC0..<0xE0: 2
            case 0xE0..<0xF0: 3
            case 0xF0..<0xF8: 4
            default: 1
            }
        return bytes.endIndex - lead < length ? bytes[..<lead] : bytes
    }

    private static func escaped(_ text: String) -> (value: String, isCut: Bool) {
        var result = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            if isHarmless(scalar) {
                length += UTF8.width(scalar)
                guard length <= maxBytes else { return (String(result), true) }
                result.append(scalar)
            } else {
                let escape = "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
                length += escape.utf8.count
                guard length <= maxBytes else { return (String(result), true) }
                result.append(contentsOf: escape.unicodeScalars)
            }
        }
        return (String(result), false)
    }

    /// False for control characters, and for characters that reorder or hide the text around them.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: true
        case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE007F: false
        default: true
        }
    }
}
