import Foundation
import NIOHTTP1

/// Which headers pass the gateway.
enum GatewayHeaders {
    /// Headers that belong to one connection (RFC 9110, section 7.6.1), and those that this server or client sets itself.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "host", "content-length",
        "expect", "alt-used",
    ]

    /// What concerns this server's own name and clients: its cookies, who its clients are, and the proxies around it.
    private static let own: Set<String> = [
        "cookie", "cookie2", "set-cookie", "set-cookie2", "forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
        "true-client-ip", "cf-connecting-ip", "via", "x-original-url", "x-rewrite-url", "x-http-method-override",
    ]

    /// What an upstream could tell a browser about this server's name, or a proxy in front of it about this machine's files.
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
    ///   - named: What the message's own `Connection` header names.
    static func passesToUpstream(_ name: String, named: Set<String>) -> Bool {
        // The key is set anew. An answer is read on its way, so it must come without an encoding.
        !isDropped(name) && !named.contains(name) && name != "authorization" && name != "accept-encoding"
    }

    static func passesToCaller(_ name: String, named: Set<String>) -> Bool {
        !isDropped(name) && !ofAnswers.contains(name) && !named.contains(name)
    }

    /// The headers that `Connection` names, in lower case.
    static func named(by connection: [String]) -> Set<String> {
        Set(connection.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces).lowercased() })
    }
}
