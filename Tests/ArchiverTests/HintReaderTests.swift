import ArchiveModel
import Archiver
import AsyncHTTPClient
import Catalog
import Foundation
import GenerationAPI
import Hummingbird
import NIOCore
import Secrets
import Synchronization
import Testing

/// Tasks that only a callback has named.
@Suite struct HintReaderTests {
    @Test func inventedHintsCostFewCallsAndRealOnesAreFound() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 100, leastJump: .infinity))
        let calls = Mutex(0)
        for number in 0..<HintReader.most {
            let id = try #require(TaskID("task-forged-\(number)"))
            #expect(try await archive.catalog.keepHint(id, most: HintReader.most, now: archive.clock.now) == .kept)
        }
        let late = try #require(TaskID("task-late"))
        #expect(try await archive.catalog.keepHint(late, most: HintReader.most, now: archive.clock.now) == .full)
        let forged = try #require(TaskID("task-forged-7"))
        try await archive.catalog.dropHints([forged])
        let real = try #require(TaskID("task-real"))
        #expect(try await archive.catalog.keepHint(real, most: HintReader.most, now: archive.clock.now) == .kept)
        try await withStorageHost(posts: true) { request in
            calls.withLock { $0 += 1 }
            let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
            let rows = body.contains("\"task-real\"") ? #"{"id":"task-real","status":"completed","created":1}"# : ""
            return Response(status: .ok, body: .init(byteBuffer: .init(string: #"{"data":[\#(rows)]}"#)))
        } _: { url in
            let client = GenerationClient(
                baseURL: url, key: try #require(APIKey("sk-of-a-test")), http: .shared, clock: archive.clock)
            let reader = HintReader(
                hints: archive.catalog, catalog: archive.catalog, client: { client }, clock: archive.clock,
                register: { _ = try await archive.catalog.register($0, now: archive.clock.now) })
            let begun = archive.clock.now
            let reading = Task { try await reader.run() }
            // 20 batches hold them all, so the last of them is read after four minutes.
            while try await archive.catalog.task(real) == nil, archive.clock.now.timeIntervalSince(begun) < 3600 {
                try await archive.clock.sleep(for: .seconds(5))
            }
            let minutes = archive.clock.now.timeIntervalSince(begun) / 60
            reading.cancel()
            _ = await reading.result
            #expect(try await archive.catalog.task(real)?.source == "webhook")
            #expect(minutes < 30)
            #expect(Double(calls.withLock { $0 }) <= 4 + 4 * minutes + 2)
        }
        let status = try await archive.catalog.status(now: archive.clock.now)
        #expect(status.tasks.values.reduce(0, +) == 1, "no invented hint became a task")
        #expect(archive.files().allSatisfy { !$0.hasPrefix("records/") })
        let dayLater = archive.clock.now.addingTimeInterval(86400 * 2)
        #expect(try await archive.catalog.dueHints(limit: 2000, now: dayLater).count == HintReader.most - 1)
        #expect(try await archive.catalog.damage(deep: true).isEmpty)
    }

    @Test func aFullTableDropsAHintAfterThreeFailedReadings() async throws {
        let archive = try TestArchive()
        let now = archive.clock.now
        let ids = try (0..<4).map { try #require(TaskID("task-\($0)")) }
        for id in ids[..<2] { #expect(try await archive.catalog.keepHint(id, most: 2, now: now) == .kept) }
        for _ in 0..<3 { try await archive.catalog.postponeHints([ids[0]: now], countsReading: true) }
        try await archive.catalog.postponeHints([ids[1]: now], countsReading: false)
        #expect(try await archive.catalog.keepHint(ids[2], most: 2, now: now) == .kept)
        #expect(try await archive.catalog.keepHint(ids[3], most: 2, now: now) == .full)
        #expect(try await archive.catalog.dueHints(limit: 9, now: now).map(\.id) == [ids[1], ids[2]])
        // What a source names is no hint any more.
        _ = try await archive.catalog.register([TaskRegistration(id: ids[1], source: "sweep")], now: now)
        #expect(try await archive.catalog.dueHints(limit: 9, now: now).map(\.id) == [ids[2]])
        #expect(try await archive.catalog.keepHint(ids[1], most: 2, now: now) == .known)
    }

    /// A callback that says `failed`, and later one that says `completed`: a provider has repeated the work with success.
    @Test func aCallbackTakesUpATaskThatHasFailed() async throws {
        let archive = try TestArchive()
        let (catalog, now) = (archive.catalog, archive.clock.now)
        let id = try #require(TaskID("task-1"))
        _ = try await catalog.register([TaskRegistration(id: id, source: "webhook")], now: now)
        #expect(try await catalog.keepHint(id, most: 2, now: now) == .known)
        let leases = try await catalog.leaseTasks(limit: 1, account: nil, suspects: nil, now: now, until: now + 60)
        let lease = try #require(leases.first)
        try await catalog.finish(lease, .ended(.failed, reason: "busy", cause: nil, createdAt: nil, json: nil), now: now)
        #expect(try await catalog.keepHint(id, most: 2, now: now + 86_401) == .known, "its links have ended")
        #expect(try await catalog.keepHint(id, most: 2, now: now + 60) == .kept)
        #expect(try await catalog.dueHints(limit: 9, now: now + 60).map(\.id) == [id])
        let alive = TaskRegistration(id: id, source: "webhook", hasEnded: true, isAlive: true, upstreamState: .lives)
        _ = try await catalog.register([alive], now: now + 61)
        let again = try await catalog.leaseTasks(limit: 1, account: nil, suspects: nil, now: now + 61, until: now + 90)
        #expect(again.map(\.id) == [id])
    }
}
