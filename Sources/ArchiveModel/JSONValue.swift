/// Any JSON value. Holds upstream fields that this program does not know.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// An integer too large for `integer`, such as a 64-bit seed.
    case unsigned(UInt64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var array: [JSONValue]? {
        guard case .array(let items) = self else { return nil }
        return items
    }

    /// An integer, also one written as `3.0` or `"3"`.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .string(let text): Int64(text)
        default: nil
        }
    }

    /// Any finite number, also one written as a string.
    package var double: Double? {
        let value: Double? =
            switch self {
            case .integer(let value): Double(value)
            case .unsigned(let value): Double(value)
            case .number(let value): value
            case .string(let text): Double(text)
            default: nil
            }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    /// Returns the value with `transform` applied to every string and every member name.
    ///
    /// If two names become equal, a number is appended to one of them, so that no member is lost.
    package func mapStrings(_ transform: (String) -> String) -> JSONValue {
        switch self {
        case .string(let text): .string(transform(text))
        case .array(let items): .array(items.map { $0.mapStrings(transform) })
        case .object(let members): .object(Self.mapStrings(members, transform))
        default: self
        }
    }

    /// Returns the value with `transform` applied to every string, but not to member names.
    package func mapValues(_ transform: (String) -> String) -> JSONValue {
        switch self {
        case .string(let text): .string(transform(text))
        case .array(let items): .array(items.map { $0.mapValues(transform) })
        case .object(let members): .object(members.mapValues { $0.mapValues(transform) })
        default: self
        }
    }

    private static func mapStrings(_ members: [String: JSONValue], _ transform: (String) -> String) -> [String: JSONValue] {
        var mapped: [String: JSONValue] = [:]
        // The next number to try for each name: the search stays fast when many names become equal.
        var numbers: [String: Int] = [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let newName = transform(name)
            var free = newName
            var number = numbers[newName] ?? 2
            while mapped[free] != nil {
                free = "\(newName) (\(number))"
                number += 1
                numbers[newName] = number
            }
            mapped[free] = value.mapStrings(transform)
        }
        return mapped
    }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        if let decoder = decoder as? JSONValueDecoder {
            self = decoder.value
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .unsigned(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
