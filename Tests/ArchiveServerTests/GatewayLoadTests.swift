import BlockingThreads
import Foundation
import Synchronization
import Testing

@testable import ArchiveServer

/// Callers of the gateway who cost much. Other callers do not notice.
@Suite struct GatewayLoadTests {
    private static let (key, stranger) = ("sk-of-a-test", "sk-stranger-0123456789")
    private static let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    /// Bodies are parsed before the upstream has checked the key.
    @Test func parsingStrangersRequestsDelaysNoOtherCaller() async throws {
        let upstream = try Upstream { _ in Self.plain }
        let parsers = GatewayParsers()
        let gate = DispatchSemaphore(value: 0)
        let (begun, begin) = AsyncStream<Void>.makeStream()
        // Stands for a body that takes long to parse.
        let long = Task {
            try await parsers.strangers.run {
                begin.yield()
                gate.wait()
            }
        }
        for await _ in begun { break }
        try await TestServer.run(upstream: upstream.port, forwardsKeys: true, parsers: parsers) { server in
            async let waiting = server.ask("POST", "/v1/images/generations", token: Self.stranger, body: "{}")
            let own = try await server.ask("POST", "/v1/images/generations", token: Self.key, body: "{}")
            #expect(own.status == 200)
            let isHeld = !upstream.asked.contains { $0.contains(Self.stranger) }
            #expect(isHeld, "the stranger's body waits for the threads of strangers")
            gate.signal()
            let later = try await waiting
            #expect(later.status == 200)
        }
        try await long.value
        upstream.end()
    }

    /// The HTTP client still waits for the next part of a body, and the server skips the rest of it: NIO ends the process when both
    /// read at once.
    @Test(arguments: ["401 Unauthorized", "413 Content Too Large", "200 OK", "204 No Content"])
    func anEarlyAnswerEndsTheUpload(_ status: String) async throws {
        let rest = status.hasPrefix("204") ? "\r\n" : "Content-Length: 2\r\n\r\n{}"
        let upstream = try Upstream { _ in "HTTP/1.1 \(status)\r\n\(rest)" }
        try await TestServer.run(upstream: upstream.port, forwardsKeys: true) { server in
            for length in ["Content-Length: 60000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"] {
                let answer = try await TestServer.threads.run {
                    let connection = try Connection(port: server.port)
                    let head = "POST /v1/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(Self.stranger)\r\n\(length)"
                    connection.send(Array(head.utf8))
                    let first = connection.beginning()
                    connection.finish()
                    return first + connection.rest()
                }
                #expect(answer.hasPrefix("HTTP/1.1 \(status.prefix(3))"), "\(answer)")
            }
            #expect(try await server.ask("GET", "/healthz").status == 200)
        }
        upstream.end()
    }

    /// Clients that begin an upload, and send nothing more.
    private final class SlowUploads: Sendable {
        private let open = Mutex<[Connection]>([])

        func begin(_ port: Int, key: String, path: String = "/v1/files") throws {
            try open.withLock { open in
                let connection = try Connection(port: port)
                let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(key)\r\nContent-Length: 60000\r\n\r\nabc"
                connection.send(Array(head.utf8))
                open.append(connection)
            }
        }

        /// The beginning of the answer to the last one.
        func lastAnswer() -> String { open.withLock { $0.last?.beginning() ?? "" } }

        func end() { open.withLock { $0 = [] } }
    }

    /// An upstream that answers an upload only when all of it has come, and says that it has begun.
    private func withUpstream(
        clients: GatewayClients = TestServer.clients,
        _ body: @escaping @Sendable (TestServer, SlowUploads, _ arrivals: AsyncStream<Void>) async throws -> Void
    ) async throws {
        let gate = DispatchSemaphore(value: 0)
        let (arrivals, arrive) = AsyncStream<Void>.makeStream()
        let upstream = try Upstream { head in
            if head.hasPrefix("POST /v1/files") {
                arrive.yield()
                gate.wait()
            }
            return Self.plain
        }
        let uploads = SlowUploads()
        try await TestServer.run(upstream: upstream.port, forwardsKeys: true, clients: clients) { server in
            defer { uploads.end() }
            try await body(server, uploads, arrivals)
        }
        for _ in 0..<64 { gate.signal() }
        upstream.end()
    }

    /// Each upload holds a connection to the upstream until its caller has sent everything.
    @Test func slowUploadsOfOneKeyLeaveConnectionsForOthers() async throws {
        try await withUpstream { server, uploads, arrivals in
            var arrived = arrivals.makeAsyncIterator()
            for _ in 0..<32 {
                try await TestServer.threads.run { try uploads.begin(server.port, key: Self.stranger) }
                _ = await arrived.next()
            }
            let refused = try await TestServer.threads.run {
                try uploads.begin(server.port, key: Self.stranger)
                return uploads.lastAnswer()
            }
            #expect(refused.hasPrefix("HTTP/1.1 429"))
            try await TestServer.threads.run { try uploads.begin(server.port, key: "sk-other-0123456789") }
            let next: Void? = await arrived.next()
            #expect(next != nil, "another key has places of its own")
            let read = try await server.ask("GET", "/v1/tasks/abc", token: Self.stranger)
            #expect(read.status == 200, "reading needs no such place")
        }
    }

    @Test func callersOfTheServicesKeyHaveTheirOwnConnections() async throws {
        let clients = GatewayClients(connections: 1)
        try await withUpstream(clients: clients) { server, uploads, arrivals in
            try await TestServer.threads.run { try uploads.begin(server.port, key: Self.stranger) }
            for await _ in arrivals { break }
            let own = try await server.ask("GET", "/v1/tasks/abc", token: Self.key)
            #expect(own.status == 200)
        }
        await clients.shutdown()
    }

    /// A batch of task IDs goes to the upstream when it is complete.
    @Test func aSlowBatchHoldsNoConnectionToTheUpstream() async throws {
        let clients = GatewayClients(connections: 1)
        try await withUpstream(clients: clients) { server, uploads, _ in
            try await TestServer.threads.run {
                try uploads.begin(server.port, key: TestServer.admin, path: "/v1/tasks/batch")
            }
            let own = try await server.ask("GET", "/v1/tasks/abc", token: Self.key)
            #expect(own.status == 200)
        }
        await clients.shutdown()
    }
}
