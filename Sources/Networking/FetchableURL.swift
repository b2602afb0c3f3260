/// A validated http(s) URL. All text must pass through this type to become a request.
///
/// HTTP libraries crash on some URLs (swift-nio on a port above 65535), and parse others inconsistently. So the text is parsed
/// here once, according to RFC 3986, and ``text`` is rebuilt from the validated parts: ASCII only, host in lower case, no user
/// name, no fragment. White space around the text is removed. Characters that are invalid in a path or query are percent-encoded
/// as UTF-8, because vendors do send file names with spaces.
///
/// ``text`` contains the query, which may be a signature: never log it. ``origin`` is safe to show.
package struct FetchableURL: Sendable, Hashable {
    package enum Scheme: String, Sendable { case http, https }

    /// Maximum size of a URL's text in bytes. Signed links have 2 to 4 KB; servers reject request lines far below this limit.
    package static let longest = 16_384

    package let scheme: Scheme
    /// In lower case, without a trailing dot, and without the brackets of an IPv6 address.
    package let host: String
    /// From 1 to 65535.
    package let port: Int
    /// The path, percent-encoded; empty or with a leading `/`.
    package let path: String
    /// The query without its `?`, percent-encoded; `nil` for none.
    package let query: String?

    /// - Throws: ``LinkError`` with the violated rule. It contains neither the path nor the query.
    package init(_ text: String) throws(LinkError) {
        let bytes = try Self.trimmed(text)
        guard let (scheme, rest) = Self.split(bytes) else { throw LinkError(.notHTTP) }
        guard rest.starts(with: [.slash, .slash]) else { throw LinkError(.noHost) }
        let end = rest.dropFirst(2).firstIndex { [.slash, .question, .hash].contains($0) } ?? rest.endIndex
        let authority = try URLAuthority(rest[(rest.startIndex + 2)..<end])
        self.init(scheme: scheme, authority, try Tail(rest[end...]))
    }

    private init(scheme: Scheme, _ authority: URLAuthority, _ tail: Tail) {
        self.scheme = scheme
        host = authority.host
        port = authority.port ?? scheme.port
        path = tail.path
        query = tail.query
    }

    private init(_ base: FetchableURL, _ tail: Tail) {
        (scheme, host, port) = (base.scheme, base.host, base.port)
        path = tail.path
        query = tail.query
    }

    /// Resolves a redirect target or relative link (RFC 3986, section 5.2). The fragment is dropped.
    package func resolving(_ reference: String) throws(LinkError) -> FetchableURL {
        let bytes = try Self.trimmed(reference)
        if Self.hasScheme(bytes) {
            let absolute = try FetchableURL(reference)
            return FetchableURL(absolute, Tail(path: Tail.withoutDots(absolute.path), query: absolute.query))
        }
        if bytes.starts(with: [.slash, .slash]) {
            return try FetchableURL("\(scheme):" + String(decoding: bytes, as: UTF8.self))
        }
        var tail = try Tail(bytes)
        if tail.path.isEmpty {
            tail = Tail(path: path, query: tail.query ?? query)
        } else if !tail.path.hasPrefix("/") {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/"
            tail.path = Tail.withoutDots(folder + tail.path)
        } else {
            tail.path = Tail.withoutDots(tail.path)
        }
        return FetchableURL(self, tail)
    }

    /// The complete URL for the HTTP library.
    package var text: String { origin + requestTarget }

    /// Scheme, host and port; safe to show.
    package var origin: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://" + (port == scheme.port ? name : "\(name):\(port)")
    }

    /// Path and query for the request line.
    package var requestTarget: String { (path.isEmpty ? "/" : path) + (query.map { "?" + $0 } ?? "") }

    /// Whether another URL has the same scheme, host and port.
    package func hasOrigin(of other: FetchableURL) -> Bool { (scheme, host, port) == (other.scheme, other.host, other.port) }

    // MARK: Parsing

    private static func trimmed(_ text: String) throws(LinkError) -> ArraySlice<UInt8> {
        var bytes = Array(text.utf8)[...]
        // Check the length first, so that a text of many megabytes is rejected at no cost.
        guard bytes.count <= longest else { throw LinkError(.tooLong) }
        while let first = bytes.first, first.isBlank { bytes.removeFirst() }
        while let last = bytes.last, last.isBlank { bytes.removeLast() }
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { throw LinkError(.character) }
        guard !bytes.contains(.backslash) else { throw LinkError(.backslash) }
        return bytes
    }

    private static func split(_ bytes: ArraySlice<UInt8>) -> (Scheme, ArraySlice<UInt8>)? {
        guard let colon = bytes.firstIndex(of: .colon),
            let scheme = Scheme(rawValue: String(decoding: bytes[..<colon], as: UTF8.self).lowercased())
        else { return nil }
        return (scheme, bytes[(colon + 1)...])
    }

    private static func hasScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let end = bytes.firstIndex(where: { !$0.isSchemeCharacter }), bytes[end] == .colon else { return false }
        return bytes.first?.isLetter == true
    }
}

extension FetchableURL.Scheme {
    /// The default port.
    package var port: Int { self == .https ? 443 : 80 }
}

/// Path and query, percent-encoded where necessary.
private struct Tail {
    var path: String
    var query: String?

    init(path: String, query: String?) {
        self.path = path
        self.query = query
    }

    init(_ bytes: ArraySlice<UInt8>) throws(LinkError) {
        let bytes = bytes.prefix { $0 != .hash }
        let mark = bytes.firstIndex(of: .question) ?? bytes.endIndex
        path = Self.encoded(bytes[..<mark])
        query = mark == bytes.endIndex ? nil : Self.encoded(bytes[(mark + 1)...])
        // Percent-encoding turns one byte into up to three.
        guard path.utf8.count + (query?.utf8.count ?? 0) <= FetchableURL.longest else { throw LinkError(.tooLong) }
    }

    private static func encoded(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in zip(bytes.indices, bytes) {
            let isEscape = byte == .percent && bytes[(index + 1)...].prefix(2).count(where: \.isHexDigit) == 2
            if isEscape || byte.isPathCharacter {
                result.append(byte)
            } else {
                result += [.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Removes dot segments (RFC 3986, section 5.2.4).
    static func withoutDots(_ path: String) -> String {
        guard path.contains("/.") else { return path }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for segment in segments {
            switch segment {
            case ".": continue
            case "..": _ = kept.popLast()
            default: kept.append(segment)
            }
        }
        let endsInFolder = segments.last == "." || segments.last == ".."
        return "/" + kept.joined(separator: "/") + (endsInFolder && !kept.isEmpty ? "/" : "")
    }
}
