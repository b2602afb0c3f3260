import ArchiveModel
import Catalog
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ArchiveServer

/// What the answers of the service say.
@Suite struct AnswerTests {
    // MARK: Files

    /// RFC 9110, sections 13.1.2, 13.1.5 and 14. The file has 1000 bytes.
    @Test func aPartOfAFileIsServed() async throws {
        try await TestServer.run { server in
            let (path, tag) = ("/blobs/sha256/\(server.digest.hex)", "\"\(server.digest.hex)\"")
            for (headers, status, range, count) in [
                (["Range: bytes=10-19"], 206, "bytes 10-19/1000", 10), (["Range: bytes=-5"], 206, "bytes 995-999/1000", 5),
                (["Range: bytes=990-"], 206, "bytes 990-999/1000", 10),
                (["Range: bytes=10-19", "If-Range: \(tag)"], 206, "bytes 10-19/1000", 10),
                (["Range: bytes=10-19", "If-Range: \"another\""], 200, nil, 1000), (["Range: lines=1-2"], 200, nil, 1000),
                (["If-None-Match: \"another\""], 200, nil, 1000), (["If-None-Match: \"another\", W/\(tag)"], 304, nil, 0),
            ] as [([String], Int, String?, Int)] {
                let answer = try await server.ask("GET", path, headers)
                #expect(answer.status == status && answer.body.count == count, "\(headers): \(answer.status)")
                #expect(answer.headers["content-range"] == range, "\(headers)")
                #expect(answer.headers["etag"] == tag, "\(headers)")
            }
            let beyond = try await server.ask("GET", path, ["Range: bytes=1000-"])
            #expect(beyond.status == 416 && beyond.headers["content-range"] == "bytes */1000")
        }
    }

    @Test func aDeliveryCannotRunScripts() async throws {
        try await TestServer.run { server in
            let answer = try await server.ask("GET", "/blobs/sha256/\(server.digest.hex)")
            #expect(answer.headers["content-security-policy"] == "default-src 'none'; sandbox")
            #expect(answer.headers["cache-control"] == "private, max-age=31536000, immutable")
        }
    }

    // MARK: Tasks

    /// Registers a task and ends it as lost.
    private static func lose(_ name: String, _ server: TestServer) async throws -> TaskID {
        let (id, now) = (try #require(TaskID(name)), StandingClock().now)
        _ = try await server.catalog.register([TaskRegistration(id: id, source: "test")], now: now)
        let lease = try #require(try await server.catalog.leaseTasks(limit: 1, now: now, until: now + 60).first)
        try await server.catalog.finish(
            lease, .ended(.unavailable, reason: "404", cause: .vendor, createdAt: nil, json: nil), now: now)
        return id
    }

    @Test func theTotalsOfTheAuditCountLostTasks() async throws {
        try await TestServer.run { server in
            #expect(try await server.ask("GET", "/api/audit").body.contains(#""unavailable":0"#))
            _ = try await Self.lose("task-lost", server)
            #expect(try await server.ask("GET", "/api/audit").body.contains(#""unavailable":1"#))
        }
    }

    @Test func aLostTaskThatIsNamedAgainIsTriedAgain() async throws {
        try await TestServer.run { server in
            let id = try await Self.lose("task-lost", server)
            let answer = try await server.ask("POST", "/api/tasks", body: #"{"tasks":[{"task_id":"task-lost"}]}"#)
            #expect(answer.status == 202)
            #expect(try await server.catalog.task(id)?.state == .waiting)
        }
    }

    @Test(arguments: [#"{"tasks":[{"task_id":"task-a"},{"task_id":"#, #"{"tasks":[{"task_id":"task-a"}]} {}"#])
    func aDamagedListOfTasksRegistersNone(_ body: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.ask("POST", "/api/tasks", body: body)
            let status = try await server.catalog.status(now: StandingClock().now)
            #expect(answer.status == 400)
            #expect(status.tasks.values.allSatisfy { $0 == 0 })
        }
    }

    @Test func aCallbackOfAKnownTaskMakesItDue() async throws {
        try await TestServer.run { server in
            let (id, now) = (try #require(TaskID("task-known")), StandingClock().now)
            _ = try await server.catalog.register([TaskRegistration(id: id, source: "sweep")], now: now)
            let lease = try #require(try await server.catalog.leaseTasks(limit: 1, now: now, until: now + 60).first)
            try await server.catalog.finish(lease, .unfinished(dueAt: now + 3600, createdAt: nil), now: now)
            #expect(try await server.catalog.nextDue() == now + 3600)
            let called = try await server.ask(
                "POST", "/hooks/\(TestServer.hooks[0])", token: nil, body: #"{"id":"task-known","status":"completed"}"#)
            #expect(called.status == 204)
            #expect(try await server.catalog.nextDue() == now)
        }
    }

    // MARK: Metrics and health

    @Test func gaugesOfABrokenCatalogAreNotANumber() async throws {
        try await TestServer.run { server in
            let whole = try await server.ask("GET", "/metrics").body
            #expect(whole.contains("\nfixative_catalog_up 1\n") && whole.contains("\nfixative_outputs{state=\"waiting\"} 0\n"))
            _ = try shell("sqlite3 '\(server.catalogPath)' 'DROP TABLE task_tally' 2>&1")
            let broken = try await server.ask("GET", "/metrics").body
            #expect(
                broken.contains("\nfixative_catalog_up 0\n") && broken.contains("\nfixative_outputs{state=\"waiting\"} NaN\n"))
        }
    }

    @Test func inventedMethodsShareOneLabel() async throws {
        try await TestServer.run { server in
            for method in ["PURGE", "PROPFIND"] { _ = try await server.ask(method, "/api/outputs") }
            let metrics = try await server.ask("GET", "/metrics").body
            #expect(metrics.contains("method=\"other\""))
            #expect(!metrics.contains("PURGE") && !metrics.contains("PROPFIND"))
        }
    }

    private struct Full: Error, CustomStringConvertible { let description = "the disk is full" }

    @Test func aWriteIsProbedAtMostEveryFiveSeconds() async throws {
        let clock = HandClock(now: StandingClock().now)
        let writes = Mutex(0)
        let isFull = Mutex(true)
        let probe = WriteProbe(clock: clock) {
            writes.withLock { $0 += 1 }
            if isFull.withLock({ $0 }) { throw Full() }
        }
        #expect(await probe.problem() == "the disk is full")
        isFull.withLock { $0 = false }
        clock.pass(4.9)
        #expect(await probe.problem() == "the disk is full", "the last answer still counts")
        #expect(writes.withLock { $0 } == 1)
        clock.pass(0.2)
        #expect(await probe.problem() == nil)
        #expect(writes.withLock { $0 } == 2)
    }

    @Test func thePartsOfTheServiceTellSinceWhenAndHowOften() throws {
        let begun = StandingClock().now
        let clock = HandClock(now: begun)
        let health = SourceHealth(clock: clock)
        health.isRunning("sweep")
        clock.pass(60)
        health.failed("sweep", reason: "503", nextTry: nil, isEnd: true)
        clock.pass(60)
        health.failed("sweep", reason: "504", nextTry: nil, isEnd: true)
        let part = try #require(health.sources.first)
        #expect(part.since == begun + 60 && part.reason == "504" && part.restarts == 2)
        health.isRunning("sweep")
        #expect(health.sources.first?.since == begun + 120 && health.sources.first?.restarts == 2)
    }
}
