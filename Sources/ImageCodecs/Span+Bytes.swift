// Every read takes an offset and returns nil outside the span, so a parser cannot read past the end of a damaged file.
extension Span where Element == UInt8 {
    package func matches(_ expected: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset <= count, count - offset >= expected.count else { return false }
        for index in expected.indices where self[offset + index] != expected[index] { return false }
        return true
    }

    package func matches(_ expected: String, at offset: Int) -> Bool {
        matches(Array(expected.utf8), at: offset)
    }

    package func byte(at offset: Int) -> Int? {
        offset >= 0 && offset < count ? Int(self[offset]) : nil
    }

    package func bigEndian(_ size: Int, at offset: Int) -> Int? {
        guard offset >= 0, offset <= count, count - offset >= size else { return nil }
        var value = 0
        for index in 0..<size { value = value << 8 | Int(self[offset + index]) }
        return value
    }

    package func littleEndian(_ size: Int, at offset: Int) -> Int? {
        guard offset >= 0, offset <= count, count - offset >= size else { return nil }
        var value = 0
        for index in (0..<size).reversed() { value = value << 8 | Int(self[offset + index]) }
        return value
    }

    /// The bytes of `range`, clamped to the span.
    package func copy(_ range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(self[index]) }
        return bytes
    }

    /// The first occurrence of `pattern` within `range`.
    package func firstIndex(of pattern: [UInt8], in range: Range<Int>) -> Int? {
        guard let first = pattern.first else { return nil }
        let range = range.clamped(to: 0..<count)
        var from = range.lowerBound
        while let found = firstIndex(of: first, in: from..<range.upperBound), range.upperBound - found >= pattern.count {
            if matches(pattern, at: found) { return found }
            from = found + 1
        }
        return nil
    }

    package func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        for index in range.clamped(to: 0..<count) where self[index] == byte { return index }
        return nil
    }
}
