/// The parser of ``JSONReading``.
struct JSONReader {
    /// The structure is no longer recognisable: the bytes that follow cannot be split into values.
    private struct Desync: Error {}

    let bytes: [UInt8]
    private let limits: JSONReading.Limits
    var position = 0
    private var values = 0
    private var depth = 0
    /// Whether the input ended inside the current value.
    var hasEnded = false
    private var isInList = false
    var findings: JSONReading.Findings = []
    var work = 0

    init(_ bytes: [UInt8], limits: JSONReading.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func advance(to end: Int) {
        work += end - position
        position = end
    }

    private mutating func skipBlanks() {
        var end = position
        while end < bytes.count, Self.isBlank(bytes[end]) { end += 1 }
        advance(to: end)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        advance(to: position + 1)
        return true
    }

    // MARK: Structure

    mutating func document() throws(JSONReadingError) -> JSONValue {
        skipBlanks()
        guard let first = next else { throw JSONReadingError("it contains only white space") }
        let isBeginning = "{[\"-0123456789".utf8.contains(first) || startsWithWord
        guard isBeginning else { throw JSONReadingError("it does not begin like JSON") }
        let value: JSONValue?
        do {
            value = try self.value()
        } catch {
            throw JSONReadingError("byte \(position) is not allowed there")
        }
        if hasEnded { findings.insert(.cut) }
        guard let value else { throw JSONReadingError("it ends inside its first value") }
        skipBlanks()
        if position < bytes.count, !hasEnded, !findings.contains(.lost) { findings.insert(.trailing) }
        return value
    }

    private var startsWithWord: Bool {
        ["true", "false", "null"].contains { bytes[position...].starts(with: $0.utf8) }
    }

    /// - Returns: `nil` if no value was read, because the input ended or the limit on values was reached.
    private mutating func value() throws(Desync) -> JSONValue? {
        values += 1
        guard values <= limits.values else {
            findings.insert(.many)
            skip()
            return nil
        }
        switch next {
        case UInt8(ascii: "{"):
            if depth >= limits.depth { return tooDeep() }
            return .object(try object())
        case UInt8(ascii: "["):
            if depth >= limits.depth { return tooDeep() }
            return .array(try array())
        case UInt8(ascii: "\""): return string().map(JSONValue.string)
        case nil:
            hasEnded = true
            return nil
        default: return try word()
        }
    }

    private mutating func tooDeep() -> JSONValue {
        findings.insert(.deep)
        skip()
        return .string("nested deeper than \(limits.depth) levels, and left out")
    }

    private mutating func array() throws(Desync) -> [JSONValue] {
        let isOutermost = !isInList
        isInList = true
        depth += 1
        defer {
            depth -= 1
            if isOutermost { isInList = false }
        }
        advance(to: position + 1)
        var items: [JSONValue] = []
        while true {
            skipBlanks()
            if take(UInt8(ascii: "]")) { return items }
            let start = position
            guard isOutermost else {
                if try !item(into: &items) { return items }
                continue
            }
            do {
                if try !item(into: &items) { return items }
            } catch {
                findings.insert(.lost)
                salvage(from: start, into: &items)
                return items
            }
        }
    }

    /// Reads an item and the comma after it.
    /// - Returns: Whether the list continues.
    /// - Returns: Whether the list continues.
    private mutating func item(into items: inout [JSONValue]) throws(Desync) -> Bool {
        if next == UInt8(ascii: ",") {
            // A superfluous comma: append `null` so that later items keep their index.
            findings.insert(.repaired)
            items.append(.null)
            advance(to: position + 1)
            return true
        }
        let read = try value()
        guard !hasEnded else { return false }
        if let read { items.append(read) }
        skipBlanks()
        switch next {
        case nil:
            hasEnded = true
            return false
        case UInt8(ascii: ","):
            advance(to: position + 1)
            skipBlanks()
            if next == UInt8(ascii: "]") { findings.insert(.repaired) }
        case UInt8(ascii: "]"): break
        case UInt8(ascii: "{"): findings.insert(.repaired)
        default: throw Desync()
        }
        return true
    }

    private mutating func object() throws(Desync) -> [String: JSONValue] {
        depth += 1
        defer { depth -= 1 }
        advance(to: position + 1)
        var members: [String: JSONValue] = [:]
        while true {
            skipBlanks()
            if take(UInt8(ascii: "}")) { return members }
            guard let name = try name() else { return members }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else {
                if next != nil { throw Desync() }
                hasEnded = true
                return members
            }
            skipBlanks()
            let value: JSONValue?
            if next == UInt8(ascii: ",") || next == UInt8(ascii: "}") {
                findings.insert(.repaired)
                value = .null
            } else {
                value = try self.value()
            }
            if let value { add(value, as: name, to: &members) }
            skipBlanks()
            if hasEnded { return members }
            switch next {
            case nil:
                hasEnded = true
                return members
            case UInt8(ascii: ","):
                advance(to: position + 1)
                skipBlanks()
                if next == UInt8(ascii: "}") { findings.insert(.repaired) }
            case UInt8(ascii: "}"): break
            default: throw Desync()
            }
        }
    }

    /// The maximum number of names in one object that differ only in normalisation. Each is compared with all before it.
    private static let mostNormalisations = 16

    /// Swift's `Dictionary` treats names that differ only in normalisation as one key, but they are separate members in JSON.
    private mutating func add(_ value: JSONValue, as name: String, to members: inout [String: JSONValue]) {
        var free = name
        var number = 2
        while let index = members.index(forKey: free), !members[index].key.utf8.elementsEqual(free.utf8) {
            guard number <= Self.mostNormalisations else {
                findings.insert(.many)
                return
            }
            free = "\(name) (\(number))"
            number += 1
        }
        members[free] = value
    }

    private mutating func name() throws(Desync) -> String? {
        switch next {
        case nil:
            hasEnded = true
            return nil
        case UInt8(ascii: "\""): return string()
        default:
            let token = self.token()
            guard !token.isEmpty else { throw Desync() }
            findings.insert(.repaired)
            return token
        }
    }

    // MARK: Skipping and recovery

    /// Skips a value without parsing it. Finds its end by counting quotation marks and brackets.
    private mutating func skip() {
        var end = position
        var open = 0
        var isInText = false
        while end < bytes.count {
            let byte = bytes[end]
            if isInText {
                if byte == UInt8(ascii: "\\") {
                    end += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                    if open == 0 { break }
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    open -= 1
                    if open < 0 { end -= 1 }
                case UInt8(ascii: ",") where open == 0:
                    open = -1
                    end -= 1
                default: break
                }
                if open < 0 || (open == 0 && (byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}"))) { break }
            }
            end += 1
        }
        if end >= bytes.count, open > 0 || isInText { hasEnded = true }
        advance(to: min(end + 1, bytes.count))
    }

    /// Recovers the intact rows after a broken one: objects that follow a comma and parse without error.
    ///
    /// Each attempt may read to the end of the input. The total work is therefore limited to about two passes over the rest.
    private mutating func salvage(from start: Int, into items: inout [JSONValue]) {
        let last = work + 2 * (bytes.count - start) + 1024
        position = start
        var isBroken = next == UInt8(ascii: "{")
        while work < last, let brace = bytes[min(position, bytes.count)...].firstIndex(of: UInt8(ascii: "{")) {
            let isAfterComma = bytes[position..<brace].last { !Self.isBlank($0) }.map { $0 == UInt8(ascii: ",") } ?? true
            advance(to: brace)
            let row = isBroken || !isAfterComma ? nil : attempt()
            isBroken = false
            guard let row else {
                position = brace + 1
                continue
            }
            items.append(row)
        }
        position = bytes.count
    }

    private mutating func attempt() -> JSONValue? {
        let (before, levels) = (findings, depth)
        defer { depth = levels }
        let row = try? value()
        skipBlanks()
        let isWhole = !hasEnded && (next == nil || next == UInt8(ascii: ",") || next == UInt8(ascii: "]"))
        hasEnded = false
        if isWhole, case .object = row { return row }
        findings = before
        return nil
    }

    // MARK: Words and numbers

    private mutating func token() -> String {
        var end = position
        while end < bytes.count, Self.isWordByte(bytes[end]) { end += 1 }
        let token = String(decoding: bytes[position..<end], as: UTF8.self)
        advance(to: end)
        return token
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x5F, 0x24: true
        default: false
        }
    }

    private mutating func word() throws(Desync) -> JSONValue? {
        let token = self.token()
        guard !token.isEmpty else { throw Desync() }
        let end = position
        // Inside a list or an object, a word at the end of the input may be truncated.
        if next == nil, depth > 0 {
            hasEnded = true
            return nil
        }
        skipBlanks()
        let follower = next
        advance(to: end)
        switch token {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: break
        }
        if let number = JSONNumber(token) {
            if case .string = number.value { findings.insert(.number) }
            return number.value
        }
        guard follower == nil || [UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}")].contains(follower), depth > 0 else {
            throw Desync()
        }
        findings.insert(.repaired)
        switch token.lowercased() {
        case "none", "undefined", "nil": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default: return .string(String(token.prefix(1000)))
        }
    }
}
