import Foundation
import NIOHTTP1

/// Decides which headers the gateway forwards.
enum GatewayHeaders {
    /// Hop-by-hop headers (RFC 9110, section 7.6.1), and headers that this server or client sets itself.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "host", "content-length",
        "expect", "alt-used",
    ]

    /// Headers about this server and its clients: cookies, client addresses and proxies.
    private static let own: Set<String> = [
        "cookie", "cookie2", "set-cookie", "set-cookie2", "forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
        "true-client-ip", "cf-connecting-ip", "via", "x-original-url", "x-rewrite-url", "x-http-method-override",
    ]

    /// Response headers that could change a browser's behaviour for this host, or make a proxy in front send local files.
    private static let ofAnswers: Set<String> = [
        "clear-site-data", "strict-transport-security", "public-key-pins", "public-key-pins-report-only", "alt-svc", "expect-ct",
        "nel", "report-to", "reporting-endpoints", "service-worker-allowed", "origin-agent-cluster", "x-sendfile",
        "x-lighttpd-send-file", "x-litespeed-location",
    ]

    private static let prefixes = ["proxy-", "x-forwarded-", "sec-websocket-", "x-accel-", "x-fixative-"]

    private static func isDropped(_ name: String) -> Bool {
        hopByHop.contains(name) || own.contains(name) || prefixes.contains(where: name.hasPrefix)
    }

    /// - Parameters:
    ///   - name: In lower case.
    ///   - named: Header names listed in the message's own `Connection` header.
    static func passesToUpstream(_ name: String, named: Set<String>) -> Bool {
        // The key is set by the gateway. Answers must arrive without a content coding, since the gateway reads them.
        !isDropped(name) && !named.contains(name) && name != "authorization" && name != "accept-encoding"
    }

    static func passesToCaller(_ name: String, named: Set<String>) -> Bool {
        !isDropped(name) && !ofAnswers.contains(name) && !named.contains(name)
    }

    /// The header names listed in `Connection`, in lower case.
    static func named(by connection: [String]) -> Set<String> {
        Set(connection.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces).lowercased() })
    }
}
