import BlockingThreads
import Foundation
import NIOCore
import Testing

@testable import ArchiveServer

/// What passes the gateway, and what does not.
@Suite struct GatewayGuardTests {
    private static let key = "sk-of-a-test"

    private func withUpstream(
        forwardsKeys: Bool = false, content: [UInt8] = [], answer: @escaping @Sendable (String) -> String,
        _ body: @escaping @Sendable (TestServer, Upstream) async throws -> Void
    ) async throws {
        let upstream = try Upstream(answer: answer, body: content)
        try await TestServer.run(upstream: upstream.port, forwardsKeys: forwardsKeys) { try await body($0, upstream) }
        upstream.end()
    }

    private static let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    /// RFC 9110, section 7.6.1, RFC 7239, RFC 6265, RFC 6797, and what proxies and browsers act upon.
    @Test func connectionAndProxyHeadersAreNotForwarded() async throws {
        let dropped = [
            "Set-Cookie: a=b", "Clear-Site-Data: *", "Strict-Transport-Security: max-age=1", "Public-Key-Pins: x",
            "Alt-Svc: h3", "Via: 1.1 x", "X-Accel-Redirect: /etc", "Proxy-Authenticate: Basic", "X-Forwarded-Host: x", "X-Hop: 1",
            "Upgrade: h2c", "Keep-Alive: timeout=5",
        ]
        let answer =
            "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\n" + dropped.joined(separator: "\r\n")
            + "\r\nX-Kept: yes\r\nContent-Length: 2\r\n\r\n{}"
        try await withUpstream { _ in
            answer
        } _: { server, upstream in
            let sent = [
                "Cookie: fixative_reader=1", "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4", "X-Real-IP: 1.2.3.4",
                "Via: 1.1 y", "Proxy-Authorization: Basic x", "TE: trailers", "Upgrade: websocket", "Sec-WebSocket-Key: x",
                "HTTP2-Settings: x",
            ]
            let got = try await server.ask("GET", "/v1/tasks", token: Self.key, sent + ["X-Sent: yes"])
            #expect(got.status == 200 && got.headers["x-kept"] == "yes")
            for line in dropped { #expect(got.headers[line.prefix { $0 != ":" }.lowercased()] == nil, "\(line)") }
            let head = try #require(upstream.asked.first).lowercased()
            #expect(head.contains("x-sent: yes") && head.contains("authorization: bearer sk-of-a-test"))
            for line in sent { #expect(!head.contains("\r\n\(line.prefix { $0 != ":" }.lowercased()):"), "\(line)") }
        }
    }

    /// A token may make and read tasks, and nothing else. Each of these headers selects a method, a path, an account or an address
    /// somewhere.
    @Test func aTokenSendsOnlyListedHeaders() async throws {
        try await withUpstream { _ in
            Self.plain
        } _: { server, upstream in
            let passed = [
                "Accept: application/json", "Content-Type: application/json", "Idempotency-Key: k-1", "User-Agent: a/1",
                "If-None-Match: x", "X-Request-Id: 1",
            ]
            let dropped = [
                "X-HTTP-Method: DELETE", "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "X-Override-URL: /x",
                "X-Envoy-Original-Path: /v1/credits", "X-Api-Key: x", "Api-Key: x", "X-Auth-Token: x", "OpenAI-Organization: x",
                "X-Organization: x", "Client-IP: 192.0.2.1", "X-Azure-ClientIP: 192.0.2.1", "Fastly-Client-IP: 192.0.2.1",
                "X-Of-Tomorrow: x", "Range: bytes=0-1",
            ]
            #expect(try await server.ask("GET", "/v1/tasks/abc", token: TestServer.admin, passed + dropped).status == 200)
            let head = try #require(upstream.asked.first).lowercased()
            for line in passed { #expect(head.contains("\r\n\(line.lowercased())\r\n"), "\(line)") }
            for line in dropped { #expect(!head.contains("\r\n\(line.prefix { $0 != ":" }.lowercased()):"), "\(line)") }
            #expect(head.contains("authorization: bearer sk-of-a-test"))
        }
    }

    /// Proxies in front of this server add the addresses of clients.
    @Test func noCallersAddressReachesTheUpstream() async throws {
        try await withUpstream { _ in
            Self.plain
        } _: { server, upstream in
            let names = ["Client-IP", "X-Client-IP", "X-Azure-ClientIP", "Fastly-Client-IP", "X-ProxyUser-Ip"]
            let lines = names.map { "\($0): 192.0.2.1" }
            #expect(try await server.ask("GET", "/v1/tasks/abc", token: Self.key, lines).status == 200)
            let head = try #require(upstream.asked.first)
            #expect(!head.contains("192.0.2.1"))
        }
    }

    @Test func aTokenUsesOnlyDocumentedParameters() async throws {
        try await withUpstream { _ in
            Self.plain
        } _: { server, upstream in
            for query in [
                "_method=DELETE", "page=1&_method=DELETE", "page=1;_method=DELETE", "%5Fmethod=DELETE", "api_key=x", "page%00=1",
                "page[]=1", "_method",
            ] {
                let answer = try await server.ask("GET", "/v1/tasks/abc?\(query)", token: TestServer.admin)
                #expect(answer.status == (query.contains("%00") ? 400 : 403), "\(query)")
            }
            #expect(upstream.asked.isEmpty)
            for query in ["?page=1&page_size=3&status=completed&type=image&model=gpt-image-2", "?page=1&"] {
                #expect(try await server.ask("GET", "/v1/tasks\(query)", token: TestServer.admin).status == 200, "\(query)")
            }
            // The holder of the key may do what it could do without this server.
            #expect(try await server.ask("GET", "/v1/tasks?_method=GET&x=1", token: Self.key).status == 200)
        }
    }

    /// RFC 9110, section 7.6.1: what `Connection` names, and `Keep-Alive`, is for this connection.
    @Test func onlyEndToEndHeadersReachTheUpstream() async throws {
        try await withUpstream { _ in
            Self.plain
        } _: { server, upstream in
            let sent = ["Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Accept-Encoding: gzip"]
            #expect(try await server.ask("GET", "/v1/tasks", token: Self.key, sent + ["X-Sent: yes"]).status == 200)
            let head = try #require(upstream.asked.first).lowercased()
            #expect(head.contains("\r\nx-sent: yes\r\n"))
            #expect(!head.contains("x-hop") && !head.contains("\r\nkeep-alive:"), "\(head)")
            #expect(head.contains("\r\naccept-encoding: identity\r\n") && !head.contains("gzip"))
            #expect(head.components(separatedBy: "\r\nauthorization: ").count == 2, "the key is sent once")
        }
    }

    /// An API's own "incorrect API key: sk-…" must not show the service's key to the bearer of a token.
    @Test func aKeyInAnAnswerIsHiddenFromOtherCallers() async throws {
        let body = "{\"error\":\"wrong key \(Self.key), sk-of-a-tes, \(Self.key)\"}"
        let answer =
            "HTTP/1.1 401 Unauthorized\r\nX-Echo: Bearer \(Self.key)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try await withUpstream { _ in
            answer
        } _: { server, _ in
            let hidden = try await server.ask("GET", "/v1/tasks/abc", token: TestServer.admin)
            #expect(hidden.status == 401 && hidden.headers["x-echo"] == "Bearer ************")
            #expect(hidden.body == "{\"error\":\"wrong key ************, sk-of-a-tes, ************\"}")
            // Who shows the key knows it.
            #expect(try await server.ask("GET", "/v1/tasks/abc", token: Self.key).body == body)
        }
    }

    /// A network in between may code an answer that was asked for plainly. By Python: `gzip.compress(b'{"wrong key":"sk-of-a-test"}')`.
    @Test func keysInCodedAnswersAndHeaderNamesAreHidden() async throws {
        let coded = try #require(Data(base64Encoded: "H4sIAAAAAAACA6tWKi/Kz0tXyE6tVLJSKs7WzU/TTdQtSS0uUaoFALXck9YcAAAA"))
        let head = "HTTP/1.1 200 OK\r\nX-\(Self.key): 1\r\nContent-Encoding: gzip\r\nContent-Length: \(coded.count)\r\n\r\n"
        try await withUpstream(content: Array(coded)) { _ in
            head
        } _: { server, _ in
            let hidden = try await server.ask("GET", "/v1/tasks/abc", token: TestServer.admin)
            #expect(hidden.status == 200 && hidden.body.contains("{\"wrong key\":\"************\"}"), "\(hidden.body)")
            #expect(hidden.headers["content-encoding"] == nil && hidden.headers["x-\(Self.key)"] == nil)
            let shown = try await server.ask("GET", "/v1/tasks/abc", token: Self.key)
            #expect(shown.body.contains("{\"wrong key\":\"\(Self.key)\"}"))
        }
        try await withUpstream { _ in
            "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 2\r\n\r\n{}"
        } _: { server, _ in
            let unread = try await server.ask("GET", "/v1/tasks/abc", token: TestServer.admin)
            #expect(unread.status == 502)
        }
    }

    @Test(arguments: [
        (#"{"k":"sk\u002dof\u002Da-test"}"#, #"{"k":"**********************"}"#),
        ("a=sk%2dof%2Da-test&b", "a=****************&b"),
        (#"sk\-of-a-test"#, #"*************"#), (#"sk\u002"#, #"sk\u002"#), ("sk%2-of-a-test sk%", "sk%2-of-a-test sk%"),
        (#"\\sk\u002dof-a-test"#, #"\******************"#),
    ])
    func aKeyIsFoundInJSONAndURLEncoding(_ text: String, _ expected: String) {
        for cut in 0...text.utf8.count {
            var mask = SecretMask(Self.key)
            var got = Array(mask.push(ByteBuffer(bytes: Array(text.utf8.prefix(cut)))).readableBytesView)
            got += mask.push(ByteBuffer(bytes: Array(text.utf8.dropFirst(cut)))).readableBytesView
            got += mask.finish().readableBytesView
            #expect(String(decoding: got, as: UTF8.self) == expected, "cut at \(cut)")
        }
    }

    @Test func aKeyIsFoundAcrossPartsAndOtherTextIsNotDelayed() {
        let text = Array("ab\(Self.key)sk-of-\(Self.key)sk-of-a".utf8)
        let expected = "ab************sk-of-************sk-of-a"
        for cut in 0...text.count {
            var mask = SecretMask(Self.key)
            var got = Array(mask.push(ByteBuffer(bytes: text[..<cut])).readableBytesView)
            got += mask.push(ByteBuffer(bytes: text[cut...])).readableBytesView
            got += mask.finish().readableBytesView
            #expect(String(decoding: got, as: UTF8.self) == expected, "cut at \(cut)")
        }
        var mask = SecretMask(Self.key)
        #expect(mask.push(ByteBuffer(string: "no key here")).readableBytes == 11)
    }

    @Test func aProtocolSwitchBecomesABadGatewayError() async throws {
        try await withUpstream { _ in
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        } _: {
            server, _ in
            let answer = try await server.ask("GET", "/v1/tasks", token: Self.key)
            #expect(answer.status == 502)
        }
    }

    @Test func anAmbiguousPathNeverReachesTheUpstream() async throws {
        try await withUpstream { _ in
            Self.plain
        } _: { server, upstream in
            for path in [
                "/v1/..", "/v1/tasks/../credits", "/v1/./tasks", "/v1//tasks", "/v1/tasks//a", "/v1/tasks/a%2fb",
                "/v1/tasks/a%2Fb",
                "/v1/tasks/a%5cb", "/v1/tasks/a\\b", "/v1/%2e%2e/x", "/v1/tasks/%252e%252e", "/v1/tasks/%2e", "/v1/tasks;a=b",
                "/v1/tasks/%3b", "/v1/tasks/%00", "/v1/tasks/%0d%0a", "/v1/tasks/%7f", "/v1/tasks/%c0%af", "/v1/tasks/%ff",
                "/v1/tasks/%zz", "/v1/tasks/%", "/v1/tasks?a=%00", "/v1/tasks?a=\\", "/v1/tasks?a=%0d%0aX",
            ] {
                let answer = try await server.ask("GET", path, token: Self.key)
                #expect(answer.status == 400, "\(path): \(answer.status)")
            }
            #expect(upstream.asked.isEmpty)
            // An absolute target names this server; the upstream's address and the key's way stay as they are.
            let absolute = try await server.ask("GET", "http://elsewhere.example/v1/tasks?page=1", token: Self.key)
            #expect(absolute.status == 200)
            #expect(upstream.asked.first?.hasPrefix("GET /v1/tasks?page=1 HTTP/1.1\r\n") == true)
            #expect(try await server.ask("GET", "/v1/tasks/task-1_a.b~c%20d", token: Self.key).status == 200)
        }
    }

    /// Sends bytes as they are, then half-closes.
    private static func raw(_ text: String, _ port: Int) async throws -> String {
        try await TestServer.threads.run {
            let connection = try Connection(port: port)
            connection.send(Array(text.utf8))
            connection.finish()
            return connection.rest()
        }
    }

    @Test func aMalformedBodyIsTheCallersError() async throws {
        try await withUpstream { _ in
            Self.plain
        } _: { server, upstream in
            for path in ["/v1/images/generations"] {
                let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(Self.key)\r\n"
                for rest in [
                    "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
                    "Content-Length: 50\r\n\r\n{}", "Content-Length: x\r\n\r\n{}", "Content-Length: -1\r\n\r\n{}",
                    "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
                    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\n{}",
                ] {
                    let answer = try await Self.raw(head + rest, server.port)
                    #expect(answer.hasPrefix("HTTP/1.1 400"), "\(path) \(rest.debugDescription): \(answer.prefix(60))")
                }
            }
            for body in ["no json", "[]", "7", "", "{\"prompt\":\"x\"", "{\"prompt\":\"x\"}}", "{\"a\" 1}", "{,}"] {
                let answer = try await server.ask("POST", "/v1/images/generations", token: Self.key, body: body)
                #expect(answer.status == 400, "\(body)")
                #expect(answer.body.contains("invalid_request_error"))
            }
            let large = "Content-Length: \((16 << 20) + 1)"
            #expect(try await server.ask("POST", "/v1/images/generations", token: Self.key, [large]).status == 413)
            #expect(upstream.asked.allSatisfy { !$0.contains("/images/") }, "no such body was forwarded")
            // What is the upstream's to judge is forwarded.
            for body in [#"{"prompt":"\ud83d","n":NaN,"a":[{},[],1.5e3,null]}"#, "{}"] {
                #expect(try await server.ask("POST", "/v1/images/generations", token: Self.key, body: body).status == 200)
            }
        }
    }

    @Test func requestsWithOtherKeysShareBoundedMemory() async throws {
        try await withUpstream(forwardsKeys: true) { _ in
            Self.plain
        } _: { server, _ in
            // 16 strangers each begin a body of 8 MiB and hold it open: 128 MiB, of which 64 MiB are theirs.
            let part = Array(repeating: UInt8(ascii: " "), count: 8 << 20)
            let refused = try await TestServer.threads.run {
                var open: [Connection] = []
                for number in 0..<16 {
                    let connection = try Connection(port: server.port)
                    let head =
                        "POST /v1/images/generations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk-stranger-\(number)-0123456789\r\n"
                        + "Content-Length: \((8 << 20) + 10)\r\nConnection: close\r\n\r\n"
                    connection.send(Array(head.utf8))
                    connection.send(part)
                    open.append(connection)
                }
                for connection in open { connection.finish() }
                return open.map { $0.rest() }.filter { !$0.hasPrefix("HTTP/1.1 400") }.count
            }
            // A refused body is cut off, so its 429 may be lost to a reset; an accepted one is only incomplete.
            #expect(refused >= 8 && refused < 16)
            let own = try await server.ask("POST", "/v1/images/generations", token: Self.key, body: "{}")
            #expect(own.status == 200, "the service's own callers are served")
            let later = try await server.ask("POST", "/v1/images/generations", token: "sk-stranger-99-0123456789", body: "{}")
            #expect(later.status == 200, "the held memory is released")
        }
    }
}
