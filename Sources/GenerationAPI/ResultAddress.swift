import ArchiveModel
import Foundation

/// Parses the address of a result from the upstream's text.
struct ResultAddress {
    /// The API's address, used to resolve relative addresses.
    let base: String?

    /// The absolute address; `nil` for a text that is not an address.
    func read(_ text: String) -> TaskResult? {
        if InlineData.isDataURI(text) {
            return text.utf8.contains(UInt8(ascii: ",")) ? .link(ResultLink(text)) : .problem("its data: URI has no data")
        }
        let text = Self.compact(text)
        if let scheme = Self.scheme(of: text) {
            guard ["http", "https"].contains(scheme) else {
                return text.contains(where: \.isWhitespace) ? nil : .problem("it is a \(scheme): address, which is not fetched")
            }
            return Self.web(scheme, text.dropFirst(scheme.count + 1))
        }
        guard !text.contains(where: \.isWhitespace) else { return nil }
        if text.hasPrefix("//") { return Self.web(baseScheme, text[...]) }
        if text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") { return relative(text) }
        guard let slash = text.firstIndex(of: "/") else { return Self.isMediaFile(text) ? relative(text) : nil }
        if Self.isHost(text[..<slash]) { return Self.web("https", "//\(text)") }
        return Self.isMediaFile(text) ? relative(text) : nil
    }

    private var baseScheme: String { base.flatMap(Self.scheme) ?? "https" }

    private func relative(_ text: String) -> TaskResult {
        guard let base, let url = URL(string: base.hasSuffix("/") ? base : base + "/"),
            let absolute = URL(string: Self.escaped(text[...]), relativeTo: url)?.absoluteString
        else { return .problem("it is the relative address \(text.prefix { $0 != "?" && $0 != "#" }.cut(to: 200))") }
        return .link(ResultLink(absolute))
    }

    /// Removes characters that may surround an address, and characters that the URL standard removes inside one.
    private static func compact(_ text: String) -> String {
        var text = String(String.UnicodeScalarView(text.unicodeScalars.filter { !["\t", "\r", "\n"].contains($0) }))
        for (open, close) in [("<", ">"), ("'", "'"), ("`", "`")] where text.hasPrefix(open) && text.hasSuffix(close) {
            text = String(text.dropFirst().dropLast())
        }
        // The JSON was escaped twice.
        return text.replacing(#"\/"#, with: "/")
    }

    /// The scheme in lower case.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.utf8.prefix(20).firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text[..<colon]
        guard let first = name.utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first | 0x20,
            name.utf8.allSatisfy({ isUnreserved($0) || $0 == UInt8(ascii: "+") })
        else { return nil }
        // `host:8080/path` has no scheme.
        if text[text.utf8.index(after: colon)...].utf8.first.map({ 0x30...0x39 ~= $0 }) ?? false { return nil }
        return name.lowercased()
    }

    /// - Parameter rest: The text after the scheme's colon: `//host/path?query`.
    private static func web(_ scheme: String, _ rest: Substring) -> TaskResult {
        let slashes = rest.prefix { $0 == "/" || $0 == "\\" }.count
        let host = rest.dropFirst(slashes)
        guard slashes == 2, let first = host.first, !"?#:@".contains(first) else {
            return .problem("its \(scheme) address contains no host")
        }
        let end = host.firstIndex { "/?#\\".contains($0) } ?? host.endIndex
        let link = "\(scheme)://\(host[..<end])\(escaped(host[end...]))"
        guard let url = URL(string: link), let name = url.host, !name.isEmpty else {
            return .problem("its address can't be read: \(Redactor()(link.cut(to: 300)))")
        }
        return .link(ResultLink(link))
    }

    /// Percent-encodes characters that are invalid in a URL. Everything else stays unchanged, since signatures cover it.
    private static func escaped(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for (position, byte) in bytes.enumerated() {
            let isEscape = position + 2 < bytes.count && bytes[position + 1...position + 2].allSatisfy(isHexDigit)
            let isKept: Bool =
                switch byte {
                case UInt8(ascii: "%"): isEscape
                case 0x21, 0x23...0x3B, 0x3D, 0x3F...0x5B, 0x5D, 0x5F, 0x61...0x7A, 0x7E: true
                default: false
                }
            result += isKept ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    private static let mediaEndings: Set<String> = [
        "png", "jpg", "jpeg", "webp", "gif", "avif", "heic", "heif", "svg", "bmp", "tif", "tiff", "jxl", "mp4", "webm", "mov",
        "mp3", "wav", "flac", "ogg", "glb", "zip", "pdf",
    ]

    private static func isMediaFile(_ text: String) -> Bool {
        let path = text.prefix { $0 != "?" && $0 != "#" }
        guard let dot = path.lastIndex(of: ".") else { return false }
        return mediaEndings.contains(path[path.index(after: dot)...].lowercased())
    }

    /// Whether the first part of an address without a scheme is a host: labels, of which the last consists of letters, such as
    /// `cdn.example.com`.
    private static func isHost(_ text: Substring) -> Bool {
        let labels = text.prefix { $0 != ":" }.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last, last.count >= 2, last.utf8.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 }),
            !mediaEndings.contains(last.lowercased())
        else { return false }
        return labels.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isUnreserved) }
    }
}
