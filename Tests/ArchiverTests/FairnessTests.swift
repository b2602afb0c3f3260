import ArchiveModel
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import ImageCodecs
import NIOCore
import Networking
import Secrets
import Synchronization
import SyntheticPictures
import Testing

@testable import Archiver

private let noon = Date(milliseconds: 1_795_348_800_000)

@Suite struct ThroughputFloorTests {
    @Test func aTransferBelowTheRateEndsAfterThePeriod() {
        var floor = ThroughputFloor(bytesPerSecond: 1024, seconds: 30, now: noon)
        // One byte a second: nothing is said for 29 s.
        for second in 1..<30 { #expect(floor.record(1, now: noon + Double(second)) == true) }
        #expect(floor.record(1, now: noon + 30) == false)
    }

    @Test func eachPeriodIsMeasuredSeparately() {
        var floor = ThroughputFloor(bytesPerSecond: 1000, seconds: 10, now: noon)
        #expect(floor.record(1_000_000, now: noon + 1) == true)
        #expect(floor.record(0, now: noon + 10) == true)
        #expect(floor.record(10_000, now: noon + 20) == true)
        #expect(floor.record(9_999, now: noon + 30) == false)
        var none = ThroughputFloor(bytesPerSecond: 0, seconds: 10, now: noon)
        #expect(none.record(0, now: noon + 1000) == true)
    }
}

@Suite struct AccountShareTests {
    private func output(_ name: String, account: Int64, hours: Double) throws -> QueuedOutput {
        let task = try #require(TaskID(name))
        return QueuedOutput(
            id: OutputID(task: task, index: 0), deadline: noon + hours * 3600, request: nil, account: account)
    }

    @Test func theAccountWithTheFewestDownloadsComesFirst() throws {
        var schedule = DownloadSchedule(connections: 16)
        var queued = try (0..<8).map { try output("a\($0)", account: 1, hours: 1) }
        queued += try (0..<3).map { try output("b\($0)", account: 2, hours: 2) }
        queued += try (0..<3).map { try output("own\($0)", account: 0, hours: 3) }
        schedule.plan(queued, now: noon)
        let first = schedule.next(6).map(\.task.text)
        #expect(first == ["own0", "a0", "b0", "own1", "a1", "b1"])
        // Four of the first account are still in progress: the others have their turn, then it has the rest.
        let second = schedule.next(4, inProgress: [1, 1, 1, 1]).map(\.task.text)
        #expect(second == ["own2", "b2", "a2", "a3"])
        #expect(schedule.next(9).map(\.task.text) == ["a4", "a5", "a6", "a7"])
        #expect(schedule.wantsPlan(now: noon))
    }
}

@Suite struct HostShareTests {
    private func fill(_ book: inout HostShareBook, _ host: String, concurrency: Int = 100, now: Date = noon) -> Int {
        (0..<100).count { _ in book.acquire(host, concurrency: concurrency, now: now) }
    }

    @Test func anUnprovenHostHoldsHalfOfThePlaces() {
        var book = HostShareBook(places: 16)
        #expect(fill(&book, "a") == 8)
        #expect(fill(&book, "b") == 8)
    }

    @Test func aLoneHostHoldsAllPlacesAfterADelivery() {
        var book = HostShareBook(places: 16)
        #expect(fill(&book, "a") == 8)
        book.release("a", .delivered, now: noon)
        #expect(fill(&book, "a") == 9, "16 in all")
        #expect(fill(&book, "a", concurrency: 100, now: noon) == 0)
    }

    @Test func aSecondHostGetsHalfOfThePlaces() {
        var book = HostShareBook(places: 16)
        _ = fill(&book, "a")
        book.release("a", .delivered, now: noon)
        _ = fill(&book, "a")
        #expect(fill(&book, "b") == 8)
        for _ in 0..<9 { book.release("a", .delivered, now: noon) }
        #expect(fill(&book, "a", now: noon + 5) == 1, "8 of 16 while the other host waits")
    }

    @Test func aSlowHostHoldsAnEighthUntilItDeliversAgain() {
        var book = HostShareBook(places: 16)
        #expect(fill(&book, "a") == 8)
        for _ in 0..<8 { book.release("a", .slow, now: noon) }
        #expect(fill(&book, "a") == 2)
        book.release("a", .delivered, now: noon)
        #expect(fill(&book, "a") == 15)
    }

    @Test func unprovenHostsShareHalfWhileAnotherHostWaits() {
        var book = HostShareBook(places: 16)
        #expect((0..<16).count { book.acquire("new-\($0)", concurrency: 16, now: noon) } == 16, "no other host waits")
        for number in 0..<16 { book.release("new-\(number)", .other, now: noon) }
        #expect(fill(&book, "good", concurrency: 1) == 1)
        book.release("good", .delivered, now: noon)
        #expect((0..<16).count { book.acquire("other-\($0)", concurrency: 16, now: noon + 1) } == 8)
        #expect(fill(&book, "good", concurrency: 16, now: noon + 1) == 8)
        #expect(fill(&book, "last", concurrency: 16, now: noon + 12) == 0, "the good host holds places")
    }

    @Test func slowHostsShareAQuarter() {
        var book = HostShareBook(places: 16)
        for name in ["a", "b", "c"] {
            _ = book.acquire(name, concurrency: 16, now: noon)
            book.release(name, .slow, now: noon)
        }
        #expect(fill(&book, "a") == 2 && fill(&book, "b") == 2 && fill(&book, "c") == 0)
    }

    @Test func anUnprovenHostGivesWayAfterAMinute() {
        var book = HostShareBook(places: 16)
        #expect(fill(&book, "a") == 8)
        #expect(!book.isTrialOver(of: "a", since: noon, now: noon + 60), "only its own downloads were refused a place")
        #expect(fill(&book, "b", concurrency: 1, now: noon + 55) == 1)
        #expect(!book.isTrialOver(of: "a", since: noon, now: noon + 59))
        #expect(book.isTrialOver(of: "a", since: noon, now: noon + 60))
        #expect(!book.isTrialOver(of: "a", since: noon, now: noon + 70), "no download was refused a place recently")
        book.release("a", .delivered, now: noon)
        _ = fill(&book, "b", concurrency: 1, now: noon + 80)
        #expect(!book.isTrialOver(of: "a", since: noon, now: noon + 81), "it has delivered")
    }

    @Test func aHostGetsAtLeastOnePlaceAndAtMostItsWidth() {
        var book = HostShareBook(places: 16)
        #expect(fill(&book, "a", concurrency: 3) == 3)
        var narrow = HostShareBook(places: 1)
        #expect(fill(&narrow, "a") == 1)
    }

    @Test func thePauseGrowsWithTheNumberOfWaitingDownloads() {
        var book = HostShareBook(places: 2)
        _ = fill(&book, "a")
        let pauses = (0..<1000).map { _ in book.pause("a") }
        #expect(pauses.first ?? 0 >= 3 && pauses.last == 30)
        #expect(book.isCrowded("a"))
        book.release("a", .other, now: noon)
        #expect(book.acquire("a", concurrency: 2, now: noon) == true)
        #expect(!book.isCrowded("a"), "a place became free")
    }
}

/// 64 links to a host that drips, older than 20 to a good one, with 16 connections.
@Suite(.serialized) struct StarvationTests {
    /// - below the least rate;
    /// - above it, each link redirected to a name of its own.
    @Test(arguments: [(1, false), (3000, true)])
    func aDrippingHostDoesNotDelayOtherHosts(bytesPerSecond: Int, redirects: Bool) async throws {
        let clock = JumpClock(leastJump: .infinity)
        let archive = try TestArchive(clock: clock)
        let picture = try SyntheticPicture.make(width: 16, height: 16, seed: 1, as: .png)
        let created = Int(clock.now.timeIntervalSince1970)
        let drip = ByteBuffer(repeating: 0x78, count: bytesPerSecond)
        try await withStorageHost { request in
            let (name, port) = (
                request.uri.path.dropFirst().prefix { $0 != "." }, request.head.authority?.split(separator: ":").last ?? ""
            )
            if redirects, !name.isEmpty, request.head.authority?.hasPrefix("127.") == true {
                return Response(status: .found, headers: [.location: "http://\(name).drip.example:\(port)/x.png"])
            }
            return Response(
                status: .ok,
                body: .init { writer in
                    for _ in 0..<100_000 {
                        try await writer.write(drip)
                        try await clock.sleep(for: .seconds(1))
                    }
                    try await writer.finish(nil)
                })
        } _: { slow in
            let good = Mutex("")
            try await withStorageHost { request in
                guard request.uri.path.hasPrefix("/v1/tasks/") else {
                    return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture)))
                }
                let id = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
                let (host, age) = id.hasPrefix("slow") ? (slow, 7200) : (good.withLock { $0 }, 60)
                let json = #"{"id":"\#(id)","status":"completed","created":\#(created - age),"results":["\#(host)/\#(id).png"]}"#
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: json)))
            } _: { url in
                good.withLock { $0 = url }
                let policy = AddressPolicy(allowsPrivateHosts: true)
                let change = { @Sendable (options: inout ArchiverOptions) in
                    options.watch = true
                    options.pollInterval = 1
                }
                let loopback = try NetworkAddress.resolve("127.0.0.1")
                let (archiver, downloader) = try archive.archiver(url, policy: policy, change, resolve: { _ in loopback })
                let names = (0..<64).map { "slow-\($0)" } + (0..<20).map { "good-\($0)" }
                try await archiver.register(names.compactMap { TaskID($0) }.map { TaskRegistration(id: $0, source: "manifest") })
                let begun = clock.now
                async let summary = archiver.run()
                var archived = 0
                while archived < 20, clock.now.timeIntervalSince(begun) < 500 {
                    try await clock.sleep(for: .seconds(1))
                    archived = archive.events.count { if case .archived = $0 { true } else { false } }
                }
                let seconds = clock.now.timeIntervalSince(begun)
                archiver.stop()
                _ = try await summary
                await downloader.shutdown()
                #expect(archived == 20)
                #expect(seconds < 200, "without shares it takes as long as the dripping links live")
                print("fairness: 20 good links behind 64 dripping ones took \(Int(seconds)) s")
            }
        }
    }

    /// Eight callers with 25 older tasks each. The API asks each of their keys for a pause.
    @Test func limitedCallersDoNotDelayTheOwnTasks() async throws {
        let clock = JumpClock(leastJump: .infinity)
        let archive = try TestArchive(clock: clock)
        let own = try #require(APIKey(TestArchive.key))
        let picture = try SyntheticPicture.make(width: 16, height: 16, seed: 1, as: .png)
        let begun = clock.now
        try await withStorageHost(posts: true) { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture)))
            }
            guard request.headers[.authorization] == "Bearer \(TestArchive.key)" else {
                return Response(status: .tooManyRequests, headers: [.retryAfter: "30"])
            }
            guard request.method == .get else { return Response(status: .notFound) }
            let id = request.uri.path.split(separator: "/").last ?? ""
            let created = Int(begun.timeIntervalSince1970)
            let link = "http://\(request.head.authority ?? "")/\(id).png"
            let json = #"{"id":"\#(id)","status":"completed","created":\#(created),"results":["\#(link)"]}"#
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: json)))
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url, vault: KeyVault(own, salt: "archive")) {
                $0.watch = true
                $0.pollInterval = 1
            }
            for caller in 0..<8 {
                let tasks = (0..<25).compactMap { TaskID("task-\(caller)-\($0)") }.map {
                    TaskRegistration(id: $0, source: "gateway", createdAt: begun - 7200)
                }
                let key = APIKey("sk-caller-0123456789-\(caller)")
                try await archiver.register(tasks, caller: key)
            }
            let summary = Task { try await archiver.run() }
            // The callers' tasks are being read.
            try await clock.sleep(for: .seconds(5))
            let start = clock.now
            let task = TaskRegistration(id: try #require(TaskID("task-own")), source: "sweep", createdAt: begun)
            try await archiver.register([task])
            var archived = 0
            while archived < 1, clock.now.timeIntervalSince(start) < 300 {
                try await clock.sleep(for: .seconds(1))
                archived = archive.events.count { if case .archived = $0 { true } else { false } }
            }
            let seconds = clock.now.timeIntervalSince(start)
            archiver.stop()
            _ = try await summary.value
            await downloader.shutdown()
            #expect(archived == 1)
            #expect(seconds < 120, "each caller's pause was waited for: \(Int(seconds)) s")
        }
    }
}
