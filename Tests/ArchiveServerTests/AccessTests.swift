import ArchiveModel
import ArchiveServer
import Catalog
import Foundation
import Testing

/// The rights of each token and each session, and the answers to requests without one.
@Suite struct AccessTests {
    private static let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    private func withUpstream(_ body: @escaping @Sendable (TestServer, Upstream) async throws -> Void) async throws {
        let upstream = try Upstream { _ in Self.plain }
        try await TestServer.run(upstream: upstream.port) { try await body($0, upstream) }
        upstream.end()
    }

    @Test func aReadTokenSpendsNothingAtTheUpstream() async throws {
        try await withUpstream { server, upstream in
            for (method, path) in [("POST", "/v1/images/generations"), ("GET", "/v1/tasks"), ("GET", "/v1/tasks/task-1")] {
                let answer = try await server.ask(method, path, token: TestServer.reader, body: "{}")
                #expect(answer.status == 401 && answer.body.contains("authentication_error"), "\(method) \(path)")
            }
            #expect(upstream.asked.isEmpty)
            #expect(try await server.ask("POST", "/v1/images/generations", token: TestServer.admin, body: "{}").status == 200)
        }
    }

    @Test func aTokenOnlyCreatesPicturesAndReadsTasks() async throws {
        try await withUpstream { server, upstream in
            for (method, path) in [
                ("GET", "/v1/credits"), ("DELETE", "/v1/tasks/task-1"), ("POST", "/v1/videos/generations"),
                ("GET", "/v1/tasks/task-1/more"), ("GET", "/v1/tasks/task%201"),
            ] {
                let answer = try await server.ask(method, path, token: TestServer.admin)
                #expect(answer.status == 403 && answer.body.contains("permission_error"), "\(method) \(path): \(answer.status)")
            }
            #expect(upstream.asked.isEmpty)
            for path in ["/v1/tasks?page=1", "/v1/tasks/task-1"] {
                #expect(try await server.ask("GET", path, token: TestServer.admin).status == 200, "\(path)")
            }
            #expect(try await server.ask("GET", "/v1/credits", token: "sk-of-a-test").status == 200, "the key may do everything")
        }
    }

    @Test func anOpenServerCannotBeChanged() async throws {
        try await TestServer.run(readTokens: [], adminTokens: []) { server in
            #expect(try await server.ask("GET", "/api/outputs", token: nil).status == 200)
            for token in [nil, "any-token-0123456789"] {
                for path in ["/api/tasks", "/api/outputs/task-a-0/retry"] {
                    let answer = try await server.ask("POST", path, token: token, body: #"{"tasks":[{"task_id":"task-a"}]}"#)
                    #expect(answer.status == 403, "\(path)")
                }
            }
            #expect(try await server.catalog.status(now: StandingClock().now).tasks.values.allSatisfy { $0 == 0 })
        }
    }

    // MARK: Sessions

    private static func signIn(_ server: TestServer, _ headers: [String] = []) async throws -> (status: Int, cookie: String) {
        let answer = try await server.ask("POST", "/gallery/sign-in", token: nil, body: "token=\(TestServer.reader)", headers)
        return (answer.status, "Cookie: " + (answer.headers["set-cookie"] ?? "").prefix { $0 != ";" })
    }

    private static func reads(_ server: TestServer, _ cookie: String) async throws -> Int {
        try await server.ask("GET", "/api/outputs", token: nil, [cookie]).status
    }

    @Test func aSessionEndsWithItsToken() async throws {
        try await TestServer.run { server in
            let cookie = try await Self.signIn(server).cookie
            #expect(try await Self.reads(server, cookie) == 200)
            server.access.replace(
                readTokens: ["another-token-0123456789"], adminTokens: [TestServer.admin], gatewayTokens: [])
            #expect(try await Self.reads(server, cookie) == 401)
        }
    }

    @Test func aNewSignInEndsTheEarlierSession() async throws {
        try await TestServer.run { server in
            let first = try await Self.signIn(server).cookie
            let second = try await Self.signIn(server, [first]).cookie
            #expect(try await Self.reads(server, first) == 401)
            #expect(try await Self.reads(server, second) == 200)
        }
    }

    /// The Fetch Metadata of a browser (W3C), for a form on another site.
    @Test func anotherSiteSignsNobodyInOrOut() async throws {
        try await TestServer.run { server in
            let cookie = try await Self.signIn(server, ["Sec-Fetch-Site: same-origin"]).cookie
            for site in ["cross-site", "same-site"] {
                #expect(try await Self.signIn(server, ["Sec-Fetch-Site: \(site)"]).status == 403, "\(site)")
                let out = try await server.ask("POST", "/gallery/sign-out", token: nil, ["Sec-Fetch-Site: \(site)", cookie])
                #expect(out.status == 403, "\(site)")
            }
            #expect(try await Self.reads(server, cookie) == 200, "still signed in")
        }
    }

    @Test func theGalleryAsksStrangersToSignIn() async throws {
        try await TestServer.run { server in
            let page = try await server.ask("GET", "/gallery/", token: nil)
            #expect(page.status == 401 && page.body.contains("action=\"sign-in\""))
            #expect(try await server.ask("GET", "/gallery/manifest.json", token: nil).status == 401)
            #expect(try await server.ask("GET", "/gallery/", token: TestServer.reader).status == 200)
        }
    }

    // MARK: Readiness

    @Test func strangersSeeOnlyWhetherTheServerIsReady() async throws {
        try await TestServer.run { server in
            let known = try await server.ask("GET", "/readyz", token: TestServer.reader)
            let stranger = try await server.ask("GET", "/readyz", token: nil)
            #expect(known.status == 200 && stranger.status == 200)
            for name in ["waiting", "problems", "parts"] {
                #expect(known.body.contains("\"\(name)\""), "\(name)")
                #expect(!stranger.body.contains("\"\(name)\""), "\(name)")
            }
        }
    }

    /// By default an item is at risk two hours before its links expire, 24 hours after the task's creation.
    @Test(arguments: [(21.0, 200), (23, 503)])
    func aTaskAtRiskMakesTheServerNotReady(hours: Double, status: Int) async throws {
        try await TestServer.run { server in
            let now = StandingClock().now
            let task = TaskRegistration(id: try #require(TaskID("task-a")), source: "test", createdAt: now - hours * 3600)
            _ = try await server.catalog.register([task], now: now)
            let answer = try await server.ask("GET", "/readyz")
            #expect(answer.status == status, "\(answer.body)")
            #expect(answer.body.contains(#""risk":"failing""#) == (status == 503))
            #expect(answer.body.contains(#""store":"ok""#) && answer.body.contains(#""catalog":"ok""#))
        }
    }
}
