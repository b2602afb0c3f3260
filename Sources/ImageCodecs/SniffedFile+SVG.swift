// XML 1.0 sections 2.8 (prolog) and 3.1 (tags); SVG 2 sections 8.2 (viewBox) and 8.9 (width, height).
extension SniffedFile {
    /// The root element is searched in this many bytes.
    private static let prologBytes = 65_536

    /// Matches a document whose root element is `svg`, but not a page that merely contains one.
    static func svg(_ bytes: Span<UInt8>) -> SniffedFile? {
        let text = plainText(bytes)
        var reader = PrologReader(text)
        guard let tag = reader.rootTag(), tag.name == "svg" || tag.name.hasSuffix(":svg") else { return nil }
        let isWhole = tag.isEmpty || hasEnd(bytes)
        return SniffedFile(Format("svg", "image/svg+xml", "SVG"), size(tag.attributes), isCut: !isWhole)
    }

    /// The beginning of the file as ASCII bytes; in UTF-16, the low byte of each unit.
    private static func plainText(_ bytes: Span<UInt8>) -> [UInt8] {
        let start = bytes.copy(0..<prologBytes)
        if start.starts(with: [0xFF, 0xFE]) { return stride(from: 2, to: start.count, by: 2).map { start[$0] } }
        if start.starts(with: [0xFE, 0xFF]) { return stride(from: 3, to: start.count, by: 2).map { start[$0] } }
        return start.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(start.dropFirst(3)) : start
    }

    /// Whether a closing tag is near the end of the file. Only comments and white space may follow the tag in valid SVG.
    private static func hasEnd(_ bytes: Span<UInt8>) -> Bool {
        let tail = bytes.copy(max(0, bytes.count - prologBytes)..<bytes.count).filter { $0 != 0 }
        guard let end = tail.span.lastIndex(of: Array("svg".utf8)) else { return false }
        let before = tail[..<end].suffix(64)
        guard let slash = before.lastIndex(of: 0x2F), slash > 0, tail[slash - 1] == 0x3C else { return false }
        return tail[end...].contains(0x3E)
    }

    private static func size(_ attributes: [String: String]) -> Size? {
        if let width = attributes["width"].flatMap(pixels), let height = attributes["height"].flatMap(pixels) {
            return Size(width, height)
        }
        let box = (attributes["viewBox"] ?? "").split { $0 == " " || $0 == "," || $0.isNewline || $0 == "\t" }
        guard box.count == 4 else { return nil }
        return Size(pixels(String(box[2])), pixels(String(box[3])))
    }

    /// A length rounded to whole pixels; nil for other units.
    private static func pixels(_ text: String) -> Int? {
        let number = text.hasSuffix("px") ? String(text.dropLast(2)) : text
        guard let value = Double(number), value.isFinite, value >= 0.5, value < 1_000_000_000 else { return nil }
        return Int(value.rounded())
    }
}

/// Skips declarations, comments and a document type up to the first tag.
private struct PrologReader {
    struct Tag {
        var name: String
        var attributes: [String: String]
        /// Whether the tag is self-closing, as in `<svg/>`.
        var isEmpty: Bool
    }

    private let text: [UInt8]
    private var offset = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func rootTag() -> Tag? {
        var type: String?
        while true {
            skipSpace()
            if skip("<?") {
                guard skip(past: "?>") else { return nil }
            } else if skip("<!--") {
                guard skip(past: "-->") else { return nil }
            } else if skip("<!DOCTYPE") {
                skipSpace()
                type = word()
                guard skipDocumentType() else { return nil }
            } else {
                guard skip("<"), let tag = tag(), type == nil || type == tag.name else { return nil }
                return tag
            }
        }
    }

    private mutating func tag() -> Tag? {
        let name = word()
        guard !name.isEmpty else { return nil }
        var attributes: [String: String] = [:]
        while offset < text.count {
            skipSpace()
            if skip("/>") { return Tag(name: name, attributes: attributes, isEmpty: true) }
            if skip(">") { return Tag(name: name, attributes: attributes, isEmpty: false) }
            let key = word()
            skipSpace()
            guard !key.isEmpty, skip("=") else { return nil }
            skipSpace()
            guard let value = quoted() else { return nil }
            attributes[key] = value
        }
        return nil
    }

    private mutating func word() -> String {
        let start = offset
        while offset < text.count, !isSpace(text[offset]), ![0x3D, 0x3E, 0x2F, 0x3C, 0x22, 0x27].contains(text[offset]) {
            offset += 1
        }
        return String(decoding: text[start..<offset], as: UTF8.self)
    }

    private mutating func quoted() -> String? {
        guard offset < text.count, text[offset] == 0x22 || text[offset] == 0x27,
            let end = text[(offset + 1)...].firstIndex(of: text[offset])
        else { return nil }
        defer { offset = end + 1 }
        return String(decoding: text[(offset + 1)..<end], as: UTF8.self)
    }

    /// Skips to the `>` that is neither in quotes nor in the internal subset.
    private mutating func skipDocumentType() -> Bool {
        var depth = 0
        while offset < text.count {
            switch text[offset] {
            case 0x5B: depth += 1
            case 0x5D: depth -= 1
            case 0x22, 0x27:
                guard quoted() != nil else { return false }
                continue
            case 0x3E where depth <= 0:
                offset += 1
                return true
            default: break
            }
            offset += 1
        }
        return false
    }

    private mutating func skipSpace() {
        while offset < text.count, isSpace(text[offset]) { offset += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private mutating func skip(_ expected: String) -> Bool {
        guard text.span.matches(expected, at: offset) else { return false }
        offset += expected.utf8.count
        return true
    }

    private mutating func skip(past end: String) -> Bool {
        guard let found = text.span.firstIndex(of: Array(end.utf8), in: offset..<text.count) else { return false }
        offset = found + end.utf8.count
        return true
    }
}

extension Span where Element == UInt8 {
    /// The index of the last occurrence of `pattern`.
    fileprivate func lastIndex(of pattern: [UInt8]) -> Int? {
        var index = count - pattern.count
        while index >= 0 {
            if matches(pattern, at: index) { return index }
            index -= 1
        }
        return nil
    }
}
