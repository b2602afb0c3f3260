import ArchiveModel
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Networking
import Notifications
import Synchronization
import Telemetry
import Testing

private let start = Date(timeIntervalSince1970: 1_795_348_800)

/// A clock on which waits are over at once, and each lasts ten minutes at least.
private final class LeapingClock: WallClock {
    private let time = Mutex(start)
    var now: Date { time.withLock { $0 } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        time.withLock { $0 += max(600, TimeInterval(duration.components.seconds)) }
        await Task.yield()
    }
}

/// Answers as it is told, the last answer again and again; notes what came and when.
private final class ScriptedPoster: NoticePoster {
    private struct State {
        var answers: [Int?]
        var posts: [(time: Date, body: String, headers: [String: String])] = []
        var isClosed = false
    }

    private let state: Mutex<State>
    private let clock: any WallClock
    private let retryAfter: String?

    /// - Parameter answers: Statuses; `nil` for no answer.
    init(_ answers: [Int?], clock: any WallClock, retryAfter: String? = nil) {
        state = Mutex(State(answers: answers))
        self.clock = clock
        self.retryAfter = retryAfter
    }

    var posts: [(time: Date, body: String, headers: [String: String])] { state.withLock { $0.posts } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func post(_ body: String, headers: [String: String]) async throws -> (status: Int, retryAfter: String?) {
        let answer = state.withLock { state in
            state.posts.append((clock.now, body, headers))
            return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
        }
        guard let answer else { throw POSIXError(.ECONNREFUSED) }
        return (answer, retryAfter)
    }

    func close() async { state.withLock { $0.isClosed = true } }
}

@Suite struct NotifierTests {
    private let catalog: SQLiteCatalog
    private let path = FileManager.default.temporaryDirectory.appending(path: "outbox-\(UUID().uuidString).sqlite").path
    private let clock = LeapingClock()
    private let warnings = Warnings()

    private final class Warnings: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
        func add(_ text: String) { texts.withLock { $0.append(text) } }
    }

    init() throws { catalog = try SQLiteCatalog(path: path) }

    private func notice(_ name: String, at time: Date = start) throws -> Notice {
        let task = try #require(TaskID(name))
        return Notice(
            .taskUnavailable, task: task, state: .failed, request: nil, deadline: nil, reason: "refused", now: time)
    }

    private func post(_ names: String...) async throws {
        try await catalog.keepNotices(Notifier.most)
        try await catalog.post(try names.map { try notice($0) })
    }

    private func notifier(
        _ poster: any NoticePoster, metrics: ArchiveMetrics = .none, most: Int = Notifier.most, outbox: (any Outbox)? = nil
    ) throws
        -> Notifier
    {
        Notifier(
            outbox: outbox ?? catalog, signer: try WebhookSigner(secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
            clock: clock,
            metrics: metrics, most: most, makePoster: { poster }, warn: { [warnings] in warnings.add($0) })
    }

    /// Runs a notifier until something is so, and ends it.
    private func run(_ notifier: Notifier, until isDone: @escaping @Sendable () async throws -> Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await notifier.run() }
            while try await !isDone() { await Task.yield() }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func isEmpty() async throws -> Bool { try await catalog.waitingNotices() == 0 }

    @Test func aFailedNoticeIsRetriedWithTheSameID() async throws {
        try await post("t-1")
        let poster = ScriptedPoster([500, nil, 302, 429, 204], clock: clock)
        let registry = PrometheusRegistry()
        try await run(try notifier(poster, metrics: ArchiveMetrics(registry))) { try await isEmpty() }
        let posts = poster.posts
        #expect(posts.count == 5 && poster.isClosed)
        let id = try notice("t-1").id
        #expect(Set(posts.map(\.body)).count == 1 && Set(posts.map { $0.headers["webhook-id"] }) == [id])
        #expect(
            posts.allSatisfy { $0.headers["webhook-timestamp"] == "\(Int($0.time.timeIntervalSince1970))" },
            "each try has its own timestamp")
        // Of the standard: 5 s, 5 min, 30 min, 2 h at the most; the clock leaps by 10 min.
        let waits = zip(posts.dropFirst(), posts).map { $0.time.timeIntervalSince($1.time) }
        for (wait, most) in zip(waits, [5.0, 300, 1800, 7200]) { #expect(wait > 0 && wait <= most + 600) }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.contains(#"fixative_notifications_total{outcome="failed"} 4"#))
        #expect(lines.contains(#"fixative_notifications_total{outcome="delivered"} 1"#))
        #expect(warnings.all == [])
    }

    @Test func aNoticeIsGivenUpWithAWarningAfterEightTries() async throws {
        try await post("t-1")
        let poster = ScriptedPoster([500], clock: clock)
        try await run(try notifier(poster)) { try await isEmpty() }
        #expect(poster.posts.count == 8)
        let hours = try #require(poster.posts.last).time.timeIntervalSince(start) / 3600
        #expect(hours > 1 && hours < 36, "\(hours) hours")
        #expect(warnings.all.count == 1 && warnings.all[0].contains("given up after 8 tries: the receiver answered 500"))
    }

    @Test func retryAfterOfTheReceiverIsRespected() async throws {
        try await post("t-1")
        let poster = ScriptedPoster([503, 200], clock: clock, retryAfter: "36000")
        try await run(try notifier(poster)) { try await isEmpty() }
        #expect(poster.posts[1].time.timeIntervalSince(poster.posts[0].time) >= 36000)
    }

    @Test func a410StopsSendingAndKeepsTheNotices() async throws {
        try await post("t-1")
        let poster = ScriptedPoster([410], clock: clock)
        try await run(try notifier(poster)) { [warnings] in !warnings.all.isEmpty }
        #expect(poster.posts.count == 1)
        #expect(warnings.all.count == 1 && warnings.all[0].contains("410"))
        #expect(try await catalog.waitingNotices() == 1)
    }

    @Test func unsentNoticesAreSentByTheNextProcess() async throws {
        try await post("t-1", "t-2")
        let dead = ScriptedPoster([nil], clock: clock)
        try await run(try notifier(dead)) { dead.posts.count >= 2 }
        let alive = ScriptedPoster([200], clock: clock)
        try await run(try notifier(alive)) { try await isEmpty() }
        #expect(Set(alive.posts.map(\.body)) == Set(dead.posts.map(\.body)) && alive.posts.count == 2)
    }

    @Test func droppedNoticesCauseAWarning() async throws {
        try await catalog.keepNotices(2)
        try await catalog.post(try ["t-1", "t-2", "t-3"].map { try notice($0) })
        let poster = ScriptedPoster([200], clock: clock)
        try await run(try notifier(poster, most: 2)) { try await isEmpty() }
        #expect(poster.posts.count == 2)
        #expect(warnings.all == ["1 notifications were dropped, the oldest first, since more than 2 waited"])
    }

    /// An outbox whose disk is full, once.
    private final class FlakyOutbox: Outbox {
        private let outbox: any Outbox
        private let failures = Mutex(1)
        init(_ outbox: any Outbox) { self.outbox = outbox }

        func dueNotices(limit: Int, now: Date) async throws -> [WaitingNotice] {
            let fails = failures.withLock { failures in
                failures -= 1
                return failures >= 0
            }
            if fails { throw CatalogError(.database, "catalog.sqlite", detail: "database or disk is full") }
            return try await outbox.dueNotices(limit: limit, now: now)
        }

        func keepNotices(_ most: Int?) async throws { try await outbox.keepNotices(most) }
        func post(_ notices: [Notice]) async throws { try await outbox.post(notices) }
        func nextNoticeDue() async throws -> Date? { try await outbox.nextNoticeDue() }
        func forgetNotice(_ id: String) async throws { try await outbox.forgetNotice(id) }
        func postponeNotice(_ id: String, until due: Date) async throws { try await outbox.postponeNotice(id, until: due) }
        func waitingNotices() async throws -> Int { try await outbox.waitingNotices() }
        func takeDroppedNotices() async throws -> Int { try await outbox.takeDroppedNotices() }
    }

    @Test func aTemporaryStoreFailureDoesNotStopTheNotifier() async throws {
        try await post("t-1")
        let poster = ScriptedPoster([200], clock: clock)
        try await run(try notifier(poster, outbox: FlakyOutbox(catalog))) { try await isEmpty() }
        #expect(poster.posts.count == 1)
        #expect(warnings.all.count == 1 && warnings.all.first?.contains("disk is full") == true)
    }

    // MARK: Over the network

    @Test func aReceiverThatFailsAtFirstGetsEveryNotice() async throws {
        try await post("t-1", "t-2", "t-3")
        let seen = Mutex<[(Request, String)]>([])
        let count = Mutex(0)
        try await withReceiver { request in
            let body = try await request.body.collect(upTo: 1 << 20)
            seen.withLock { $0.append((request, String(buffer: body))) }
            return count.withLock { count in
                count += 1
                switch count {
                // Leads elsewhere, where it would be taken.
                case 1: return Response(status: .temporaryRedirect, headers: [.location: "/taken"])
                case 2: return Response(status: .internalServerError)
                // A body beyond what is read of it.
                case 3: return Response(status: .badGateway, body: .init(byteBuffer: ByteBuffer(repeating: 65, count: 1 << 20)))
                default: return Response(status: .noContent)
                }
            }
        } _: { url in
            try await run(try notifier(HTTPNoticePoster(url: url))) { try await isEmpty() }
        }
        let requests = seen.withLock { $0 }
        #expect(requests.count == 6, "three were refused and three accepted")
        #expect(requests.allSatisfy { $0.0.uri.path == "/hook" && $0.0.method == .post })
        #expect(Set(requests.map(\.1)).count == 3)
        for (request, body) in requests {
            let header = { (name: String) in HTTPField.Name(name).flatMap { request.headers[$0] } }
            let id = try #require(header("webhook-id"))
            let timestamp = try #require(header("webhook-timestamp").flatMap { Int64($0) })
            let signer = try WebhookSigner(secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
            #expect(header("webhook-signature") == signer.signature(id: id, timestamp: timestamp, body: body))
            #expect(request.headers[.contentType] == "application/json")
        }
    }

    private func withReceiver(
        _ answer: @escaping @Sendable (Request) async throws -> Response, _ body: (FetchableURL) async throws -> Void
    ) async throws {
        let router = Router(context: BasicRequestContext.self)
        router.post("**") { request, _ in try await answer(request) }
        let port = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var ports = port.stream.makeAsyncIterator()
            let number = try #require(await ports.next())
            try await body(FetchableURL("http://127.0.0.1:\(number)/hook"))
            group.cancelAll()
        }
    }
}
