/// Parses a JSON number as exactly as this program can represent it.
struct JSONNumber {
    /// A number, or the original digits as a string if no number type can hold them: too large, too small, or more than 17
    /// digits.
    let value: JSONValue

    /// - Returns: `nil` if the text is not a number as defined in RFC 8259, section 6.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        var position = bytes.first == UInt8(ascii: "-") ? 1 : 0
        func digits() -> Range<Int> {
            var end = position
            while end < bytes.count, 0x30...0x39 ~= bytes[end] { end += 1 }
            return position..<end
        }
        let whole = digits()
        guard !whole.isEmpty, whole.count == 1 || bytes[whole.lowerBound] != 0x30 else { return nil }
        position = whole.upperBound
        var fraction = position..<position
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            fraction = digits()
            guard !fraction.isEmpty else { return nil }
            position = fraction.upperBound
        }
        let mantissaEnd = position
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            let exponent = digits()
            guard !exponent.isEmpty else { return nil }
            position = exponent.upperBound
        }
        guard position == bytes.count else { return nil }
        if mantissaEnd == bytes.count, fraction.isEmpty {
            if text == "-0" {
                value = .number(-0.0)
            } else {
                value = Int64(text).map(JSONValue.integer) ?? UInt64(text).map(JSONValue.unsigned) ?? .string(text)
            }
            return
        }
        let significant = (bytes[whole] + bytes[fraction]).drop { $0 == 0x30 }
        let zeros = significant.reversed().prefix { $0 == 0x30 }.count
        let isZero = significant.isEmpty
        guard significant.count - zeros <= 17, let number = Double(text), number.isFinite, number.isNormal || isZero else {
            value = .string(text)
            return
        }
        value = .number(number)
    }
}
