import ArchiveModel
import Archiver
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import ImageCodecs
import NIOCore
import Networking
import Synchronization
import SyntheticPictures
import Testing
import Upkeep

/// Answers of the API that contradict each other: none of them may end a task whose picture can still be had.
@Suite struct ContradictionTests {
    private static let picture = (try? SyntheticPicture.make(width: 96, height: 64, seed: 3, as: .png)) ?? []

    enum Case: String, CaseIterable, Sendable {
        case errorWithoutState, errorWithUnknownState, failed, timedOut, cancelled, createdLongAgo

        /// What the API answers at first; then the task is completed.
        var fields: String {
            switch self {
            case .errorWithoutState: #""error":{"code":503,"message":"busy"}"#
            case .errorWithUnknownState: #""status":"retrying","error":{"code":"upstream_error","message":"again"}"#
            case .failed: #""status":"failed","error":{"code":500,"message":"an internal error"}"#
            case .timedOut: #""status":"timeout""#
            case .cancelled: #""status":"cancelled""#
            case .createdLongAgo: #""status":"processing","created":1000000000"#
            }
        }
    }

    private static func json(_ text: String) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// The API never answers a call that names one of eleven tasks, since its provider hangs.
    @Test(.timeLimit(.minutes(10))) func anUnansweredTaskDelaysNoOther() async throws {
        let archive = try TestArchive()
        let clock = archive.clock
        let created = Int(clock.now.timeIntervalSince1970) - 60
        try await withStorageHost(posts: true) { request in
            let id = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
            if id.hasSuffix(".png") { return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture))) }
            if id == "poison" || id == "batch" { try await clock.sleep(for: .seconds(100_000)) }
            let host = request.head.authority ?? ""
            return Self.json(
                #"{"id":"\#(id)","status":"completed","created":\#(created),"results":["http://\#(host)/\#(id).png?sig=abcdefghijklmnop"]}"#
            )
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url)
            let archived = Mutex(0)
            archive.listener.withLock { listener in
                listener = { event in
                    guard case .archived = event else { return }
                    let count = archived.withLock { archived in
                        archived += 1
                        return archived
                    }
                    if count == 10 { archiver.stop() }
                }
            }
            let tasks = (["poison"] + (0..<10).map { "good-\($0)" }).compactMap { TaskID($0) }
            try await archiver.register(tasks.map { TaskRegistration(id: $0, source: "manifest") })
            let summary = try await archiver.run()
            await downloader.shutdown()
            #expect(summary.archived == 10)
        }
    }

    /// The first answer tells a wrong time of creation, as if the window had closed; the host answers 404 for half an hour.
    @Test func aLaterCreationTimeReopensTheWindow() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let (clock, start) = (archive.clock, archive.clock.now)
        let task = try #require(TaskID("task-late"))
        let readings = Mutex(0)
        try await withStorageHost { request in
            if request.uri.path == "/0.png" {
                guard clock.now.timeIntervalSince(start) > 1800 else { return Response(status: .notFound) }
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            }
            let isFirst = readings.withLock { readings in
                readings += 1
                return readings == 1
            }
            let created = Int(start.timeIntervalSince1970) - (isFirst ? 30 * 3600 : 60)
            let host = request.head.authority ?? ""
            return Self.json(
                #"{"id":"\#(task)","status":"completed","created":\#(created),"results":["http://\#(host)/0.png?sig=abcdefghijklmnop"]}"#
            )
        } _: { url in
            let summary = try await archive.run(url, tasks: [TaskRegistration(id: task, source: "manifest")])
            #expect(summary.archived == 1 && summary.unavailable == 0, "\(archive.events)")
            #expect(clock.now.timeIntervalSince(start) < 7200)
        }
    }

    /// For 60 s the API reads the task wrongly, while the account's list calls it completed.
    @Test(arguments: Case.allCases) func aLaterAnswerCorrectsAWrongOne(_ example: Case) async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let (clock, start) = (archive.clock, archive.clock.now)
        let created = Int(start.timeIntervalSince1970) - 5
        let task = try #require(TaskID("task-\(example.rawValue.lowercased())"))
        try await withStorageHost { request in
            let host = request.head.authority ?? "127.0.0.1"
            let completed =
                #"{"id":"\#(task)","status":"completed","created":\#(created),"results":["http://\#(host)/0.png?sig=abcdefghijklmnop"]}"#
            switch request.uri.path {
            case "/0.png": return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            case "/v1/tasks":
                let row = #"{"id":"\#(task)","status":"completed","created":\#(created)}"#
                let isFirst = request.uri.queryParameters["page"].map { $0 == "1" } ?? true
                return Self.json(#"{"data":[\#(isFirst ? row : "")],"total":1,"page":1,"page_size":50}"#)
            default:
                guard clock.now.timeIntervalSince(start) < 60 else { return Self.json(completed) }
                return Self.json(#"{"id":"\#(task)",\#(example.fields)}"#)
            }
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url) {
                $0.since = 86_400
                $0.sweepInterval = 30
                $0.watch = true
            }
            archive.listener.withLock { listener in
                listener = { event in
                    switch event {
                    case .archived: archiver.stop()
                    case .swept where clock.now.timeIntervalSince(start) > 7200: archiver.stop()
                    default: break
                    }
                }
            }
            _ = try await archiver.run()
            await downloader.shutdown()
            let query = EntryQuery(states: [.archived], task: task)
            #expect(try await archive.catalog.entries(query).count == 1, "\(archive.events)")
        }
    }

    /// The key of the API in every place where an answer or a host can repeat it.
    @Test func aKeyRepeatedByTheAPIIsStoredNowhere() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let key = TestArchive.key
        let created = Int(archive.clock.now.timeIntervalSince1970)
        let task = try #require(TaskID("task-1"))
        _ = try await withStorageHost { request in
            let host = request.head.authority ?? "127.0.0.1"
            switch request.uri.path {
            case "/v1/tasks/task-1":
                let links = ["http://\(host)/\(key)/0.png", "http://\(host)/gone/\(key).png", "http://\(key).invalid/a.png"]
                let results =
                    links.map { "\"\($0)\"" } + [#"{"error":{"code":401,"message":"Incorrect API key provided: \#(key)"}}"#]
                return Self.json(
                    #"{"id":"task-1","status":"completed","created":\#(created),"model":"\#(key)","results":[\#(results.joined(separator: ","))]}"#
                )
            case "/\(key)/0.png":
                var headers: HTTPFields = [.contentType: "image/png; key=\(key)"]
                headers[HTTPField.Name("X-\(key)") ?? .server] = key
                return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            default: return Response(status: .notFound)
            }
        } _: { url in
            try await archive.run(url, tasks: [TaskRegistration(id: task, source: "test")])
        }
        let entries = try await archive.catalog.entries(EntryQuery(task: task))
        #expect(entries.map(\.state).filter { $0 == .archived }.count == 1 && entries.count == 4)
        #expect(archive.files(holding: key) == [])
        #expect(try await archive.verify().isClean)
    }

    /// An API may keep the callback's address, which ends with the webhook's secret, and repeat it in any answer.
    @Test func aServiceSecretRepeatedByTheAPIIsStoredNowhere() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let secret = "hook-secret-0123456789"
        let callback = "https://archive.example/hooks/\(secret)"
        let created = Int(archive.clock.now.timeIntervalSince1970)
        let tasks = try ["task-1", "task-2", "task-3", "task-\(secret)"].map { try #require(TaskID($0)) }
        let secrets = Mutex<[String]>([])
        try await withStorageHost { request in
            let host = request.head.authority ?? "127.0.0.1"
            switch request.uri.path {
            case "/v1/tasks/task-1":
                let results = ["\"http://\(host)/\(secret)/0.png\"", #"{"error":{"message":"\#(callback) did not answer"}}"#]
                return Self.json(
                    #"{"id":"task-1","status":"completed","created":\#(created),"callback_url":"\#(callback)","model":"\#(secret)","#
                        + #""metadata":{"\#(secret)":["\#(callback)"]},"results":[\#(results.joined(separator: ","))]}"#)
            case "/v1/tasks/task-2":
                return Self.json(
                    #"{"id":"task-2","status":"failed","created":\#(created),"error":{"message":"can't call \#(callback)"}}"#)
            case "/v1/tasks/task-3":
                let refusal = #"{"error":{"code":400,"message":"can't call \#(callback)"}}"#
                return Response(status: .badRequest, body: .init(byteBuffer: ByteBuffer(string: refusal)))
            case "/\(secret)/0.png":
                return Response(
                    status: .ok, headers: [.contentType: "image/png", .server: secret],
                    body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            default: return Response(status: .notFound)
            }
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url, hidden: { secrets.withLock { $0 } })
            // The secret comes with a reload, after the archiver was made.
            secrets.withLock { $0 = [secret] }
            try await archiver.register(tasks.map { TaskRegistration(id: $0, source: "test") })
            _ = try await archiver.run()
            await downloader.shutdown()
        }
        let entries = try await archive.catalog.entries(EntryQuery(task: tasks[0]))
        #expect(entries.count { $0.state == .archived } == 1 && entries.count == 2)
        for task in tasks[1...2] {
            let reason = try await archive.catalog.task(task)?.reason
            #expect(reason?.contains("can't call https://archive.example/hooks/[removed]") == true, "\(reason ?? "none")")
        }
        #expect(try await archive.catalog.task(tasks[3]) == nil)
        #expect(archive.files(holding: secret) == [])
        #expect(!"\(archive.events)".contains(secret))
        #expect(try await archive.verify().isClean)
    }
}
