extension JSONReader {
    /// - Returns: `nil` if the input ended before the closing quotation mark.
    mutating func string() -> String? {
        let start = position + 1
        var end = start
        var isPlain = true
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            if bytes[end] == UInt8(ascii: "\\") {
                isPlain = false
                end += 1
            } else if bytes[end] < 0x20 {
                findings.insert(.repaired)
            }
            end += 1
        }
        guard end < bytes.count else {
            hasEnded = true
            advance(to: bytes.count)
            return nil
        }
        advance(to: end + 1)
        return isPlain ? text(bytes[start..<end]) : text(unescaped(start..<end)[...])
    }

    private mutating func text(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return withoutLongRuns(text) }
        findings.insert(.replaced)
        return withoutLongRuns(String(decoding: bytes, as: UTF8.self))
    }

    /// The maximum number of combining marks in a row. Comparing or hashing two strings takes time quadratic in that number,
    /// because Swift sorts such a run by insertion. Unicode's Stream-Safe Text Format (UAX #15, section 13) allows 30.
    private static let mostMarks = 256

    /// Truncates each run of combining marks to ``mostMarks`` and puts U+FFFD in place of the rest.
    private mutating func withoutLongRuns(_ text: String) -> String {
        // A mark takes at least two bytes, so a short text has no long run; and most texts are ASCII.
        guard text.utf8.count > 2 * Self.mostMarks, !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var run = 0
        guard
            text.unicodeScalars.contains(where: { scalar in
                run = Self.isMark(scalar) ? run + 1 : 0
                return run > Self.mostMarks
            })
        else { return text }
        findings.insert(.replaced)
        var kept = String.UnicodeScalarView()
        run = 0
        for scalar in text.unicodeScalars {
            run = Self.isMark(scalar) ? run + 1 : 0
            if run == Self.mostMarks + 1 { kept.append("\u{FFFD}") }
            if run <= Self.mostMarks { kept.append(scalar) }
        }
        return String(kept)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
    }

    private mutating func unescaped(_ range: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "\\"), position + 1 < range.upperBound else {
                text.append(byte)
                position += 1
                continue
            }
            switch bytes[position + 1] {
            case UInt8(ascii: "u"):
                position = appendScalar(at: position, to: &text, end: range.upperBound)
                continue
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case let other where other == UInt8(ascii: "\"") || other == UInt8(ascii: "\\") || other == UInt8(ascii: "/"):
                text.append(other)
            case let other:
                // Not a valid JSON escape: keep both characters.
                findings.insert(.repaired)
                text += [byte, other]
            }
            position += 2
        }
        work += range.count
        return text
    }

    /// Decodes `\uXXXX`, or two of them if they form a surrogate pair.
    /// - Returns: The position after the escape.
    private mutating func appendScalar(at position: Int, to text: inout [UInt8], end: Int) -> Int {
        guard let unit = codeUnit(at: position, end: end) else {
            findings.insert(.repaired)
            text.append(bytes[position])
            return position + 1
        }
        var (value, next) = (unit, position + 6)
        if 0xD800...0xDBFF ~= unit, let low = codeUnit(at: next, end: end), 0xDC00...0xDFFF ~= low {
            value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            next += 6
        }
        if let scalar = Unicode.Scalar(value) {
            text += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            findings.insert(.replaced)
            text += Array(UTF8.encodedReplacementCharacter)
        }
        return next
    }

    private func codeUnit(at position: Int, end: Int) -> UInt32? {
        guard position + 6 <= end, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var value: UInt32 = 0
        for byte in bytes[position + 2..<position + 6] {
            guard let digit = Self.hexDigit(byte) else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }
}
