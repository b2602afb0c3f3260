/// A bounded reader for JSON (RFC 8259), for trust lists only. Numbers are kept as their text.
enum JSONValue {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// Refuses more than `byteLimit` bytes, 32 levels, and a name that occurs twice in one object.
    static func parse(_ bytes: [UInt8], byteLimit: Int = 8 << 20) throws(CertificateError) -> JSONValue {
        guard bytes.count <= byteLimit else { throw JSONReader.damaged }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        try reader.finish()
        return value
    }

    subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var position = 0

    static let damaged = CertificateError(why: "The trust list is not a JSON file of the expected form.")

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpaces() {
        while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: UInt8) -> Bool {
        skipSpaces()
        guard current == character else { return false }
        position += 1
        return true
    }

    private mutating func require(_ word: StaticString, _ value: JSONValue) throws(CertificateError) -> JSONValue {
        let expected = Array(word.description.utf8)
        guard bytes[position...].starts(with: expected) else { throw JSONReader.damaged }
        position += expected.count
        return value
    }

    mutating func finish() throws(CertificateError) {
        skipSpaces()
        guard position == bytes.count else { throw JSONReader.damaged }
    }

    mutating func value(depth: Int) throws(CertificateError) -> JSONValue {
        guard depth < 32 else { throw JSONReader.damaged }
        skipSpaces()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try require("true", .bool(true))
        case UInt8(ascii: "f"): return try require("false", .bool(false))
        case UInt8(ascii: "n"): return try require("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(CertificateError) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpaces()
            let name = try string()
            guard take(UInt8(ascii: ":")), members[name] == nil else { throw JSONReader.damaged }
            members[name] = try value(depth: depth + 1)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw JSONReader.damaged }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(CertificateError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw JSONReader.damaged }
        return .array(elements)
    }

    private mutating func number() throws(CertificateError) -> JSONValue {
        let start = position
        while let byte = current, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard Double(text) != nil else { throw JSONReader.damaged }
        return .number(text)
    }

    private mutating func string() throws(CertificateError) -> String {
        guard current == UInt8(ascii: "\"") else { throw JSONReader.damaged }
        position += 1
        var units: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
            case UInt8(ascii: "\\"): units += try escaped()
            case 0..<0x20: throw JSONReader.damaged
            default: units.append(byte)
            }
        }
        throw JSONReader.damaged
    }

    private mutating func escaped() throws(CertificateError) -> [UInt8] {
        guard let byte = current else { throw JSONReader.damaged }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try Array(unicode().utf8)
        default: throw JSONReader.damaged
        }
    }

    /// After `\u`: one unit, or two that are a pair of surrogates.
    private mutating func unicode() throws(CertificateError) -> String {
        var units = [try hexadecimal()]
        if (0xd800..<0xdc00).contains(units[0]), bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
            position += 2
            units.append(try hexadecimal())
        }
        return String(decoding: units, as: UTF16.self)
    }

    private mutating func hexadecimal() throws(CertificateError) -> UInt16 {
        guard bytes.count - position >= 4,
            let unit = UInt16(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw JSONReader.damaged }
        position += 4
        return unit
    }
}
