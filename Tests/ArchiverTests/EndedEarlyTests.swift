import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Hummingbird
import ImageCodecs
import NIOCore
import Synchronization
import SyntheticPictures
import TestSupport
import Testing
import Upkeep

/// The archive of release 0.1.0, which gave up too early: its tasks were created at one time, and their links lived for 24 hours.
@Suite(.serialized) struct EndedEarlyTests {
    /// How a run gets to know the tasks.
    enum Way: CaseIterable, Sendable {
        case catalog, sweep
        /// From the records, without the catalog that the release left.
        case rebuiltCatalog
    }

    /// The outputs that the release gave up, or that still waited, by the files that their links name.
    private static let givenUp = [
        "gone 0": "gone", "mixed 1": "gone2", "page 0": "page", "cut 0": "cut", "empty 0": "empty", "unknown 0": "unknown",
        "refused 0": "refused",
    ]
    private static let waiting = ["busy 0": "busy", "made 0": "made"]

    /// The account of `Tests/Fixtures/archive-0.1.0/make.py` on a better day: every task is known, and every link delivers.
    private final class Account: Sendable {
        static let links: [(task: String, files: [String])] = [
            ("exact", ["exact"]), ("three", ["first", "second", "third"]), ("small", ["small"]), ("jpeg", ["photo"]),
            ("webp", ["web"]), ("bare", ["bare"]), ("gone", ["gone"]), ("page", ["page"]), ("cut", ["cut"]), ("empty", ["empty"]),
            ("mixed", ["exact", "gone2"]), ("refused", ["refused"]), ("failed", []), ("unknown", ["unknown"]), ("busy", ["busy"]),
            ("made", ["made"]),
        ]
        let pictures: [String: [UInt8]]
        private let url = Mutex("")
        private let fetched = Mutex<Set<String>>([])
        private let read = Mutex<Set<String>>([])

        init() throws {
            let files = Set(Self.links.flatMap(\.files)).sorted()
            pictures = Dictionary(
                uniqueKeysWithValues: try files.enumerated().map {
                    ($0.element, try SyntheticPicture.make(width: 96, height: 64, seed: UInt64($0.offset), as: .png))
                })
        }

        /// The files that were asked for.
        var fetchedFiles: Set<String> { fetched.withLock { $0 } }
        /// The tasks that were read, without the list of the account.
        var readTasks: Set<String> { read.withLock { $0 } }

        func serve(at address: String) { url.withLock { $0 = address } }

        func answer(_ request: Request) async throws -> Response {
            let path = request.uri.path
            if request.method == .post {
                let body = try await request.body.collect(upTo: 1 << 20)
                let named =
                    try JSONDecoder().decode([String: [String]].self, from: Data(body.readableBytesView))["task_ids"] ?? []
                read.withLock { $0.formUnion(named) }
                return Self.json(
                    "{\"data\":[\(Self.links.filter { named.contains(Self.id($0.task)) }.map(task).joined(separator: ","))]}")
            }
            if path == "/v1/tasks" {
                return Self.json("{\"data\":[\(Self.links.map(task).joined(separator: ","))],\"total\":\(Self.links.count)}")
            }
            if path.hasPrefix("/v1/tasks/") {
                let name = String(path.dropFirst(10))
                read.withLock { _ = $0.insert(name) }
                return Self.links.first { Self.id($0.task) == name }.map { Self.json(task($0)) } ?? Response(status: .notFound)
            }
            let file = String(path.dropFirst(7).dropLast(4))
            fetched.withLock { _ = $0.insert(file) }
            guard let picture = pictures[file] else { return Response(status: .notFound) }
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture)))
        }

        static func id(_ task: String) -> String { "task-fixture-\(task)" }

        private func task(_ task: (task: String, files: [String])) -> String {
            let links = task.files.map { "\"\(url.withLock { $0 })/files/\($0).png\"" }.joined(separator: ",")
            let created = Int(ReleasedArchive.created.timeIntervalSince1970)
            let end =
                task.files.isEmpty ? #""status":"failed","error":{"code":"content_policy_violation"}"# : #""status":"completed""#
            return
                #"{"id":"\#(Self.id(task.task))","created":\#(created),"model":"gpt-image-2-beta",\#(end),"results":[\#(links)]}"#
        }

        private static func json(_ text: String) -> Response {
            Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    /// A row of `list.json`, which the release wrote.
    private struct Told: Decodable {
        var taskId: String
        var index: Int
        var sha256: String?
        var name: String { "\(taskId.dropFirst(13)) \(index)" }
    }

    /// The digests of the originals by output.
    private static func originals() throws -> [String: String] {
        let told = try JSONDecoder().decode([Told].self, from: try ReleasedArchive.list())
        return Dictionary(told.compactMap { row in row.sha256.map { (row.name, $0) } }) { first, _ in first }
    }

    private static func name(_ id: OutputID) -> String { "\(id.task.text.dropFirst(13)) \(id.index)" }

    private struct Finished {
        /// Its folder goes with it.
        var released: ReleasedArchive
        var archive: TestArchive
        var account: Account
        var summaries: [ArchiveSummary] = []
        var before: (entries: [String: OutputEntry], tasks: [String: TaskEntry])
        var after: (entries: [String: OutputEntry], tasks: [String: TaskEntry])
    }

    /// Runs the archiver twice on the upgraded archive, beginning so long after its tasks were created.
    private static func work(_ way: Way, after age: TimeInterval) async throws -> Finished {
        let released = try ReleasedArchive()
        let hashes = try shell("cd '\(released.path)' && sha256sum blobs/sha256/*/*")
        let clock = JumpClock(start: ReleasedArchive.created.addingTimeInterval(age))
        if way == .rebuiltCatalog {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: "\(released.path)/catalog.sqlite\(suffix)")
            }
            let archive = try await UpkeepArchive(path: released.path, deep: false, clock: clock)
            _ = try await archive.rebuild { $0["results"]?.array?.count ?? 0 }
            try archive.close()
        }
        let archive = try TestArchive(path: released.path, clock: clock)
        let account = try Account()
        let before = try await contents(archive)
        let summaries = try await withStorageHost(posts: true) {
            try await account.answer($0)
        } _: { url in
            account.serve(at: url)
            var summaries: [ArchiveSummary] = []
            for _ in 0..<2 { summaries.append(try await archive.run(url) { $0.since = way == .catalog ? nil : 4 * 86_400 }) }
            return summaries
        }
        // Each line is a digest and a path that ends in it.
        let now = try shell("cd '\(released.path)' && sha256sum blobs/sha256/*/*")
        #expect(Set(hashes.split(separator: "\n")).subtracting(now.split(separator: "\n")) == [], "every blob keeps its bytes")
        for line in now.split(separator: "\n") { #expect(line.hasSuffix("/" + line.prefix(64))) }
        for digest in try originals().values { #expect(now.contains(digest), "every original is there") }
        let report = try await archive.verify()
        #expect(report.isClean, "\(report.findings)")
        return Finished(
            released: released, archive: archive, account: account, summaries: summaries, before: before,
            after: try await contents(archive))
    }

    private static func contents(_ archive: TestArchive) async throws -> ([String: OutputEntry], [String: TaskEntry]) {
        let entries = try await archive.catalog.entries(EntryQuery())
        var tasks: [String: TaskEntry] = [:]
        for (name, _) in Account.links {
            if let id = TaskID(Account.id(name)), let task = try await archive.catalog.task(id) { tasks[name] = task }
        }
        return (Dictionary(uniqueKeysWithValues: entries.map { (name($0.id), $0) }), tasks)
    }

    private static func isSound(_ name: String) -> Bool { givenUp[name] == nil && waiting[name] == nil }

    @Test(arguments: Way.allCases) func givenUpOutputsAreArchivedWhileTheirLinksLive(_ way: Way) async throws {
        let done = try await Self.work(way, after: 3600)
        let originals = try Self.originals()
        for (name, file) in Self.givenUp.merging(Self.waiting, uniquingKeysWith: { first, _ in first }) {
            let entry = try #require(done.after.entries[name], "\(name)")
            #expect(entry.state == .archived && entry.cause == nil && entry.failing == nil, "\(name): \(entry)")
            let digest = try #require(entry.original?.digest.hex, "\(name)")
            let stored = FileManager.default.contents(atPath: "\(done.archive.path)/blobs/sha256/\(digest.prefix(2))/\(digest)")
            #expect(stored.map { Array($0) } == done.account.pictures[file], "\(name)")
            // What had been filed as damaged stays on record.
            let record = try #require(try await done.archive.records.record(of: entry.id, day: ReleasedArchive.created))
            #expect(record.state == .archived && record.decodeError == nil, "\(name)")
            #expect(record.earlierOriginals?.map(\.digest.hex) ?? [] == originals[name].map { [$0] } ?? [], "\(name)")
        }
        #expect(Set(originals.keys).intersection(Self.givenUp.keys) == ["page 0", "cut 0"])
        // All else is as the release left it, and is not fetched again.
        for (name, entry) in done.before.entries where Self.isSound(name) { #expect(done.after.entries[name] == entry) }
        #expect(done.after.entries.count == 18)
        #expect(done.account.fetchedFiles == Set(Self.givenUp.values).union(Self.waiting.values))
        #expect(done.after.tasks["failed"] == done.before.tasks["failed"])
        #expect(done.summaries.map(\.archived) == [9, 0], "the second run finds nothing to do")
        #expect(done.summaries.map(\.waiting) == [0, 0])
    }

    @Test(arguments: Way.allCases) func givenUpOutputsAreNotReopenedAfterTheirWindow(_ way: Way) async throws {
        let done = try await Self.work(way, after: 25 * 3600)
        for (name, entry) in done.before.entries where Self.waiting[name] == nil { #expect(done.after.entries[name] == entry) }
        for (name, task) in done.before.tasks where name != "made" && name != "busy" { #expect(done.after.tasks[name] == task) }
        #expect(done.account.readTasks.isSubset(of: ["busy", "made"].map(Account.id)))
        #expect(done.account.fetchedFiles == Set(Self.waiting.values))
        for name in Self.waiting.keys { #expect(done.after.entries[name]?.state == .archived, "a link may live longer") }
        #expect(done.summaries.map(\.archived) == [2, 0])
        #expect(done.summaries.map(\.unavailable) == [0, 0])
    }
}
