import ArchiveModel
import Catalog
import Foundation
import Synchronization
import TestSupport
import Testing

/// A server whose archive can't be written.
@Suite struct WritingTests {
    /// A clock that is set by hand; waits are real.
    private final class HandClock: WallClock {
        private let time = Mutex(StandingClock().now)
        var now: Date { time.withLock { $0 } }
        func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
        func advance(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    @discardableResult
    private func run(_ program: String, _ arguments: String...) throws -> Int32 {
        let process = try Process.run(URL(filePath: program), arguments: arguments)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Lends an empty disk of 4 MB; mounting takes root, without which the test is skipped with a printed line.
    private func withSmallDisk(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "small-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard try run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=4096k", "none", path) == 0 else {
            return print("skipped: a small disk can't be mounted")
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body(path)) } catch { result = .failure(error) }
        try run("/usr/bin/umount", "-l", path)
        try result.get()
    }

    @Test func aFullDiskMakesTheServerNotReady() async throws {
        try await withSmallDisk { disk in
            let clock = HandClock()
            try await TestServer.run(clock: clock, at: disk + "/s") { server in
                #expect(try await server.ask("GET", "/readyz").status == 200)
                let filler = disk + "/filler"
                // It ends with an error once nothing more fits, which is what it is for.
                try self.run("/usr/bin/dd", "if=/dev/zero", "of=\(filler)", "bs=4096", "status=none")
                #expect(try await server.ask("GET", "/readyz").status == 200, "the answer is cached for a while")
                clock.advance(6)
                let full = try await server.ask("GET", "/readyz")
                #expect(full.status == 503)
                #expect(full.body.contains(#""store":"failing""#) && full.body.contains(#""catalog":"failing""#), "\(full.body)")
                let stranger = try await server.ask("GET", "/readyz", token: nil)
                #expect(stranger.status == 503 && !stranger.body.contains(disk))
                #expect(try await server.ask("GET", "/healthz").status == 200)
                try FileManager.default.removeItem(atPath: filler)
                clock.advance(6)
                let free = try await server.ask("GET", "/readyz")
                #expect(free.status == 200, "\(free.body)")
            }
        }
    }

    @Test func nobodyWaitsLongForALockedCatalog() async throws {
        let clock = HandClock()
        try await TestServer.run(clock: clock) { server in
            let holder = try HeldCatalog(server.catalogPath)
            let begun = ContinuousClock.now
            let hook = "/hooks/\(TestServer.hooks[0])"
            async let asked = server.ask("POST", hook, token: nil, body: #"{"id":"task-locked"}"#)
            async let checked = server.ask("GET", "/readyz")
            let (called, readiness) = (try await asked, try await checked)
            // SQLite itself waits for 30 s; on a busy machine three seconds may be some more.
            #expect(ContinuousClock.now - begun < .seconds(28))
            #expect(called.status == 503 && called.headers["retry-after"] != nil)
            #expect(readiness.status == 503 && readiness.body.contains(#""catalog":"failing""#))
            #expect(readiness.body.contains(#""store":"ok""#))
            try holder.release()
            // What was under way went on by itself; the next write comes after it.
            let again = try await server.ask("POST", hook, token: nil, body: #"{"id":"task-later"}"#)
            #expect(again.status == 204)
            let locked = try #require(TaskID("task-locked"))
            #expect(try await server.catalog.dueHints(limit: 9, now: .distantFuture).contains { $0.id == locked })
            clock.advance(6)
            #expect(try await server.ask("GET", "/readyz").status == 200)
        }
    }

    @Test func onlyLocalHostNamesAreAnsweredWithoutTokens() async throws {
        try await TestServer.run(readTokens: [], adminTokens: []) { server in
            let paths = ["/healthz", "/api/outputs", "/gallery/", "/metrics", "/openapi.json", "/nothing", "/v1/tasks"]
            for path in paths {
                for name in [
                    "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "169.254.1.1",
                    "[::2]:80",
                    "evil.example:127.0.0.1", "",
                ] {
                    let answer = try await server.ask("GET", path, token: nil, host: name)
                    #expect(answer.status == 421, "\(name) \(path): \(answer.status)")
                    #expect(answer.headers["content-type"] == "application/problem+json")
                }
            }
            for name in ["localhost", "LocalHost:8080", "127.0.0.1:9", "[::1]", "[::1]:8080"] {
                #expect(try await server.ask("GET", "/api/outputs", token: nil, host: name).status == 200, "\(name)")
                #expect(try await server.ask("GET", "/gallery/", token: nil, host: name).status == 200, "\(name)")
            }
            // The callback comes through a tunnel, and its secret guards it.
            let called = try await server.ask(
                "POST", "/hooks/\(TestServer.hooks[0])", token: nil, body: #"{"id":"task-1"}"#, host: "tunnel.example")
            #expect(called.status == 204)
            let wrong = try await server.ask("POST", "/hooks/wrong", token: nil, body: "{}", host: "tunnel.example")
            #expect(wrong.status == 404)
        }
        try await TestServer.run { server in
            let answer = try await server.ask("GET", "/api/outputs", host: "archive.example")
            #expect(answer.status == 200)
        }
    }
}
