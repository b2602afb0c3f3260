import ArchiveModel
import Archiver
import AsyncHTTPClient
import Catalog
import Foundation
import GenerationAPI
import ImageCodecs
import Networking
import Secrets
import Synchronization
import SyntheticPictures
import Testing

/// A machine whose clock is days ahead, as after a wake-up, and that has no network yet.
@Suite struct WrongClockTests {
    private static let picture = (try? SyntheticPicture.make(width: 48, height: 32, seed: 1, as: .png)) ?? []

    /// The API behind a proxy, and the host of its results. A proxy's 502 says nothing about the API's clock.
    private final class World: Sendable {
        private let isUp = Mutex(true)
        private let hasFiles = Mutex(false)
        let created: Date
        /// Seconds by which the API's clock is ahead of this machine's.
        private let ahead = Mutex<TimeInterval>(0)

        init(created: Date) { self.created = created }

        func set(ahead seconds: TimeInterval) { ahead.withLock { $0 = seconds } }

        func set(isUp: Bool, hasFiles: Bool) {
            self.isUp.withLock { $0 = isUp }
            self.hasFiles.withLock { $0 = hasFiles }
        }

        func answer(_ head: String) -> [UInt8] {
            guard head.contains(" /v1/") else {
                return hasFiles.withLock { $0 } ? RawHost.answer(WrongClockTests.picture) : Self.failure(404)
            }
            guard isUp.withLock({ $0 }) else { return Self.failure(502) }
            guard let name = head.firstMatch(of: /get \/v1\/tasks\/([a-z]+) http/)?.output.1 else { return Self.failure(404) }
            let port = head.firstMatch(of: /host: 127\.0\.0\.1:(\d+)/)?.output.1 ?? ""
            let seconds = Int(created.timeIntervalSince1970)
            let link = "http://127.0.0.1:\(port)/\(name).png?sig=abcdefgh"
            let task = #"{"id":"\#(name)","status":"completed","created":\#(seconds),"results":["\#(link)"]}"#
            let date = RawHost.dateLine(ahead: -ahead.withLock { $0 })
            return Array("HTTP/1.1 200 OK\r\n\(date)Content-Length: \(task.utf8.count)\r\nConnection: close\r\n\r\n\(task)".utf8)
        }

        private static func failure(_ status: Int) -> [UInt8] {
            Array("HTTP/1.1 \(status) No\r\n\(RawHost.dateLine())Content-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        }
    }

    @Test(arguments: [50, 72] as [TimeInterval])
    func aClockAheadWithoutANetworkLosesNothing(hours: TimeInterval) async throws {
        let archive = try TestArchive()
        let world = World(created: archive.clock.now)
        let api = try RawHost { _, head in world.answer(head) }
        let (read, unread) = (try #require(TaskID("read")), try #require(TaskID("unread")))
        let first = try await archive.run(api.url, tasks: [TaskRegistration(id: read, source: "test")]) { $0.patience = 0 }
        #expect(first.waiting == 1)
        _ = try await archive.catalog.register(
            [TaskRegistration(id: unread, source: "gateway", createdAt: world.created)], now: world.created)
        try await archive.catalog.keep([unread: Data([1])], account: 7)

        world.set(isUp: false, hasFiles: false)
        let clock = ShiftedClock(archive.clock.loop, ahead: hours * 3600)
        let away = try await archive.run(api.url, loop: clock) {
            $0.patience = 0
            $0.since = 86_400
        }
        #expect(away.unavailable == 0 && away.waiting == 2, "\(archive.events)")
        #expect(try await archive.catalog.entries(EntryQuery(task: read)).map(\.state) == [.waiting])
        #expect(try await archive.catalog.task(unread)?.state == .waiting)
        #expect(try await archive.catalog.sealedKeys(of: [unread]) == [unread: Data([1])], "its task may live")

        world.set(isUp: true, hasFiles: true)
        let back = try await archive.run(api.url) { $0.patience = 60 }
        #expect(back.archived == 2 && back.waiting == 0, "\(archive.events)")
    }

    /// A machine without a battery starts three days behind. Its network sets the clock right before the next start.
    @Test func aClockThatWasBehindLosesNothing() async throws {
        let archive = try TestArchive()
        let days: TimeInterval = 3 * 86_400
        let world = World(created: archive.clock.now + days - 60)
        world.set(ahead: days)
        let api = try RawHost { _, head in world.answer(head) }
        let task = TaskRegistration(id: try #require(TaskID("read")), source: "test")
        let behind = try await archive.run(api.url, tasks: [task]) { $0.patience = 0 }
        #expect(behind.unavailable == 0 && behind.waiting == 1, "\(archive.events)")

        world.set(ahead: 0)
        let clock = ShiftedClock(archive.clock.loop, ahead: days)
        let right = try await archive.run(api.url, loop: clock) { $0.patience = 0 }
        #expect(right.unavailable == 0 && right.waiting == 1, "\(archive.events)")
        world.set(isUp: true, hasFiles: true)
        let later = try await archive.run(api.url, loop: clock) { $0.patience = 3600 }
        #expect(later.archived == 1 && later.waiting == 0, "\(archive.events)")
    }

    /// The API's answers are coded although no coding is requested.
    @Test func aCodedAnswerOfTheAPIIsRead() async throws {
        let body = try #require(Data(base64Encoded: "H4sIAAAAAAACA6tWykxRslIq0TVU0lEqLkksKS0GcgtS81Iy89KVagGuVEB3HwAAAA=="))
        let api = try RawHost { _, head in
            #expect(head.contains("\r\naccept-encoding: identity\r\n"))
            let lines = "Content-Encoding: gzip\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
            return Array("HTTP/1.1 200 OK\r\n\(RawHost.dateLine())\(lines)".utf8) + body
        }
        let http = GenerationClient.makeHTTPClient()
        let client = GenerationClient(
            baseURL: api.url, key: try #require(APIKey("sk-of-a-test")), http: http, clock: JumpClock(),
            retry: RetryPolicy(attempts: 1))
        let task = try? await client.task(try #require(TaskID("t-1")))
        try await http.shutdown()
        #expect(task?.status == .pending)
    }

    /// The clock is set right while the archiver runs, some seconds after a try.
    @Test(.timeLimit(.minutes(2))) func aClockThatIsSetBackDelaysNothing() async throws {
        let archive = try TestArchive(clock: JumpClock(leastJump: .infinity))
        let world = World(created: archive.clock.now)
        let api = try RawHost { _, head in world.answer(head) }
        let task = TaskRegistration(id: try #require(TaskID("read")), source: "test")
        _ = try await archive.run(api.url, tasks: [task]) {
            $0.patience = 0
            $0.pollInterval = 1
        }
        world.set(isUp: false, hasFiles: false)
        let clock = ShiftedClock(archive.clock.loop, ahead: 3 * 86_400)
        archive.listener.withLock { listener in
            listener = { event in
                guard case .postponed = event else { return }
                clock.set(ahead: 0)
                world.set(isUp: true, hasFiles: true)
            }
        }
        let (archiver, downloader) = try archive.archiver(api.url, loop: clock) {
            $0.watch = true
            $0.pollInterval = 1
        }
        let begun = archive.clock.now
        async let summary = archiver.run()
        while archive.clock.now.timeIntervalSince(begun) < 7200,
            try await archive.catalog.status(now: archive.clock.now).outputs[.archived] != 1
        {
            try await archive.clock.sleep(for: .seconds(1))
        }
        archiver.stop()
        let ended = try await summary
        await downloader.shutdown()
        #expect(ended.archived == 1, "\(archive.events)")
    }

    /// A callback has named the task; nobody answers whether it exists.
    @Test(.timeLimit(.minutes(2))) func anUnconfirmedClockDropsNoHint() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 100, leastJump: .infinity))
        let id = try #require(TaskID("hint"))
        #expect(try await archive.catalog.keepHint(id, most: 9, now: archive.clock.now) == .kept)
        let world = World(created: archive.clock.now)
        world.set(isUp: false, hasFiles: false)
        let api = try RawHost { _, head in world.answer(head) }
        let client = GenerationClient(
            baseURL: api.url, key: try #require(APIKey("sk-of-a-test")), http: .shared, clock: archive.clock,
            retry: RetryPolicy(attempts: 1))
        let clock = ShiftedClock(archive.clock, ahead: 2 * 86_400)
        let reader = HintReader(
            hints: archive.catalog, catalog: archive.catalog, client: { client }, clock: clock, register: { _ in })
        let reading = Task { try await reader.run() }
        // Until a reading has failed.
        while let due = try await archive.catalog.nextHintDue(), due <= clock.now {
            try await archive.clock.sleep(for: .seconds(1))
        }
        reading.cancel()
        _ = await reading.result
        #expect(try await archive.catalog.nextHintDue() != nil)
    }
}
