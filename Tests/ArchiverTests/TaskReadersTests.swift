import ArchiveModel
import AsyncHTTPClient
import Catalog
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird
import ImageCodecs
import NIOCore
import Secrets
import Synchronization
import SyntheticPictures
import Testing

@testable import Archiver

@Suite struct TaskReadersTests {
    @Test func tasksAreReadWithTheirOwnKeyAndLostKeysAreMarked() async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey("sk-own-0123456789"))
        let client = GenerationClient(baseURL: "http://127.0.0.1:9", key: own, http: .shared, clock: archive.clock)
        func readers(_ key: APIKey) -> TaskReaders {
            TaskReaders(own: client, catalog: archive.catalog, vault: KeyVault(key, salt: "archive"))
        }
        let ids = try ["task-ours", "task-a", "task-b", "task-c"].map { try #require(TaskID($0)) }
        _ = try await archive.catalog.register(
            ids.map { TaskRegistration(id: $0, source: "gateway") }, now: archive.clock.now)
        let (one, two) = (try #require(APIKey("sk-one-0123456789")), try #require(APIKey("sk-two-0123456789")))
        try await archive.catalog.keep(try readers(own).seal(one, for: [ids[1], ids[2]]))
        try await archive.catalog.keep(try readers(own).seal(two, for: [ids[3]]))

        let readings = try await readers(own).batches(of: ids)
        #expect(readings.count == 3)
        #expect(readings.first { !$0.isCallers }?.tasks == [ids[0]])
        #expect(readings.filter(\.isCallers).map { Set($0.tasks) }.contains([ids[1], ids[2]]))
        #expect(readings.allSatisfy { !$0.isKeyLost })

        // After the service's key was changed.
        let later = try await readers(two).batches(of: ids)
        #expect(later.first { !$0.isCallers }?.tasks == [ids[0]])
        #expect(later.first { $0.isKeyLost }?.tasks == Array(ids.dropFirst()))
        #expect(try await TaskReaders(own: client, catalog: archive.catalog).batches(of: ids).map(\.tasks) == [ids])
    }

    @Test func aKnownTaskKeepsItsFirstKey() async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey(TestArchive.key))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let (archiver, downloader) = try archive.archiver("http://127.0.0.1:9", vault: KeyVault(own, salt: "archive"))
        let (known, new) = (try #require(TaskID("task-known")), try #require(TaskID("task-new")))
        try await archiver.register([TaskRegistration(id: known, source: "sweep")])
        try await archiver.register([known, new].map { TaskRegistration(id: $0, source: "gateway") }, caller: caller)
        #expect(try await archive.catalog.sealedKeys(of: [known, new]).keys.map(\.text) == ["task-new"])
        await downloader.shutdown()
    }

    private static let picture = (try? SyntheticPicture.make(width: 48, height: 32, seed: 1, as: .png)) ?? []

    private static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// The API knows the tasks. The caller that named them first may not read them, or not any more.
    @Test(arguments: [401, 402, 403, 404], [1, 3])
    func aTaskThatACallersKeyCannotReadIsReadWithTheOwnKey(_ status: Int, _ count: Int) async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey(TestArchive.key))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let ids = try (0..<count).map { try #require(TaskID("task-\($0)")) }
        let created = Int(archive.clock.now.timeIntervalSince1970)
        try await withStorageHost(posts: true) { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            }
            guard request.headers[.authorization] == "Bearer \(TestArchive.key)" else {
                return Self.json(#"{"error":{"message":"no"}}"#, status: .init(code: status))
            }
            let host = request.head.authority ?? ""
            let tasks = ids.map { id in
                #"{"id":"\#(id)","status":"completed","created":\#(created),"results":["http://\#(host)/\#(id).png"]}"#
            }
            return Self.json(#"{"data":[\#(tasks.joined(separator: ","))]}"#)
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url, vault: KeyVault(own, salt: "archive")) { $0.patience = 0 }
            try await archiver.register(ids.map { TaskRegistration(id: $0, source: "gateway") }, caller: caller)
            #expect(try await archive.catalog.sealedKeys(of: ids).count == count)
            let summary = try await archiver.run()
            await downloader.shutdown()
            #expect(summary.archived == count && summary.stopReason == nil, "\(archive.events)")
        }
        #expect(try await archive.catalog.sealedKeys(of: ids) == [:], "the next reading needs no caller's key")
    }

    /// The batch call of the own key is forbidden, fails, or has an answer that is cut off.
    @Test(arguments: ["forbidden", "broken", "cut"])
    func aTaskThatTheBatchDoesNotShowIsReadAloneWithTheOwnKey(_ batch: String) async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey(TestArchive.key))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let ids = try (0..<3).map { try #require(TaskID("task-\($0)")) }
        let created = Int(archive.clock.now.timeIntervalSince1970)
        try await withStorageHost(posts: true) { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            }
            guard request.headers[.authorization] == "Bearer \(TestArchive.key)" else {
                return Self.json(#"{"error":{"message":"no"}}"#, status: .unauthorized)
            }
            let host = request.head.authority ?? ""
            func row(_ id: some StringProtocol) -> String {
                #"{"id":"\#(id)","status":"completed","created":\#(created),"results":["http://\#(host)/\#(id).png"]}"#
            }
            guard request.method == .post else {
                return Self.json(row(request.uri.path.split(separator: "/").last ?? ""))
            }
            return switch batch {
            case "forbidden": Self.json(#"{"error":{"message":"one is not yours"}}"#, status: .forbidden)
            case "broken": Self.json(#"{"error":{"message":"broken"}}"#, status: .internalServerError)
            default: Self.json(#"{"data":[\#(row("task-0")),{"id":"task-1","status":"#)
            }
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url, vault: KeyVault(own, salt: "archive")) { $0.patience = 0 }
            try await archiver.register(ids.map { TaskRegistration(id: $0, source: "gateway") }, caller: caller)
            let summary = try await archiver.run()
            await downloader.shutdown()
            #expect(summary.archived == 3 && summary.stopReason == nil, "\(archive.events)")
        }
    }

    /// The key is revoked after the task was read; the host takes only fresh links.
    @Test func anOutputOfARevokedKeyGetsItsLinkWithTheOwnKey() async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey(TestArchive.key))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let id = try #require(TaskID("task-1"))
        let created = Int(archive.clock.now.timeIntervalSince1970)
        let isRevoked = Mutex(false)
        try await withStorageHost(posts: true) { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                isRevoked.withLock { $0 = true }
                guard request.uri.query?.contains("fresh") == true else { return Response(status: .forbidden) }
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            }
            let isOwn = request.headers[.authorization] == "Bearer \(TestArchive.key)"
            guard isOwn || !isRevoked.withLock({ $0 }) else {
                return Self.json(#"{"error":{"message":"no"}}"#, status: .unauthorized)
            }
            guard request.method == .get else { return Response(status: .notFound) }
            let link = "http://\(request.head.authority ?? "")/0.png?sig=\(isOwn ? "fresh" : "first")-abcdefgh"
            return Self.json(#"{"id":"\#(id)","status":"completed","created":\#(created),"results":["\#(link)"]}"#)
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url, vault: KeyVault(own, salt: "archive")) { $0.patience = 60 }
            try await archiver.register([TaskRegistration(id: id, source: "gateway")], caller: caller)
            let summary = try await archiver.run()
            await downloader.shutdown()
            #expect(summary.archived == 1 && summary.stopReason == nil, "\(archive.events)")
        }
        #expect(try await archive.catalog.sealedKeys(of: [id]) == [:])
        #expect(archive.files(holding: "sk-caller") == [])
    }

    /// Neither key can read the task yet.
    @Test func aTaskOfTheOwnListLosesACallersKey() async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey(TestArchive.key))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let ids = try ["task-listed", "task-other"].map { try #require(TaskID($0)) }
        let created = Int(archive.clock.now.timeIntervalSince1970)
        try await withStorageHost(posts: true) { request in
            guard request.uri.path == "/v1/tasks" else { return Response(status: .notFound) }
            let isFirst = request.uri.queryParameters["page"] == "1"
            let row = #"{"id":"task-listed","status":"processing","created":\#(created)}"#
            return Self.json(#"{"data":[\#(isFirst ? row : "")],"total":1}"#)
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url, vault: KeyVault(own, salt: "archive")) {
                $0.patience = 0
                $0.since = 86_400
            }
            try await archiver.register(ids.map { TaskRegistration(id: $0, source: "gateway") }, caller: caller)
            _ = try await archiver.run()
            await downloader.shutdown()
        }
        #expect(try await archive.catalog.sealedKeys(of: ids).keys.map(\.text) == ["task-other"])
    }

    @Test func triesWithTheOwnKeyAreLimited() {
        let budget = SharedCallBudget(perMinute: 6)
        let noon = Date(timeIntervalSince1970: 1_795_348_800)
        #expect((0..<9).count { _ in budget.take(now: noon) } == 6)
        budget.giveBack()
        #expect((0..<9).count { _ in budget.take(now: noon) } == 1)
        #expect((0..<9).count { _ in budget.take(now: noon + 20) } == 2, "six a minute")
    }
}
