/// Reads CBOR (RFC 8949) within bounds.
///
/// It accepts definite and indefinite lengths in every serialisation. It refuses items that are not well-formed (appendix C), text that is not
/// UTF-8, duplicate keys (section 5.6) and bytes after the item. Lengths are compared with the remaining bytes before any allocation.
struct CBORReader {
    private let bytes: [UInt8]
    private let end: Int
    private var position: Int
    private let depthLimit: Int
    private var budget: Int

    private init(_ bytes: [UInt8], in range: Range<Int>, depthLimit: Int, budget: Int) {
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
        self.depthLimit = depthLimit
        self.budget = budget
    }

    /// Reads the one data item that fills `range`.
    ///
    /// - Parameter budget: The items that may still be read from the whole store; reduced by those of this call.
    static func read(_ bytes: [UInt8], in range: Range<Int>, depthLimit: Int, budget: inout Int) throws(MalformedData)
        -> CBORValue
    {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw MalformedData("CBOR lies outside the store") }
        var reader = CBORReader(bytes, in: range, depthLimit: depthLimit, budget: budget)
        defer { budget = reader.budget }
        let value = try reader.item(depth: 0)
        guard reader.position == reader.end else { throw MalformedData("bytes follow the CBOR item") }
        return value
    }

    static func read(_ bytes: [UInt8]) throws(MalformedData) -> CBORValue {
        let limits = CredentialLimits()
        var budget = limits.cborItems
        return try read(bytes, in: 0..<bytes.count, depthLimit: limits.cborDepth, budget: &budget)
    }

    private mutating func byte() throws(MalformedData) -> UInt8 {
        guard position < end else { throw MalformedData("CBOR ends within an item") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: UInt64) throws(MalformedData) -> ArraySlice<UInt8> {
        guard count <= UInt64(end - position) else { throw MalformedData("a CBOR string is longer than the rest") }
        // Long strings cost as much as many items: each one is read and compared.
        budget -= Int(count) / 64
        guard budget >= 0 else { throw MalformedData("CBOR has too many items") }
        let start = position
        position += Int(count)
        return bytes[start..<position]
    }

    /// The argument of an initial byte; `nil` for an indefinite length.
    private mutating func argument(_ info: UInt8) throws(MalformedData) -> UInt64? {
        switch info {
        case 0..<24: return UInt64(info)
        case 24..<28:
            var value: UInt64 = 0
            for byte in try take(1 << UInt64(info - 24)) { value = value << 8 | UInt64(byte) }
            return value
        case 31: return nil
        default: throw MalformedData("CBOR uses a reserved length")
        }
    }

    private mutating func item(depth: Int) throws(MalformedData) -> CBORValue {
        guard depth < depthLimit else { throw MalformedData("CBOR nests deeper than \(depthLimit)") }
        budget -= 1
        guard budget >= 0 else { throw MalformedData("CBOR has too many items") }
        let initial = try byte()
        let (major, info) = (initial >> 5, initial & 31)
        if major == 7 { return try simpleOrFloat(info) }
        let length = try argument(info)
        switch (major, length) {
        case (0, let number?): return .unsigned(number)
        case (1, let number?): return .negative(number)
        case (2, _): return .bytes(try string(length, major: 2))
        case (3, _):
            guard let text = String(validating: try string(length, major: 3), as: UTF8.self) else {
                throw MalformedData("CBOR text is not UTF-8")
            }
            return .text(text)
        case (4, _): return .array(try array(length, depth: depth))
        case (5, _): return .map(try map(length, depth: depth))
        case (6, let tag?): return .tagged(tag, try item(depth: depth + 1))
        default: throw MalformedData("CBOR uses an indefinite length where none may be")
        }
    }

    private mutating func simpleOrFloat(_ info: UInt8) throws(MalformedData) -> CBORValue {
        switch info {
        case 0..<24: return .simple(info)
        case 24:
            let value = try byte()
            guard value >= 32 else { throw MalformedData("a simple CBOR value has the wrong length") }
            return .simple(value)
        case 25: return .float(Double(Float16(bitPattern: UInt16(try number(2)))).bitPattern)
        case 26: return .float(Double(Float(bitPattern: UInt32(try number(4)))).bitPattern)
        case 27: return .float(try number(8))
        case 31: throw MalformedData("CBOR has a break outside an indefinite length")
        default: throw MalformedData("CBOR uses a reserved length")
        }
    }

    private mutating func number(_ count: UInt64) throws(MalformedData) -> UInt64 {
        var value: UInt64 = 0
        for byte in try take(count) { value = value << 8 | UInt64(byte) }
        return value
    }

    /// Consumes the break code where it is next.
    private mutating func isBreak() throws(MalformedData) -> Bool {
        guard position < end else { throw MalformedData("CBOR ends within an item") }
        guard bytes[position] == 0xff else { return false }
        position += 1
        return true
    }

    private mutating func string(_ length: UInt64?, major: UInt8) throws(MalformedData) -> ArraySlice<UInt8> {
        if let length { return try take(length) }
        var whole: [UInt8] = []
        while try !isBreak() {
            let initial = try byte()
            budget -= 1
            guard budget >= 0 else { throw MalformedData("CBOR has too many items") }
            guard initial >> 5 == major, let length = try argument(initial & 31) else {
                throw MalformedData("a part of a CBOR string is of another kind")
            }
            let part = try take(length)
            // Each part of a text is a text of its own (RFC 8949, 3.2.3).
            guard major == 2 || String(validating: part, as: UTF8.self) != nil else {
                throw MalformedData("CBOR text is not UTF-8")
            }
            whole += part
        }
        return whole[...]
    }

    private mutating func array(_ length: UInt64?, depth: Int) throws(MalformedData) -> [CBORValue] {
        var items: [CBORValue] = []
        if let length {
            guard length <= UInt64(end - position) else { throw MalformedData("a CBOR array is longer than the rest") }
            for _ in 0..<length { items.append(try item(depth: depth + 1)) }
        } else {
            while try !isBreak() { items.append(try item(depth: depth + 1)) }
        }
        return items
    }

    private mutating func map(_ length: UInt64?, depth: Int) throws(MalformedData) -> [CBOREntry] {
        var entries: [CBOREntry] = []
        if let length {
            guard length <= UInt64(end - position) / 2 else { throw MalformedData("a CBOR map is longer than the rest") }
            for _ in 0..<length { entries.append(CBOREntry(key: try item(depth: depth + 1), value: try item(depth: depth + 1))) }
        } else {
            while try !isBreak() { entries.append(CBOREntry(key: try item(depth: depth + 1), value: try item(depth: depth + 1))) }
        }
        guard !Self.hasDuplicates(entries) else { throw MalformedData("a CBOR map has a key twice") }
        return entries
    }

    private static func hasDuplicates(_ entries: [CBOREntry]) -> Bool {
        if entries.count <= 8 {
            return entries.indices.contains { index in entries[..<index].contains { $0.key == entries[index].key } }
        }
        var keys: Set<CBORValue> = []
        return !entries.allSatisfy { keys.insert($0.key).inserted }
    }
}
