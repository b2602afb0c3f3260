extension JSONValue {
    /// Whether the value takes more than `bytes` bytes in a record, where each member and item is on a line of its own.
    package func isLarger(than bytes: Int) -> Bool {
        var left = bytes
        return !subtractSize(from: &left, depth: 1)
    }

    /// The value itself if it takes at most `bytes` bytes in a record. Otherwise its largest members are replaced by a note.
    ///
    /// An answer can be much larger in a record than in transit: a control character takes six bytes in a record.
    package func fitting(_ bytes: Int) -> JSONValue {
        guard isLarger(than: bytes) else { return self }
        let note = JSONValue.string("left out, since the answer is too large for a record")
        guard case .object(let members) = self else { return note }
        let share = bytes / 16
        let kept = members.mapValues { $0.isLarger(than: share) ? note : $0 }
        let result = JSONValue.object(kept)
        return result.isLarger(than: bytes) ? .object(["note": note]) : result
    }

    /// - Returns: `false` as soon as the limit is exceeded.
    private func subtractSize(from left: inout Int, depth: Int) -> Bool {
        // The line break, the indentation and the separator.
        left -= 4 + 2 * depth
        switch self {
        case .null, .bool: left -= 5
        case .integer, .unsigned, .number: left -= 24
        case .string(let text): left -= Self.writtenSize(text)
        case .array(let items):
            left -= 4 + 2 * depth
            for item in items where !item.subtractSize(from: &left, depth: depth + 1) { return false }
        case .object(let members):
            left -= 4 + 2 * depth
            for (name, value) in members {
                left -= Self.writtenSize(name)
                guard value.subtractSize(from: &left, depth: depth + 1) else { return false }
            }
        }
        return left >= 0
    }

    /// The size in bytes with quotation marks and escapes (RFC 8259, section 7).
    private static func writtenSize(_ text: String) -> Int {
        text.utf8.reduce(4) { size, byte in
            switch byte {
            case ..<0x20: size + 6
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): size + 2
            default: size + 1
            }
        }
    }
}
