/// Checks JSON (RFC 8259) without building it.
struct JSONGrammar {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    static func accepts(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var grammar = JSONGrammar(bytes)
        return grammar.value(depth: 0) && grammar.peek() == nil
    }

    /// The next byte after white space.
    private mutating func peek() -> UInt8? {
        while position < bytes.endIndex {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func take(_ character: Character) -> Bool {
        guard peek() == character.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) -> Bool {
        guard depth < 64, let first = peek() else { return false }
        switch first {
        case UInt8(ascii: "{"):
            return list("{", "}") { grammar in
                grammar.peek() != nil && grammar.string() && grammar.take(":") && grammar.value(depth: depth + 1)
            }
        case UInt8(ascii: "["): return list("[", "]") { grammar in grammar.value(depth: depth + 1) }
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func list(_ open: Character, _ close: Character, item: (inout JSONGrammar) -> Bool) -> Bool {
        guard take(open) else { return false }
        if take(close) { return true }
        repeat { guard item(&self) else { return false } } while take(",")
        return take(close)
    }

    private mutating func word(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func string() -> Bool {
        guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") else { return false }
        position += 1
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case ..<0x20: return false
            case UInt8(ascii: "\\"):
                guard position < bytes.endIndex else { return false }
                let escape = bytes[position]
                position += 1
                guard escape == UInt8(ascii: "u") else {
                    guard "\"\\/bfnrt".utf8.contains(escape) else { return false }
                    continue
                }
                let digits = bytes[position...].prefix(4)
                guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return false }
                position += 4
            default: continue
            }
        }
        return false
    }

    private mutating func digits() -> Bool {
        let start = position
        while position < bytes.endIndex, 0x30...0x39 ~= bytes[position] { position += 1 }
        return position > start
    }

    private mutating func next(_ characters: String) -> Bool {
        guard position < bytes.endIndex, characters.utf8.contains(bytes[position]) else { return false }
        position += 1
        return true
    }

    private mutating func number() -> Bool {
        _ = next("-")
        if !next("0") { guard digits() else { return false } }
        if next(".") { guard digits() else { return false } }
        guard next("eE") else { return true }
        _ = next("+-")
        return digits()
    }
}

/// Base64 (RFC 4648, section 4) with padding. Some signers write OCSP responses so.
enum Base64 {
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var (bits, count, padding) = (UInt32(0), 0, 0)
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case 0x41...0x5a: value = character - 0x41
            case 0x61...0x7a: value = character - 0x61 + 26
            case 0x30...0x39: value = character - 0x30 + 52
            case 0x2b: value = 62
            case 0x2f: value = 63
            case 0x3d:
                padding += 1
                continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            (bits, count) = (bits << 6 | UInt32(value), count + 1)
            guard count % 4 == 0 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits))
        }
        guard (count + padding) % 4 == 0, padding < 3 else { return nil }
        if padding == 1 { bytes += [UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2)] }
        if padding == 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 4)) }
        return bytes
    }
}
