/// One data item of CBOR (RFC 8949, section 2).
indirect enum CBORValue: Hashable, Sendable {
    case unsigned(UInt64)
    /// The number -1 - n.
    case negative(UInt64)
    case bytes(ArraySlice<UInt8>)
    case text(String)
    case array([CBORValue])
    case map([CBOREntry])
    case tagged(UInt64, CBORValue)
    /// 20 is false, 21 is true, 22 is null, 23 is undefined.
    case simple(UInt8)
    /// The bit pattern of the number in 64 bits. Bit patterns make two NaN equal, so a map cannot hold them twice.
    case float(UInt64)
}

struct CBOREntry: Hashable, Sendable {
    var key: CBORValue
    var value: CBORValue
}

extension CBORValue {
    /// The value of a text key; `nil` for anything but a map.
    subscript(key: String) -> CBORValue? {
        self[.text(key)]
    }

    subscript(key: CBORValue) -> CBORValue? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The text within any tags, as in tag 0 (date and time) and tag 32 (URI).
    var untaggedText: String? {
        if case .tagged(_, let value) = self { value.untaggedText } else { text }
    }

    var bytes: ArraySlice<UInt8>? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    var array: [CBORValue]? {
        if case .array(let items) = self { items } else { nil }
    }

    var entries: [CBOREntry]? {
        if case .map(let entries) = self { entries } else { nil }
    }

    /// A number that fits, of either sign.
    var integer: Int64? {
        switch self {
        case .unsigned(let number): Int64(exactly: number)
        case .negative(let number): Int64(exactly: number).map { -1 - $0 }
        default: nil
        }
    }

    var isNull: Bool { self == .simple(22) }
    var isTrue: Bool { self == .simple(21) }
}
