import ArchiveModel
import Catalog
import Foundation
import GenerationAPI
import Logging
import Secrets
import ServiceLifecycle
import Synchronization
import Testing

@testable import ArchiveServer

/// What passed through the gateway while the archive took nothing.
@Suite struct GatewayRecorderTests {
    /// A clock on which every wait is over at once.
    private struct HurriedClock: WallClock {
        let now = Date(milliseconds: 1_800_000_000_000)
        func sleep(for duration: Duration) async throws { await Task.yield() }
    }

    private struct Refusal: Error {}

    private final class Archive: Sendable {
        let said = Mutex<[String]>([])
        /// Comes with everything that is taken.
        let taken: AsyncStream<Void>
        private let take: AsyncStream<Void>.Continuation
        private let refusals: Mutex<Int>

        init(refusals: Int) {
            self.refusals = Mutex(refusals)
            (taken, take) = AsyncStream.makeStream()
        }

        func take(_ text: String) throws {
            try refusals.withLock { left in
                guard left <= 0 else {
                    left -= 1
                    throw Refusal()
                }
            }
            said.withLock { $0.append(text) }
            take.yield()
        }

        var writer: GatewayRecorder.Archive {
            .init(
                begin: { request, _ in try self.take("begin \(request.prompt ?? "")") },
                drop: { _ in try self.take("drop") },
                complete: { task, request, _, caller in
                    try self.take("complete \(task.id) \(request.size ?? "")\(caller == nil ? "" : " of a caller")")
                },
                register: { tasks, _ in try self.take("register \(tasks.map(\.id.text))") })
        }
    }

    private static let request = GenerationBody(Data(#"{"prompt":"a fox","size":"16:9"}"#.utf8))
    private static let answer = Data(#"{"id":"task-1","status":"pending","created":1800000000}"#.utf8)

    private func run(_ archive: Archive, _ body: (GatewayRecorder) async throws -> Void) async throws -> SourceHealth {
        let clock = HurriedClock()
        let health = SourceHealth(clock: clock)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let recorder = GatewayRecorder(archive.writer, clock: clock, health: health, logger: logger)
        try await body(recorder)
        // Its end does what is still to do.
        let group = ServiceGroup(
            services: [recorder], gracefulShutdownSignals: [], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in archive.taken { break }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        return health
    }

    @Test func aTemporaryArchiveFailureLosesNothing() async throws {
        let archive = Archive(refusals: 40)
        let health = try await run(archive) { recorder in
            let submission = recorder.begin(Self.request, idempotencyKey: nil, caller: nil)
            recorder.created(submission, Self.answer, caller: nil)
        }
        #expect(archive.said.withLock { $0 } == ["begin a fox", "complete task-1 16:9"])
        #expect(health.sources.map(\.state) == [.running])
    }

    @Test func anotherCallersRequestIsRecordedAfterAcceptance() async throws {
        let archive = Archive(refusals: 0)
        let key = try #require(APIKey("sk-caller-0123456789"))
        _ = try await run(archive) { recorder in
            let refused = recorder.begin(Self.request, idempotencyKey: nil, caller: key)
            recorder.drop(refused, isRefused: true)
            let taken = recorder.begin(Self.request, idempotencyKey: nil, caller: key)
            recorder.created(taken, Self.answer, caller: key)
        }
        #expect(archive.said.withLock { $0 } == ["complete task-1 16:9 of a caller"])
    }

    @Test func aPossiblyAcceptedRequestStaysRecorded() async throws {
        let archive = Archive(refusals: 0)
        _ = try await run(archive) { recorder in
            recorder.drop(recorder.begin(Self.request, idempotencyKey: "k", caller: nil), isRefused: false)
        }
        #expect(archive.said.withLock { $0 } == ["begin a fox"])
    }

    @Test(arguments: ["", "<html>", #"{"id":"task-1","sta"#])
    func anAnswerWithoutATaskIDKeepsTheRequestOpen(_ answer: String) async throws {
        let archive = Archive(refusals: 0)
        _ = try await run(archive) { recorder in
            let submission = recorder.begin(Self.request, idempotencyKey: nil, caller: nil)
            recorder.created(submission, Data(answer.utf8), caller: nil)
        }
        #expect(archive.said.withLock { $0 } == ["begin a fox"])
    }

    /// What the upstream answered, and what is then recorded of a call through the gateway.
    @Test(arguments: [
        ("502 Bad Gateway", "{}", ["begin a fox"]), ("400 Bad Request", "{}", ["begin a fox", "drop"]),
        ("200 OK", #"{"id":"task-1","status":"pending","created":1800000000}"#, ["begin a fox", "complete task-1 16:9"]),
    ])
    func onlyARefusalDropsARepeatableRequest(_ status: String, _ body: String, _ said: [String]) async throws {
        let archive = Archive(refusals: 0)
        let upstream = try Upstream { _ in "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" }
        _ = try await run(archive) { recorder in
            try await TestServer.run(upstream: upstream.port, recorder: recorder) { server in
                let answer = try await server.ask(
                    "POST", "/v1/images/generations", token: "sk-of-a-test", body: #"{"prompt":"a fox","size":"16:9"}"#,
                    ["Idempotency-Key: k"])
                #expect(answer.status == Int(status.prefix(3)) && answer.body == body)
            }
        }
        upstream.end()
        #expect(archive.said.withLock { $0 } == said)
    }

    /// The recorder's clock says 1800000000.
    @Test func onlyPicturesWhoseLinksMayLiveAreRegistered() async throws {
        let rows = [
            #"{"id":"task-new","status":"pending","created":1799990000,"type":"image"}"#,
            #"{"id":"task-old","status":"completed","created":1799900000,"type":"image"}"#,
            #"{"id":"task-film","status":"pending","created":1799990000,"type":"video"}"#,
            #"{"id":"task-bare","status":"pending"}"#,
        ]
        let archive = Archive(refusals: 0)
        _ = try await run(archive) { recorder in
            recorder.seen(Data(#"{"data":[\#(rows.joined(separator: ","))]}"#.utf8), caller: nil)
        }
        #expect(archive.said.withLock { $0 } == [#"register ["task-new", "task-bare"]"#])
    }

    @Test func tasksOfAFailedRegistrationAreRegisteredAgain() async throws {
        let archive = Archive(refusals: 1)
        _ = try await run(archive) { $0.seen(Self.answer, caller: nil) }
        #expect(archive.said.withLock { $0 } == [#"register ["task-1"]"#])
    }

    @Test func accountsMayUseTheSameIdempotencyKey() async throws {
        let one = try #require(APIKey("sk-one-0123456789"))
        let other = try #require(APIKey("sk-two-0123456789"))
        let archive = Archive(refusals: 0)
        _ = try await run(archive) { recorder in
            let keys = [nil, one, other].map { recorder.begin(Self.request, idempotencyKey: "k", caller: $0).key }
            #expect(Set(keys).count == 3)
            #expect(
                recorder.begin(Self.request, idempotencyKey: "k", caller: one).key == keys[1], "a repeated call is the same one")
        }
    }

    @Test func aDeeplyNestedBodyIsReadQuickly() {
        let deep =
            #"{"prompt":"x","size":"1:1","other":"# + String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
            + "}"
        let clock = ContinuousClock()
        let spent = clock.measure { #expect(GenerationBody(Data(deep.utf8)).recorded?.size == "1:1") }
        #expect(spent < .milliseconds(200))
    }

    @Test func picturesInARequestAreDescribedAndNotStored() throws {
        let image = "data:image/png;base64," + String(repeating: "A", count: 100_000)
        let body = GenerationBody(Data(#"{"prompt":"x","image_urls":["\#(image)","https://a.example/b.png?sig=1"]}"#.utf8))
        let urls = try #require(body.recorded?.imageURLs)
        #expect(urls[0].hasPrefix("data:image/png (100022 characters, SHA-256 ") && urls[0].count < 150)
        #expect(urls[1] == "https://a.example/b.png")
    }

    /// The API accepts 16 images. Eight bytes of a body would otherwise become a hundred bytes on record.
    @Test func atMost64PicturesOfARequestAreRecorded() throws {
        func recorded(_ count: Int) throws -> [String] {
            let images = Array(repeating: #""data:""#, count: count).joined(separator: ",")
            return try #require(GenerationBody(Data(#"{"prompt":"x","image_urls":[\#(images)]}"#.utf8)).recorded?.imageURLs)
        }
        // By `printf data: | sha256sum`.
        let image = "data: (5 characters, SHA-256 ff72caa36dca2baa10a8567e7c303f387789759e377b66904047b5cee6f69c2b)"
        #expect(try recorded(64) == Array(repeating: image, count: 64))
        #expect(
            try recorded(1000) == Array(repeating: image, count: 64) + ["936 more reference images are not recorded"])
    }

    /// A lenient parser accepts control characters as they are. Each takes six bytes in a record (RFC 8259, section 7).
    @Test func aRequestIsRecordedWithinItsSizeLimit() throws {
        let body = Data(#"{"prompt":""#.utf8) + Data(repeating: 1, count: 3 << 20) + Data(#""}"#.utf8)
        let prompt = try #require(GenerationBody(body).recorded?.prompt)
        #expect(prompt.utf8.count * 6 < 16 << 20 && prompt.contains("cut: 3145728 bytes"))
    }
}
