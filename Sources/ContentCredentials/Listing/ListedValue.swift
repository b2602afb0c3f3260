/// A decoded part of a manifest, for reports. It comes from the file: nothing in it is believed.
package indirect enum ListedValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case bytes([UInt8])
    case list([ListedValue])
    case map([String: ListedValue])
    /// The bytes of a JSON text.
    case json([UInt8])
}

extension ListedValue {
    /// Tags are left out; a key that is no text is written as one.
    init(_ value: CBORValue) {
        switch value {
        case .unsigned(let number): self = Int64(exactly: number).map(ListedValue.integer) ?? .number(Double(number))
        case .negative(let number):
            self = Int64(exactly: number).map { .integer(-1 - $0) } ?? .number(-1 - Double(number))
        case .bytes(let bytes): self = .bytes(Array(bytes))
        case .text(let text): self = .text(text)
        case .array(let items): self = .list(items.map(ListedValue.init))
        case .map(let entries):
            var members: [String: ListedValue] = [:]
            for entry in entries { members[Self.name(of: entry.key)] = ListedValue(entry.value) }
            self = .map(members)
        case .tagged(_, let inner): self = ListedValue(inner)
        case .simple(20): self = .bool(false)
        case .simple(21): self = .bool(true)
        case .simple: self = .null
        case .float(let bits):
            let number = Double(bitPattern: bits)
            // JSON has no word for these.
            self = number.isFinite ? .number(number) : .null
        }
    }

    private static func name(of key: CBORValue) -> String {
        key.untaggedText ?? key.integer.map { String($0) } ?? "?"
    }
}
