import ArchiveModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Gallery

/// The live gallery against the export, and against an archive that changes under it.
struct LiveGalleryTests {
    /// An archive in memory: days of outputs, and how often each was read.
    private final class Archive: GallerySource {
        struct Broken: Error {}

        private struct State {
            var entries: [OutputEntry] = []
            var writes: Int64 = 0
            var reads: [Date] = []
            var looks = 0
            var isBroken = false
            var waiting: WaitingList?
        }
        private let state = Mutex(State())

        init(_ entries: [OutputEntry]) { state.withLock { $0.entries = entries } }

        var reads: [Date] { state.withLock { $0.reads } }
        var looks: Int { state.withLock { $0.looks } }
        var entries: [OutputEntry] { state.withLock { $0.entries } }

        func change(_ body: (inout [OutputEntry]) throws -> Void) throws {
            try state.withLock {
                try body(&$0.entries)
                $0.writes += 1
                $0.reads = []
            }
        }
        var waiting: WaitingList? { state.withLock { $0.waiting } }
        func wait(for waiting: WaitingList?) { state.withLock { $0.waiting = waiting } }
        func waiting(asOf now: Date) async throws -> WaitingList? { waiting }

        func breakDown(_ isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }

        private static func day(_ entry: OutputEntry) -> Date {
            Date(timeIntervalSince1970: ((entry.createdAt?.timeIntervalSince1970 ?? 0) / 86_400).rounded(.down) * 86_400)
        }

        /// Sums as the catalog has them: they say how many and how large, not what.
        func fingerprint() async throws -> CatalogFingerprint {
            try state.withLock { state in
                state.looks += 1
                if state.isBroken { throw Broken() }
                let days = Dictionary(grouping: state.entries, by: Self.day).mapValues { entries in
                    entries.reduce(entries.count) { $0 * 31 + ($1.original?.bytes ?? 0) }
                }
                return CatalogFingerprint(changeToken: .init(own: state.writes, others: 0), days: days)
            }
        }

        func entries(of day: Date) async throws -> [OutputEntry] {
            state.withLock { state in
                state.reads.append(day)
                return state.entries.filter { Self.day($0) == day }
            }
        }
    }

    private let clock = HandClock(now: Date(timeIntervalSince1970: 1_795_348_800))

    private func gallery(_ archive: Archive, pageSize: Int = 10, shardSize: Int = 10, doubts: Int = 10_000) throws -> LiveGallery
    {
        try LiveGallery(
            .init(title: "Studio", identity: "one", pageSize: pageSize, shardSize: shardSize, doubts: doubts), source: archive,
            clock: clock)
    }

    private func bytes(_ gallery: LiveGallery, _ path: String) async throws -> [UInt8]? {
        guard let file = try await gallery.file(at: path) else { return nil }
        switch file.body {
        case .bytes(let bytes): return bytes
        case .pieces(let count, let piece): return try (0..<count).flatMap { try piece($0) }
        case .blob(let digest): return Array("bytes of \(digest)".utf8)
        }
    }

    private func text(_ gallery: LiveGallery, _ path: String = "index.html") async throws -> String {
        String(decoding: try #require(try await bytes(gallery, path)), as: UTF8.self)
    }

    /// Holds every file of an export against what the live gallery answers.
    private func expectSame(_ gallery: LiveGallery, _ archive: Archive, pageSize: Int = 10, shardSize: Int = 10) async throws {
        let folder = try ScratchFolder()
        _ = try await export(
            archive.entries, waiting: archive.waiting, to: folder, title: "Studio", originals: true, pageSize: pageSize,
            shardSize: shardSize,
            identity: "one")
        let site = try folder.contents().filter { !$0.key.hasPrefix(".") }
        #expect(site["index.html"] != nil)
        for (path, expected) in site {
            let answer = try await bytes(gallery, path)
            #expect(answer.map { Data($0) } == expected, "\(path)")
        }
    }

    @Test(arguments: [0, 1, 9, 45, 1203])
    func everyPathHasTheBytesOfTheExport(count: Int) async throws {
        let archive = Archive(try (0..<count).map { try entry($0, state: $0 % 7 == 3 ? .unavailable : .archived) })
        let size = count > 1000 ? 500 : 10
        try await expectSame(try gallery(archive, pageSize: size, shardSize: size), archive, pageSize: size, shardSize: size)
    }

    @Test func aChangeIsShownAtTheNextLook() async throws {
        let archive = Archive(try (0..<45).map { try entry($0) })
        let gallery = try gallery(archive)
        #expect(!(try await text(gallery).contains("task-99")))
        try archive.change {
            $0.append(try entry(99))
            $0.remove(at: 3)
            $0[10].request?.prompt = "quite another prompt"
        }
        clock.pass(1)
        #expect(!(try await text(gallery).contains("task-99")), "not before two seconds have passed")
        clock.pass(2)
        #expect(try await text(gallery).contains("task-99"))
        #expect(try await bytes(gallery, "pictures/task-3-0.html") == nil)
        #expect(try await text(gallery, "pictures/task-11-0.html").contains("quite another prompt"))
        try await expectSame(gallery, archive)
    }

    /// Without a picture that is new, too.
    @Test func theWaitingListAppearsAndDisappearsAtTheNextLook() async throws {
        let archive = Archive(try (0..<45).map { try entry($0) })
        let gallery = try gallery(archive)
        let before = try await text(gallery)
        archive.wait(for: try WaitingTests.waiting([try WaitingTests.failing(1, reason: "the host answered 503")]))
        clock.pass(5)
        #expect(try await text(gallery).contains("the host answered 503"))
        try await expectSame(gallery, archive)
        archive.wait(for: try WaitingTests.waiting([try WaitingTests.failing(1, reason: "nobody answered in time")]))
        clock.pass(5)
        #expect(try await text(gallery).contains("nobody answered in time"))
        archive.wait(for: nil)
        clock.pass(5)
        #expect(try await text(gallery) == before)
    }

    @Test func onlyChangedDaysAreReadAgain() async throws {
        let archive = Archive(try (0..<45).map { try entry($0) })
        let gallery = try gallery(archive, doubts: 0)
        _ = try await text(gallery)
        #expect(archive.reads.count == 45)
        try archive.change { $0.append(try entry(7, task: "task-new")) }
        clock.pass(5)
        #expect(try await text(gallery, "pictures/task-new-0.html").contains("task-new"))
        #expect(archive.reads == [try #require(try entry(7).createdAt)])
        clock.pass(5)
        _ = try await text(gallery)
        #expect(archive.reads.count == 1, "nothing has changed since")
    }

    @Test func aChangeThatKeepsAllSumsIsFoundAfterAFewLooks() async throws {
        let archive = Archive(try (0..<45).map { try entry($0) })
        let gallery = try gallery(archive, doubts: 10)
        _ = try await text(gallery)
        try archive.change { $0[2].request?.prompt = "learnt later" }
        var looks = 0
        while !(try await text(gallery, "pictures/task-2-0.html").contains("learnt later")), looks < 10 {
            clock.pass(5)
            looks += 1
        }
        #expect(looks == 5, "45 days, ten for each look")
    }

    @Test func anOlderPageStillFindsItsDataForAWhile() async throws {
        let archive = Archive(try (0..<45).map { try entry($0) })
        let gallery = try gallery(archive)
        let paths = { (text: String) in text.matches(of: /(?:data|assets)\/[a-z0-9.]+\.js/).map { String($0.output) } }
        let old = paths(try await text(gallery))
        let list = try #require(old.first { $0.hasPrefix("assets/data.") })
        let shards = paths(try await text(gallery, list))
        #expect(shards.count == 5)
        var before: [String: [UInt8]] = [:]
        for path in shards + [list] { before[path] = try await bytes(gallery, path) }
        try archive.change { $0.append(try entry(99)) }
        clock.pass(5)
        #expect(!paths(try await text(gallery)).contains(list))
        for path in shards + [list] {
            let answer = try await bytes(gallery, path)
            #expect(answer != nil && answer == before[path], "\(path)")
        }
        clock.pass(1000)
        _ = try await text(gallery)
        var gone = 0
        for path in shards + [list] where try await bytes(gallery, path) == nil { gone += 1 }
        #expect(gone == 2, "the list and the newest shard, which have new names")
    }

    @Test func manyReadersShareOneLook() async throws {
        let archive = Archive(try (0..<45).map { try entry($0) })
        let gallery = try gallery(archive)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await bytes(gallery, "index.html")?.count ?? 0 } }
            let sizes = try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(sizes.count == 1 && !sizes.contains(0))
        }
        #expect(archive.looks == 1)
    }

    @Test func aFailingArchiveStillShowsTheLastGallery() async throws {
        let archive = Archive([try entry(1)])
        let gallery = try gallery(archive)
        archive.breakDown(true)
        await #expect(throws: Archive.Broken.self) { try await gallery.file(at: "index.html") }
        archive.breakDown(false)
        let before = try await text(gallery)
        archive.breakDown(true)
        clock.pass(60)
        #expect(try await text(gallery) == before)
    }

    @Test(arguments: [
        "", "index", "../index.html", "pictures/", "pictures/../index.html", "pictures/task-1-0", "pictures/task-1-0.html/",
        "page-1.html",
        "pages.html", ".fixative-gallery.json", "data/", "data/1.js", "thumbs", "thumbs/aa", "thumbs/bb/../../index.html",
        "thumbs/bb/\(String(repeating: "b", count: 63)).jpg", "thumbs/aa/\(String(repeating: "b", count: 64)).jpg",
        "thumbs/bb/\(String(repeating: "b", count: 64)).html", "thumbs/BB/\(String(repeating: "B", count: 64)).jpg",
        "thumbs/bb/\(String(repeating: "b", count: 64))", "blobs/bb/\(String(repeating: "b", count: 64)).jpg",
    ])
    func anUnknownPathIsNotFound(path: String) async throws {
        #expect(try await gallery(Archive([try entry(1)])).file(at: path) == nil)
    }
}
