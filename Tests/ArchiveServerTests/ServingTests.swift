import ArchiveModel
import BlockingThreads
import Catalog
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ArchiveServer

/// What a stranger or a forger gets.
@Suite struct ServingTests {
    private func isProblem(_ answer: TestServer.Answer) -> Bool {
        answer.headers["content-type"] == "application/problem+json" && answer.body.contains(#""status":\#(answer.status)"#)
    }

    @Test func filesAreServedOnlyByTheirDigest() async throws {
        try await TestServer.run { server in
            let hex = server.digest.hex
            for path in ["/blobs/sha256/\(hex)", "/blobs/sha256/\(hex.uppercased())"] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 200 && answer.body.count == 1000, "\(path)")
                #expect(answer.headers["etag"] == "\"\(hex)\"")
                // No picture, so a file to keep and never a page.
                #expect(answer.headers["content-type"] == "application/octet-stream")
                #expect(answer.headers["content-disposition"]?.hasPrefix("attachment") == true)
                #expect(answer.headers["x-content-type-options"] == "nosniff")
            }
            let folder = "\(hex.prefix(2))/\(hex)"
            for path in [
                "/blobs/sha256/\(hex.dropLast())", "/blobs/sha256/\(hex)0", "/blobs/sha256/sha256:\(hex)",
                "/blobs/sha256/%20\(hex.dropLast())", "/blobs/sha256/\(hex.dropLast())g",
                "/blobs/sha256/\(hex.dropLast())%EF%BC%91", "/blobs/sha256/\(folder)", "/blobs/sha256/..", "/blobs/sha256/.",
                "/blobs/sha256/../../catalog.sqlite", "/blobs/sha256/%2e%2e/catalog.sqlite",
                "/blobs/sha256/%2e%2e%2f%2e%2e%2fcatalog.sqlite", "/blobs/sha256/..%2fcatalog.sqlite",
                "/blobs/sha256/..%5c..%5ccatalog.sqlite", "/blobs/sha256/%252e%252e%252fcatalog.sqlite",
                "/blobs/sha256//etc/passwd", "/blobs/../catalog.sqlite", "//catalog.sqlite", "/blobs/sha256/%2Fetc%2Fpasswd",
                "/blobs/sha256/" + String(repeating: "a", count: 5000), "/thumbs/..", "/thumbs/%2e%2e%2fcatalog.sqlite-0",
                "/thumbs/..-0", "/thumbs/a%2f..%2fb-0", "/thumbs/a-0/../../x", "/thumbs/task-99999999999999999999",
                "/thumbs/" + String(repeating: "b", count: 5000) + "-0",
            ] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 404 && isProblem(answer), "\(path.prefix(80)): \(answer.status)")
            }
        }
    }

    @Test func noFolderIsListed() async throws {
        try await TestServer.run { server in
            for path in [
                "/blobs", "/blobs/", "/blobs/sha256", "/blobs/sha256/", "/thumbs", "/thumbs/", "/hooks/", "/api", "/api/",
            ] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 404 && isProblem(answer), "\(path)")
            }
            let root = try await server.ask("GET", "/")
            #expect(root.status == 307 && root.headers["location"] == "gallery/" && root.body.isEmpty, "a redirect, not a list")
        }
    }

    @Test func anInvalidAddressIsRefused() async throws {
        try await TestServer.run { server in
            for path in [
                "/api/outputs?query=a%00b", "/api/outputs?query=%ff%fe", "/api/outputs?%ff=1", "/api/outputs?query=%zz",
                "/api/outputs?query=%", "/api/outputs?query=%c0%ae", "/api/audit?since=%00", "/healthz?a=%00",
                "/blobs/sha256/%00", "/blobs/sha256/\(server.digest.hex)%00.png", "/thumbs/a%00-0", "/thumbs/%ff-0",
                "/api/tasks/%c0%80", "/api/outputs?query=a&query=b", "/api/outputs?nothing=1", "/api/outputs?limit=501",
                "/api/outputs?limit=-1", "/api/outputs?limit=1e1", "/api/outputs?cursor=-1.0", "/api/outputs?cursor=1.-1",
                "/api/outputs?cursor=99999999999999999999.0", "/api/outputs?since=2026-02-30", "/api/outputs?since=yesterday",
                "/api/outputs?since=2026-01-01T25:00:00Z", "/api/outputs?query=" + String(repeating: "a", count: 501),
            ] {
                let answer = try await server.ask("GET", path)
                #expect(answer.status == 400 && isProblem(answer), "\(path.prefix(80)): \(answer.status)")
            }
        }
    }

    @Test(arguments: [
        "2026-11-22", "2026-11-22T12:00:00Z", "2026-11-22t12:00:00z", "2026-11-22T12:00:00.123456Z", "2026-12-31T23:59:60Z",
        "2026-11-22T12:00:00%2B05:30", "2026-11-22T12:00:00+05:30", "2026-11-22T12:00:00-08:00", "0001-01-01", "9999-12-31",
    ])
    func everyRFC3339TimeIsAccepted(_ time: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.ask("GET", "/api/outputs?since=\(time)")
            #expect(answer.status == 200)
        }
    }

    @Test func aTimeOffsetIsConvertedToUTC() {
        // 12:00 in India is 06:30 in UTC; 23:59:60 of a year's last day is the next year's first moment.
        #expect(Date(rfc3339: "2026-11-22T12:00:00.25+05:30") == Date(iso8601: "2026-11-22T06:30:00.250Z"))
        #expect(Date(rfc3339: "2026-11-22T12:00:00-08:00") == Date(iso8601: "2026-11-22T20:00:00Z"))
        #expect(Date(rfc3339: "2016-12-31T23:59:60Z") == Date(iso8601: "2017-01-01T00:00:00Z"))
        // date -u -d … +%s
        for (text, seconds) in [
            ("1970-01-01", 0), ("0001-01-01", -62_135_596_800), ("9999-12-31", 253_402_214_400), ("2000-02-29", 951_782_400),
            ("1900-03-01", -2_203_891_200), ("2024-02-29", 1_709_164_800), ("1969-12-31", -86_400), ("2026-01-01", 1_767_225_600),
        ] {
            #expect(Date(rfc3339: text + "T00:00:00Z")?.timeIntervalSince1970 == Double(seconds), "\(text)")
        }
        for text in ["2026-02-29", "1900-02-29", "2026-04-31", "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32"] {
            #expect(Date(rfc3339: text + "T00:00:00Z") == nil, "\(text)")
        }
    }

    @Test func aWrongMethodIsAnsweredWithTheAllowedMethods() async throws {
        try await TestServer.run { server in
            for (method, path, allow) in [
                ("DELETE", "/api/outputs", "GET, HEAD"), ("POST", "/healthz", "GET, HEAD"), ("PUT", "/api/tasks", "POST"),
                ("GET", "/api/tasks", "POST"), ("OPTIONS", "/blobs/sha256/\(server.digest)", "GET, HEAD"),
                ("GET", "/hooks/\(TestServer.hooks[0])", "POST"), ("PATCH", "/api/outputs/a-0/retry", "POST"),
                ("TRACE", "/openapi.json", "GET, HEAD"),
            ] {
                let answer = try await server.ask(method, path)
                #expect(answer.status == 405 && isProblem(answer), "\(method) \(path): \(answer.status)")
                #expect(answer.headers["allow"] == allow, "\(method) \(path)")
            }
            let whole = try await server.ask("GET", "/api/outputs")
            let head = try await server.ask("HEAD", "/api/outputs")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "\(whole.body.utf8.count)")
        }
    }

    @Test func nothingCanBeChangedWithoutAnAdminToken() async throws {
        let body = #"{"tasks":[{"task_id":"task-a"}]}"#
        try await TestServer.run(adminTokens: []) { server in
            for token in [nil, TestServer.reader, "", "null", TestServer.admin] {
                for path in ["/api/tasks", "/api/outputs/task-a-0/retry"] {
                    let answer = try await server.ask("POST", path, token: token, body: body)
                    #expect(answer.status == 403)
                }
            }
            let status = try await server.catalog.status(now: StandingClock().now)
            #expect(status.tasks.values.allSatisfy { $0 == 0 })
        }
        try await TestServer.run { server in
            for (token, status) in [(nil, 401), (TestServer.reader, 403), (TestServer.admin, 202)] {
                let answer = try await server.ask("POST", "/api/tasks", token: token, body: body)
                #expect(answer.status == status)
            }
            let basic = try await server.ask(
                "POST", "/api/tasks", token: nil, body: body, ["Authorization: Basic \(TestServer.admin)"])
            #expect(basic.status == 401)
        }
    }

    @Test func repeatedCallbacksInAnyOrderCountOnce() async throws {
        try await TestServer.run { server in
            func call(_ body: String, secret: String = TestServer.hooks[0]) async throws -> TestServer.Answer {
                try await server.ask("POST", "/hooks/\(secret)", token: nil, body: body)
            }
            // While one secret replaces the other both are good.
            for secret in TestServer.hooks {
                let answer = try await call(#"{"id":"task-a"}"#, secret: secret)
                #expect(answer.status == 204)
            }
            for secret in ["other-secret-0123456789", TestServer.hooks[0].uppercased(), String(TestServer.hooks[0].dropLast())] {
                let answer = try await call(#"{"id":"task-a"}"#, secret: secret)
                #expect(answer.status == 404 && isProblem(answer))
            }
            // The later news before the earlier, and each twice.
            for status in ["completed", "processing", "pending", "processing", "completed"] {
                let answer = try await call(#"{"id":"task-b","status":"\#(status)","progress":7}"#)
                #expect(answer.status == 204)
            }
            // What a forger says of size and place is nobody's word.
            let forged = #"{"id":"task-c","status":"completed","created":1,"results":["https://evil.example/a.png"],"model":"m"}"#
            let taken = try await call(forged)
            #expect(taken.status == 204)
            let due = try await server.catalog.dueHints(limit: 50, now: StandingClock().now)
            #expect(due.map(\.id.text) == ["task-a", "task-b", "task-c"], "durable, and each only once")
            let entries = try await server.catalog.entries(EntryQuery())
            #expect(entries.isEmpty)
            let status = try await server.catalog.status(now: StandingClock().now)
            #expect(status.tasks.values.allSatisfy { $0 == 0 }, "a callback alone registers no task")
            for body in [
                "", "no json", "[]", "7", #"{"id":7}"#, #"{"id":null}"#, #"{"id":""}"#, #"{"id":"a b"}"#, #"{"id":"a\u0000"}"#,
                #"{"id":"\#(String(repeating: "x", count: 201))"}"#, #"{"id":"é"}"#, String(repeating: "[", count: 100_000),
            ] {
                let answer = try await call(body)
                #expect(answer.status == 400 && isProblem(answer), "\(body.prefix(40)): \(answer.status)")
            }
            let room = 256 << 10
            let fits = #"{"id":"task-d","x":""#
            let full = try await call(fits + String(repeating: "x", count: room - fits.utf8.count - 2) + #""}"#)
            #expect(full.status == 204)
            let inline = try await call(#"{"id":"task-e","x":""# + String(repeating: "x", count: 3 * room) + #""}"#)
            #expect(inline.status == 204, "the callback contains pictures")
            let news = try await server.catalog.dueHints(limit: 50, now: StandingClock().now)
            #expect(news.map(\.id.text).suffix(2) == ["task-d", "task-e"])
        }
    }

    /// The envelope has an ID of its own.
    @Test(arguments: [
        #"{"id":"task-a","data":{"id":"task-z"}}"#, #"{"taskId":"task-z"}"#, #"{"task":{"id":"task-z"}}"#, #"[{"id":"task-z"}]"#,
        #"{"data":{"task_id":"task-z","results":[]}}"#,
    ])
    func everyPlausibleIDOfACallbackCounts(_ body: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.ask("POST", "/hooks/\(TestServer.hooks[0])", token: nil, body: body)
            #expect(answer.status == 204)
            let due = try await server.catalog.dueHints(limit: 50, now: StandingClock().now)
            #expect(due.map(\.id.text).last == "task-z")
        }
    }

    @Test func aTaskListMayHaveFourMebibytes() async throws {
        try await TestServer.run { server in
            let head = #"{"tasks":[{"task_id":"task-a","prompt":""#
            let tail = #""}]}"#
            let room = (4 << 20) - head.utf8.count - tail.utf8.count
            let answer = try await server.ask("POST", "/api/tasks", body: head + String(repeating: "x", count: room + 1) + tail)
            #expect(answer.status == 413 && isProblem(answer))
            let large = try await server.ask("POST", "/api/tasks", body: head + String(repeating: "x", count: 1 << 20) + tail)
            #expect(large.status == 202)
        }
    }

    @Test func aFailedWriteIsAnsweredWith503AndRetryAfter() async throws {
        try await TestServer.run { server in
            // As SQLite answers when the disk is full.
            let outcome = try shell(
                "sqlite3 '\(server.catalogPath)' \"CREATE TRIGGER full BEFORE INSERT ON task BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END; CREATE TRIGGER full_hint BEFORE INSERT ON task_hint BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END\" 2>&1"
            )
            #expect(outcome == "")
            for (path, body) in [
                ("/hooks/\(TestServer.hooks[0])", #"{"id":"task-a"}"#), ("/api/tasks", #"{"tasks":[{"task_id":"task-a"}]}"#),
            ] {
                let answer = try await server.ask("POST", path, body: body)
                #expect(answer.status == 503 && isProblem(answer), "\(path): \(answer.status)")
                #expect(answer.headers["retry-after"].flatMap { Int($0) } != nil)
                #expect(!answer.body.contains("disk is full"), "internal details belong in the log")
            }
            _ = try shell(
                "sqlite3 '\(server.catalogPath)' 'DROP TRIGGER full; DROP TRIGGER full_hint; DROP TABLE tally_day' 2>&1")
            let answer = try await server.ask("GET", "/api/outputs?verdict=exact")
            #expect(answer.status == 503 && isProblem(answer))
        }
    }

    @Test func noSecretIsLogged() async throws {
        let log = Lines()
        try await TestServer.run(log: log) { server in
            _ = try shell("sqlite3 '\(server.catalogPath)' 'DROP TABLE tally_day; DROP TABLE task' 2>&1")
            let failed = try await server.ask("POST", "/hooks/\(TestServer.hooks[0])", body: #"{"id":"task-a"}"#)
            #expect(failed.status == 503)
            #expect(log.text.contains("POST /hooks/{secret}"))
            // Half a body, and then gone.
            let cut = "POST /hooks/\(TestServer.hooks[1]) HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"
            try await TestServer.threads.run { [port = server.port] in
                let connection = try Connection(port: port)
                connection.send(Array(cut.utf8))
                connection.finish()
                _ = connection.rest()
            }
            #expect(log.count == 1, "a client that disconnects is not logged: \(log.text)")
        }
        for secret in TestServer.hooks + [TestServer.admin] { #expect(!log.text.contains(secret)) }
    }

    @Test func headersAreLimitedInSizeAndNumber() async throws {
        try await TestServer.run { server in
            for (headers, status) in [
                (["X-Large: " + String(repeating: "x", count: 9 << 10)], 400), ((0..<120).map { "X-\($0): 1" }, 400),
                ((0..<50).map { "X-\($0): 1" }, 200),
            ] {
                let answer = try await server.ask("GET", "/healthz", headers)
                #expect(answer.status == status)
            }
        }
    }

    @Test func aClientThatDoesNotReadLosesItsConnection() async throws {
        var limits = ConnectionLimits()
        limits.connections = 1
        limits.write = .milliseconds(200)
        // More than the buffers of two sockets hold.
        try await TestServer.run(readTokens: [], adminTokens: [], limits: limits, size: 32 << 20) { server in
            let answers = try await TestServer.threads.run {
                let idle = try Connection(port: server.port)
                idle.send(Array("GET /blobs/sha256/\(server.digest) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
                let head = idle.beginning()
                var next = ""
                let patience = Date().addingTimeInterval(20)
                while !next.hasPrefix("HTTP/1.1 200"), Date() < patience {
                    let connection = try Connection(port: server.port)
                    connection.send(Array("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
                    next = connection.rest()
                }
                return (next, head + idle.rest())
            }
            #expect(answers.0.hasPrefix("HTTP/1.1 200"), "the only connection is free again")
            #expect(answers.1.hasPrefix("HTTP/1.1 200") && answers.1.utf8.count < 32 << 20)
        }
    }

    @Test func aDrippingRequestHeadIsCutOff() async throws {
        var limits = ConnectionLimits()
        limits.head = .milliseconds(200)
        try await TestServer.run(limits: limits) { server in
            let answer = try await TestServer.threads.run {
                let connection = try Connection(port: server.port)
                connection.send(Array("GET /healthz HTTP/1.1\r\nHost: a\r\n".utf8))
                return connection.rest()
            }
            #expect(answer == "", "closed without an answer")
        }
    }
}

/// What has been logged as a warning or worse.
private final class Lines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var count: Int { lines.withLock { $0.count } }

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

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
