import Foundation
import NIOHTTP1

/// Decides which headers the gateway forwards.
enum GatewayHeaders {
    /// Hop-by-hop headers (RFC 9110, section 7.6.1), and headers that this server or client sets itself.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "host", "content-length",
        "expect", "alt-used",
    ]

    /// Headers about this server and its clients: cookies, client addresses, proxies, and what replaces a path or method.
    private static let own: Set<String> = [
        "cookie", "cookie2", "set-cookie", "set-cookie2", "forwarded", "via", "client-ip", "x-real-ip", "x-client-ip",
        "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip", "cf-connecting-ipv6", "fastly-client-ip",
        "x-azure-clientip", "x-azure-socketip", "x-proxyuser-ip", "x-envoy-external-address", "x-envoy-original-path", "x-host",
        "x-original-host", "x-original-url", "x-original-uri", "x-rewrite-url", "x-override-url", "x-http-method",
        "x-http-method-override", "x-method-override",
    ]

    /// All headers that callers with a token may send. Any other could select another account, path or method, with the service's
    /// key.
    private static let ofTokens: Set<String> = [
        "accept", "accept-language", "cache-control", "content-encoding", "content-type", "idempotency-key", "if-modified-since",
        "if-none-match", "traceparent", "tracestate", "user-agent", "x-request-id",
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
    ///   - isToken: Whether the caller uses the service's key without knowing it.
    static func passesToUpstream(_ name: String, named: Set<String>, isToken: Bool) -> Bool {
        guard !isToken || ofTokens.contains(name) else { return false }
        // The key is set by the gateway. Answers must arrive without a content coding, since the gateway reads them.
        return !isDropped(name) && !named.contains(name) && name != "authorization" && name != "accept-encoding"
    }

    static func passesToCaller(_ name: String, named: Set<String>) -> Bool {
        !isDropped(name) && !ofAnswers.contains(name) && !named.contains(name)
    }

    /// The header names listed in `Connection`, in lower case.
    static func named(by connection: [String]) -> Set<String> {
        Set(connection.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces).lowercased() })
    }
}
