import ArchiveModel
import ArchiveServer
import Archiver
import BlockingThreads
import Catalog
import Foundation
import Logging
import Synchronization
import Testing

/// Who gets in, and how often.
@Suite struct GuardTests {
    @Test func inventedCallbacksFillOnlyABoundedTable() async throws {
        try await TestServer.run { server in
            let real = try #require(TaskID("task-real"))
            _ = try await server.catalog.register([TaskRegistration(id: real, source: "sweep")], now: StandingClock().now)
            let answers = try await withThrowingTaskGroup(of: [String].self) { group in
                for part in 0..<4 {
                    group.addTask {
                        try await TestServer.threads.run {
                            let connection = try Connection(port: server.port)
                            for number in 0..<300 {
                                let body = #"{"id":"task-forged-\#(part)-\#(number)"}"#
                                let close = number == 299 ? "Connection: close\r\n" : ""
                                connection.send(
                                    Array(
                                        "POST /hooks/\(TestServer.hooks[0]) HTTP/1.1\r\nHost: a\r\n\(close)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                                            .utf8))
                            }
                            return connection.rest().matches(of: /HTTP\/1.1 (\d+)/).map { String($0.output.1) }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(answers.count == 1200)
            #expect(answers.count { $0 == "204" } == HintReader.most && answers.count { $0 == "429" } == 200)
            let full = try await server.ask("POST", "/hooks/\(TestServer.hooks[0])", token: nil, body: #"{"id":"task-more"}"#)
            #expect(full.status == 429 && full.headers["retry-after"] == "60")
            let known = try await server.ask("POST", "/hooks/\(TestServer.hooks[0])", token: nil, body: #"{"id":"task-real"}"#)
            #expect(known.status == 204, "a known task is always accepted")
            let again = try await server.ask(
                "POST", "/hooks/\(TestServer.hooks[0])", token: nil, body: #"{"id":"task-forged-0-0"}"#)
            #expect(again.status == 204, "it is on disk already")
            let status = try await server.catalog.status(now: StandingClock().now)
            #expect(status.tasks[.waiting] == 1)
        }
    }

    @Test func wrongTokensAreLimitedPerAddressAndLoggedOnce() async throws {
        let log = GuardLines()
        try await TestServer.run(log: log) { server in
            var statuses: [Int] = []
            for number in 0..<30 {
                let answer = try await server.ask("GET", "/api/outputs", token: "wrong-token-\(number)-0123456789")
                statuses.append(answer.status)
                if answer.status == 429 { #expect(answer.headers["retry-after"].flatMap { Int($0) } == 3) }
            }
            #expect(statuses == Array(repeating: 401, count: 20) + Array(repeating: 429, count: 10))
            for (method, path, body) in [
                ("POST", "/gallery/sign-in", "token=wrong-token-0123456789"), ("POST", "/hooks/wrong-secret-0123456789", "{}"),
                ("GET", "/v1/tasks", nil),
            ] as [(String, String, String?)] {
                let answer = try await server.ask(method, path, token: "wrong-token-0123456789", body: body)
                #expect(answer.status == 429, "\(path)")
            }
            #expect(try await server.ask("GET", "/api/outputs").status == 200, "a valid token is never locked out")
            #expect(try await server.ask("GET", "/api/outputs", token: nil).status == 401, "a missing token is not a wrong one")
            let other = try await TestServer.threads.run {
                let connection = try Connection(port: server.port, from: 2)
                connection.send(
                    Array(
                        "GET /api/outputs HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer wrong-token-0123456789\r\n\r\n"
                            .utf8))
                return connection.rest()
            }
            #expect(other.hasPrefix("HTTP/1.1 401"), "another address has its own allowance")
        }
        #expect(log.lines.count { $0.contains("wrong tokens") } == 1)
        #expect(log.lines.allSatisfy { !$0.contains("wrong-token") && !$0.contains("wrong-secret") })
    }

    @Test func aSignOutEndsTheSessionOnTheServer() async throws {
        try await TestServer.run { server in
            func signIn(_ headers: [String] = []) async throws -> (status: Int, cookie: String) {
                let answer = try await server.ask(
                    "POST", "/gallery/sign-in", token: nil, body: "token=\(TestServer.reader)", headers)
                return (answer.status, String((answer.headers["set-cookie"] ?? "").prefix { $0 != ";" }))
            }
            func status(_ cookie: String) async throws -> Int {
                try await server.ask("GET", "/api/outputs", token: nil, ["Cookie: \(cookie)"]).status
            }
            let (first, second) = (try await signIn().cookie, try await signIn().cookie)
            #expect(first != second && first.wholeMatch(of: /fixative_reader=[0-9a-f]{64}/) != nil)
            #expect(try await status(first) == 200)
            #expect(try await status("fixative_reader=\(String(repeating: "0", count: 64))") == 401)
            // An id that somebody planted is not taken over.
            let planted = "fixative_reader=\(String(repeating: "a", count: 64))"
            let own = try await signIn(["Cookie: \(planted)"]).cookie
            #expect(own != planted)
            #expect(try await status(planted) == 401)
            let out = try await server.ask("POST", "/gallery/sign-out", token: nil, ["Cookie: \(first)"])
            #expect(out.status == 303)
            #expect(try await status(first) == 401, "a copy of the cookie is invalid")
            #expect(try await status(second) == 200, "another browser stays signed in")
            for (origin, expected) in [
                ("https://evil.example", 403), ("null", 403), ("http://127.0.0.1.evil.example", 403),
                ("http://127.0.0.1:80", 303),
                ("http://127.0.0.1", 303),
            ] {
                let answer = try await signIn(["Origin: \(origin)"])
                #expect(answer.status == expected, "\(origin)")
            }
        }
    }

    @Test func oneAddressCannotTakeAllConnectionsAndHealthAnswers() async throws {
        var limits = ConnectionLimits()
        limits.connections = 6
        limits.perAddress = 4
        limits.reserve = 2
        try await TestServer.run(limits: limits) { server in
            let answers = try await TestServer.threads.run {
                func ask(_ path: String, from: UInt32) throws -> String {
                    let connection = try Connection(port: server.port, from: from)
                    connection.send(Array("GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
                    return String(connection.rest().prefix(12))
                }
                func hold(_ count: Int, from: UInt32) throws -> [Connection] {
                    try (0..<count).map { _ in
                        let connection = try Connection(port: server.port, from: from)
                        connection.send(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                        _ = connection.beginning()
                        return connection
                    }
                }
                var answers: [String] = []
                var held = try hold(4, from: 2)
                answers.append(try ask("/openapi.json", from: 2))
                answers.append(try ask("/healthz", from: 2))
                answers.append(try ask("/openapi.json", from: 1))
                held += try hold(2, from: 1)
                answers.append(try ask("/openapi.json", from: 3))
                answers.append(try ask("/healthz", from: 3))
                // The reserve is full of connections that ask nothing; the newest is served all the same.
                let silent = try (0..<5).map { _ in try Connection(port: server.port, from: 2) }
                // Two event loops accept in turn, so the server may meet the last silent one after the first question.
                let first = try ask("/healthz", from: 3)
                answers.append(first.isEmpty ? try ask("/healthz", from: 3) : first)
                withExtendedLifetime((held, silent)) {}
                return answers
            }
            #expect(
                answers == [503, 200, 200, 503, 200, 200].map { "HTTP/1.1 \($0)" }, "\(answers)")
        }
    }

    @Test(arguments: [
        "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n",
        "POST /api/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /a",
        "POST /api/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /api/tasks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /api/tasks HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}", "NONSENSE\r\n\r\n",
    ])
    func anAmbiguousRequestIsRefusedOnce(_ request: String) async throws {
        try await TestServer.run { server in
            let answer = try await TestServer.threads.run {
                let connection = try Connection(port: server.port)
                connection.send(Array(request.utf8))
                connection.finish()
                return connection.rest()
            }
            #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer.prefix(80))")
            #expect(answer.matches(of: /HTTP.1.1 [0-9]/).count == 1, "nothing after it is read as a request")
        }
    }
}

/// What has been logged as a warning or worse.
private final class GuardLines: LogHandler, Sendable {
    private let all = Mutex<[String]>([])
    var lines: [String] { all.withLock { $0 } }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .warning }
        set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { all.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") } }
}
