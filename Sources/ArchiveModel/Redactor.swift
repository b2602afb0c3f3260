/// Takes secrets out of text before it is written or shown.
///
/// A result link's query is its signature, so whoever reads the query can fetch the file. A redactor removes the query, the fragment
/// and any user name from every http(s) address in a text, and the given secrets wherever else they stand.
package struct Redactor: Sendable {
    private let secrets: [String]

    /// - Parameter secrets: Texts to remove wherever they occur, such as an API key or a link's query; ones under 6 characters are
    ///   ignored, since removing them would only garble.
    package init(secrets: [String] = []) {
        self.secrets = secrets.filter { $0.count >= 6 }.sorted { $0.count > $1.count }
    }

    package func callAsFunction(_ text: String) -> String {
        var clean = text
        for secret in secrets {
            clean = clean.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "[removed]")
        }
        return Self.withoutQueries(clean)
    }

    package func callAsFunction(_ value: JSONValue) -> JSONValue { value.mapStrings { self($0) } }

    /// `text` with every http(s) address in it cut down to scheme, host and path.
    private static func withoutQueries(_ text: String) -> String {
        guard text.contains("://") else { return text }
        var result = ""
        var rest = Substring(text)
        while let mark = rest.firstRange(of: "://") {
            result += rest[..<mark.upperBound]
            let isWeb = result.lowercased().hasSuffix("http://") || result.lowercased().hasSuffix("https://")
            rest = rest[mark.upperBound...]
            guard isWeb else { continue }
            let end = rest.firstIndex { $0.isWhitespace || "\"'<>`\\".contains($0) } ?? rest.endIndex
            result += withoutQuery(rest[..<end])
            rest = rest[end...]
        }
        return result + rest
    }

    /// What follows `://` in an address, without user name, query and fragment.
    private static func withoutQuery(_ address: Substring) -> Substring {
        let plain = address.prefix { $0 != "?" && $0 != "#" }
        let authority = plain.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return plain }
        return plain[plain.index(after: at)...]
    }
}
