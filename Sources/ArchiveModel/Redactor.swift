/// Removes secrets from text before it is written or shown.
///
/// The query of a result link is its signature: anyone who has the query can fetch the file. The redactor removes the query, the
/// fragment and any user name from every http(s) URL in a text. It also removes the given secrets anywhere in the text. If the
/// end of a URL is ambiguous, it removes too much rather than too little.
package struct Redactor: Sendable {
    private let secrets: SecretIndex

    /// - Parameter secrets: Texts to remove wherever they occur, such as an API key or a link's query. Texts under 6 characters
    ///   are ignored, since removing them would only garble the output.
    package init(secrets: [String] = []) {
        self.secrets = SecretIndex(secrets.filter { $0.count >= 6 })
    }

    package func callAsFunction(_ text: String) -> String {
        let withoutSecrets = secrets.removing(from: text)
        guard (withoutSecrets ?? text).utf8Span.span.holds(Self.scheme) else { return withoutSecrets ?? text }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: WebAddresses(Array((withoutSecrets ?? text).unicodeScalars)).cutDown())
        return String(result)
    }

    /// Whether a text contains one of the secrets.
    package func findsSecret(in text: String) -> Bool { secrets.removing(from: text) != nil }

    private static let scheme = Array("http".utf8)

    /// In JSON, a string that is a relative URL, such as `//host/a?sig=…` or `/a?sig=…`, also loses its query and fragment.
    package func callAsFunction(_ value: JSONValue) -> JSONValue { value.mapStrings { Self.cuttingRelative(self($0)) } }

    private static func cuttingRelative(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.first(where: { !$0.properties.isWhitespace }), first == "/" || first == ".",
            let query = scalars.firstIndex(where: { $0 == "?" || $0 == "#" })
        else { return text }
        let words = scalars.split { $0.properties.isWhitespace }
        guard words.count == 1, text.utf8.count > 2 else { return text }
        return String(scalars[..<query])
    }
}

extension Span<UInt8> {
    /// Whether the span contains `letters`, which must be lower-case ASCII, in either case.
    fileprivate func holds(_ letters: [UInt8]) -> Bool {
        guard count >= letters.count else { return false }
        return (0...(count - letters.count)).contains { start in
            letters.indices.allSatisfy { self[start + $0] | 0x20 == letters[$0] }
        }
    }
}

/// Indexes secrets by their first bytes, so that a text is searched once for all of them: a task may have a thousand links.
///
/// A long secret is recognised by its first bytes, and the rest of the word is removed with it. The same happens if secrets of
/// many different lengths share their first bytes. This bounds the work per byte of text.
private struct SecretIndex: Sendable {
    private static let keyLength = 6
    /// The maximum number of bytes compared per secret.
    private static let compared = 128
    /// The maximum number of different lengths compared among secrets with the same first bytes.
    private static let mostLengths = 8

    /// Secrets that share their first bytes.
    private struct Group {
        /// Sorted from longest to shortest.
        var lengths: [Int]
        /// The secrets, truncated to ``compared`` bytes.
        var beginnings: Set<ArraySlice<UInt8>>
    }

    private let groups: [UInt64: Group]

    init(_ secrets: [String]) {
        let secrets = secrets.map { Array($0.utf8) }
        groups = Dictionary(grouping: secrets) { secret in
            secret.prefix(Self.keyLength).reduce(0) { $0 << 8 | UInt64($1) }
        }.mapValues { secrets in
            let beginnings = Set(secrets.map { $0.prefix(Self.compared) })
            return Group(lengths: Set(beginnings.map(\.count)).sorted(by: >), beginnings: beginnings)
        }
    }

    /// - Returns: `nil` if the text contains no secret.
    func removing(from text: String) -> String? {
        guard !groups.isEmpty else { return nil }
        let bytes = Array(text.utf8)
        var found: [Range<Int>] = []
        var key: UInt64 = 0
        // Everything before this position has already been removed.
        var wordEnd = 0
        for position in bytes.indices {
            key = (key << 8 | UInt64(bytes[position])) & 0xFFFF_FFFF_FFFF
            let start = position - Self.keyLength + 1
            guard start >= wordEnd, let group = groups[key], let length = length(at: start, in: bytes, group) else { continue }
            var end = start + length
            if length == Self.compared || group.lengths.count > Self.mostLengths {
                end = bytes[end...].firstIndex(where: Self.endsWord) ?? bytes.endIndex
                wordEnd = end
            }
            if let last = found.last, start < last.upperBound {
                found[found.count - 1] = last.lowerBound..<max(last.upperBound, end)
            } else {
                found.append(start..<end)
            }
        }
        guard !found.isEmpty else { return nil }
        var clean: [UInt8] = []
        var done = 0
        for range in found {
            clean += bytes[done..<range.lowerBound] + Self.replacement
            done = range.upperBound
        }
        return String(decoding: clean + bytes[done...], as: UTF8.self)
    }

    private static let replacement = Array("[removed]".utf8)

    private static func endsWord(_ byte: UInt8) -> Bool { byte <= 0x20 || [0x22, 0x27, 0x3C, 0x3E].contains(byte) }

    /// The length in bytes of the secret that starts at `start`, or of its compared part.
    private func length(at start: Int, in bytes: [UInt8], _ group: Group) -> Int? {
        guard group.lengths.count <= Self.mostLengths else { return Self.keyLength }
        return group.lengths.first { length in
            start + length <= bytes.count && group.beginnings.contains(bytes[start..<(start + length)])
        }
    }
}

/// Finds the http(s) URLs of a text in one pass.
///
/// Works on Unicode scalars. A combining mark after a `?` or a secret forms another `Character` with it, so a search by
/// `Character` would miss it.
private struct WebAddresses {
    private let text: [Unicode.Scalar]

    init(_ text: [Unicode.Scalar]) { self.text = text }

    /// The text with every URL in it reduced to scheme, host and path.
    func cutDown() -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            guard let host = hostAfterScheme(at: position) else {
                result.append(text[position])
                position += 1
                continue
            }
            result += text[position..<host]
            let path = end(of: host) { text[$0] == "?" || text[$0] == "#" || escape($0, "?") != nil || escape($0, "#") != nil }
            result += withoutUserName(host..<path.position)
            position = path.isAddressOver ? path.position : end(of: path.position + 1, orScheme: false) { _ in false }.position
        }
        return result
    }

    /// The scalars of a host and path, without a user name.
    private func withoutUserName(_ range: Range<Int>) -> ArraySlice<Unicode.Scalar> {
        let authority = range.prefix { slash(at: $0) == nil }
        guard let at = authority.last(where: { text[$0] == "@" }) else { return text[range] }
        return text[(at + 1)..<range.upperBound]
    }

    /// Scans from `start` to the end of the URL, to the start of another URL, or to a position where `isStop` is true.
    private func end(
        of start: Int, orScheme stopsAtScheme: Bool = true, isStop: (Int) -> Bool
    ) -> (position: Int, isAddressOver: Bool) {
        var position = start
        while position < text.count {
            if isStop(position) { return (position, false) }
            if endsAddress(position) || (stopsAtScheme && hostAfterScheme(at: position) != nil) { break }
            position += 1
        }
        return (position, true)
    }

    private func endsAddress(_ position: Int) -> Bool {
        switch text[position] {
        case "\"", "'", "<", ">", "`": true
        // JSON escapes slashes and ampersands inside a URL. Any other escape, such as that of a quotation mark, ends the URL.
        case "\\": slash(at: position) == nil && scalar(afterBackslashesAt: position) != "u"
        case let scalar: scalar.properties.isWhitespace
        }
    }

    /// The position after `http://` or `https://`, plain or JSON-escaped; `nil` if no scheme starts here.
    private func hostAfterScheme(at start: Int) -> Int? {
        guard text[start] == "h" || text[start] == "H", var position = word("http", at: start) else { return nil }
        position = word("s", at: position) ?? position
        guard let colon = word(":", at: position), let first = slash(at: colon) else { return nil }
        return slash(at: first)
    }

    /// The position after `word`, matched case-insensitively; `nil` if it does not occur here.
    private func word(_ word: String, at start: Int) -> Int? {
        var position = start
        for scalar in word.unicodeScalars {
            guard position < text.count, text[position].properties.lowercaseMapping == String(scalar) else { return nil }
            position += 1
        }
        return position
    }

    /// The position after `/`, `\/` or `\u002f`.
    private func slash(at position: Int) -> Int? {
        guard position < text.count else { return nil }
        if text[position] == "/" { return position + 1 }
        if let end = escape(position, "/") { return end }
        guard text[position] == "\\", let end = backslashes(at: position), end < text.count, text[end] == "/" else { return nil }
        return end + 1
    }

    /// The position after the JSON escape `\u00..` of an ASCII character.
    private func escape(_ position: Int, _ scalar: Unicode.Scalar) -> Int? {
        guard text[position] == "\\", let end = backslashes(at: position) else { return nil }
        return word("u00" + String(scalar.value, radix: 16), at: end)
    }

    private func scalar(afterBackslashesAt position: Int) -> Unicode.Scalar? {
        backslashes(at: position).flatMap { $0 < text.count ? text[$0] : nil }
    }

    /// The position after up to four backslashes, as they occur in triply nested JSON.
    private func backslashes(at start: Int) -> Int? {
        let end = (start..<min(start + 4, text.count)).first { text[$0] != "\\" } ?? min(start + 4, text.count)
        return end > start ? end : nil
    }
}
