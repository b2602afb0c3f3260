import Foundation
import HTTPTypes
import Hummingbird

/// The target of a gateway request: a path below `/v1/` that all servers on the way to the upstream parse identically.
///
/// Servers differ in how they parse backslashes, escaped or doubled slashes, and dot segments. A path that is read differently
/// upstream would bypass the checks here, so such paths are rejected.
struct GatewayTarget: Sendable {
    /// The raw path, percent-encoded.
    let path: String
    private let query: String?

    /// - Throws: ``GatewayUpstreamError`` with status 400 if the path contains a dot segment or an escaped separator, or if the
    ///   path or query contains a forbidden character.
    init(_ request: Request) throws {
        path = request.uri.path
        query = request.uri.query
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let isPlain =
            path.hasPrefix("/v1/") && Self.isPlain(path, allowed: Self.inPath, escaped: Self.isPlainInPath)
            && !segments.dropLast().contains("") && !segments.contains { $0 == "." || $0 == ".." }
        guard isPlain else {
            throw GatewayUpstreamError(
                .badRequest, "invalid_request_error",
                "the path contains a dot segment, a doubled or escaped separator, or a forbidden character", param: nil)
        }
        guard query.map({ Self.isPlain($0, allowed: Self.inQuery, escaped: { $0 >= 0x20 && $0 != 0x7F }) }) ?? true else {
            throw GatewayUpstreamError(
                .badRequest, "invalid_request_error", "the query contains a forbidden character", param: nil)
        }
    }

    /// - Parameter base: The upstream's address without a trailing slash.
    func url(below base: String) -> String { base + path + (query.map { "?" + $0 } ?? "") }

    /// The query parameters that the API documents for reading tasks.
    static let documented = ["page", "page_size", "status", "type", "model"]

    /// Other parameters may select another method or account: some servers read the method from `_method`. Some also separate
    /// parameters by `;`.
    var hasOnlyDocumentedParameters: Bool {
        (query ?? "").split { $0 == "&" || $0 == ";" }.allSatisfy { parameter in
            Self.documented.contains(String(parameter.prefix { $0 != "=" }))
        }
    }

    /// RFC 3986, section 3.3, without `;`, at which some servers truncate a path.
    private static let inPath = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/".utf8)
    private static let inQuery = inPath.union(";?[]|".utf8)

    private static func isPlainInPath(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F && !"/\\.%;?#".utf8.contains(byte)
    }

    /// - Parameter escaped: Whether a byte may be percent-encoded.
    private static func isPlain(_ text: String, allowed: Set<UInt8>, escaped: (UInt8) -> Bool) -> Bool {
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = bytes.prefix(2)
                guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), escaped(value)
                else { return false }
                bytes = bytes.dropFirst(2)
            } else if !allowed.contains(byte) {
                return false
            }
        }
        return text.removingPercentEncoding != nil
    }
}
