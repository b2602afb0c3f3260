/// Takes secrets out of text before it is written or shown.
///
/// A result link's query is its signature, so whoever reads the query can fetch the file. A redactor removes the query, the fragment
/// and any user name from every http(s) address in a text, and the given secrets wherever else they stand. Where an address ends is
/// not always plain; then it removes rather too much than too little.
package struct Redactor: Sendable {
    private let secrets: [String]
    private let bytesOfSecrets: [[UInt8]]

    /// - Parameter secrets: Texts to remove wherever they occur, such as an API key or a link's query; ones under 6 characters are
    ///   ignored, since removing them would only garble.
    package init(secrets: [String] = []) {
        self.secrets = secrets.filter { $0.count >= 6 }.sorted { $0.count > $1.count }
        bytesOfSecrets = self.secrets.map { Array($0.utf8) }
    }

    package func callAsFunction(_ text: String) -> String {
        guard mayHoldSecrets(text) else { return text }
        var clean = Array(text.unicodeScalars)
        for secret in secrets {
            let parts = clean.split(separator: Array(secret.unicodeScalars), omittingEmptySubsequences: false)
            if parts.count > 1 { clean = Array(parts.joined(separator: "[removed]".unicodeScalars)) }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: WebAddresses(clean).cutDown())
        return String(result)
    }

    /// Whether there is anything to look at closely; in most texts there is not.
    private func mayHoldSecrets(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        return bytes.firstIndex(of: Self.scheme, folding: 0x20) != nil
            || bytesOfSecrets.contains { bytes.firstIndex(of: $0, folding: 0) != nil }
    }

    private static let scheme = Array("http".utf8)

    /// In JSON, a text that is a relative address by itself, such as `//host/a?sig=…` or `/a?sig=…`, is cut down as well.
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
    /// Where `bytes` begins, which is not empty.
    /// - Parameter folding: Bits that are taken as set in every byte: with 0x20, the ASCII letters of both cases are the same.
    fileprivate func firstIndex(of bytes: [UInt8], folding: UInt8) -> Int? {
        guard count >= bytes.count else { return nil }
        return (0...(count - bytes.count)).first { start in
            bytes.indices.allSatisfy { self[start + $0] | folding == bytes[$0] | folding }
        }
    }
}

/// The http(s) addresses of a text, found in one pass.
///
/// Works on Unicode scalars: a combining mark after a `?` or a secret makes another `Character` of it, which would then go unnoticed.
private struct WebAddresses {
    private let text: [Unicode.Scalar]

    init(_ text: [Unicode.Scalar]) { self.text = text }

    /// The text with every address in it cut down to scheme, host and path.
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

    /// The scalars of a host and path, from behind the user name on.
    private func withoutUserName(_ range: Range<Int>) -> ArraySlice<Unicode.Scalar> {
        let authority = range.prefix { slash(at: $0) == nil }
        guard let at = authority.last(where: { text[$0] == "@" }) else { return text[range] }
        return text[(at + 1)..<range.upperBound]
    }

    /// Goes on from `start` to where the address is over, where another begins, or where `isStop` holds.
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
        // JSON escapes slashes and ampersands inside an address; any other escape, such as a quotation mark's, is behind its end.
        case "\\": slash(at: position) == nil && scalar(afterBackslashesAt: position) != "u"
        case let scalar: scalar.properties.isWhitespace
        }
    }

    /// The position after `http://` or `https://`, plain or as JSON may escape it; `nil` when no such thing starts here.
    private func hostAfterScheme(at start: Int) -> Int? {
        guard text[start] == "h" || text[start] == "H", var position = word("http", at: start) else { return nil }
        position = word("s", at: position) ?? position
        guard let colon = word(":", at: position), let first = slash(at: colon) else { return nil }
        return slash(at: first)
    }

    /// The position after `word` in either case.
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

    /// The position after up to four backslashes, which is JSON inside JSON inside JSON.
    private func backslashes(at start: Int) -> Int? {
        let end = (start..<min(start + 4, text.count)).first { text[$0] != "\\" } ?? min(start + 4, text.count)
        return end > start ? end : nil
    }
}
