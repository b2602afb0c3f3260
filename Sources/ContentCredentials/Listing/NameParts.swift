/// The parts of a Name of X.501 by the letters that people know. The name was read as strict DER before.
enum NameParts {
    /// The content of each object identifier, with its letters (RFC 4514 and RFC 5280).
    private static let letters: [[UInt8]: String] = [
        [0x55, 4, 3]: "CN", [0x55, 4, 6]: "C", [0x55, 4, 7]: "L", [0x55, 4, 8]: "ST", [0x55, 4, 10]: "O", [0x55, 4, 11]: "OU",
        [0x55, 4, 97]: "2.5.4.97", [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1]: "E",
    ]

    static func read(_ name: ArraySlice<UInt8>) -> [String: String] {
        var parts: [String: String] = [:]
        for set in values(in: values(in: name).first?.content ?? []) {
            for pair in values(in: set.content) {
                let fields = values(in: pair.content)
                guard fields.count == 2, let letters = letters[Array(fields[0].content)] else { continue }
                parts[letters] = text(fields[1])
            }
        }
        return parts
    }

    private static func text(_ value: (tag: UInt8, content: ArraySlice<UInt8>)) -> String {
        let content = Array(value.content.prefix(4096))
        let isBMP = value.tag == 0x1E
        guard isBMP else { return String(decoding: content, as: UTF8.self) }
        let units = stride(from: 0, to: content.count - 1, by: 2).map { UInt16(content[$0]) << 8 | UInt16(content[$0 + 1]) }
        return String(decoding: units, as: UTF16.self)
    }

    /// The values that follow each other in `bytes`; none after a malformed one.
    private static func values(in bytes: ArraySlice<UInt8>) -> [(tag: UInt8, content: ArraySlice<UInt8>)] {
        var values: [(tag: UInt8, content: ArraySlice<UInt8>)] = []
        var rest = bytes
        while rest.count >= 2 {
            let tag = rest.removeFirst()
            var length = Int(rest.removeFirst())
            if length >= 0x80 {
                let digits = rest.prefix(length & 0x7F)
                guard (1...3).contains(digits.count), digits.count == length & 0x7F else { return values }
                length = digits.reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(digits.count)
            }
            guard length <= rest.count else { return values }
            values.append((tag, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return values
    }
}
