import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird
import ImageCodecs
import NIOCore
import SyntheticPictures
import Testing
import Upkeep

/// Tasks with many results: their answer is stored once, and a setting bounds how many are taken.
@Suite struct ManyResultsTests {
    /// Answers with one task of `count` results, all of them the same picture.
    private func withTask(
        results count: Int, clock: JumpClock,
        _ body: @escaping @Sendable (_ url: String, _ task: TaskRegistration) async throws -> Void
    ) async throws {
        let created = Int(clock.now.timeIntervalSince1970) - 60
        let id = try #require(TaskID("task-many"))
        let folder = String(repeating: "long-path/", count: 30) + "folder-of-the-results"
        let picture = try SyntheticPicture.make(width: 96, height: 64, seed: 3, as: .png)
        try await withStorageHost { request in
            let host = request.head.authority ?? "127.0.0.1"
            guard request.uri.path.hasPrefix("/v1/") else {
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture)))
            }
            let links = (0..<count).map { #""http://\#(host)/\#(folder)/\#($0).png?sig=abcdefghijklmnopqrstuvwxyz""# }
            let text =
                #"{"id":"\#(id)","status":"completed","created":\#(created),"model":"gpt-image-2","results":[\#(links.joined(separator: ","))]}"#
            return Response(
                status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
        } _: { url in
            try await body(url, TaskRegistration(id: id, source: "test", createdAt: Date(timeIntervalSince1970: Double(created))))
        }
    }

    private func bytes(_ archive: TestArchive, _ name: String) -> Data {
        FileManager.default.contents(atPath: "\(archive.path)/\(name)") ?? Data()
    }

    @Test func aLargeAnswerIsStoredOnce() async throws {
        let clock = JumpClock(factor: 1, leastJump: 0, leastGuard: 300)
        try await withTask(results: 60, clock: clock) { url, task in
            let archive = try TestArchive(clock: clock)
            let summary = try await archive.run(url, tasks: [task])
            #expect(summary.archived == 60)
            let files = archive.files().filter { $0.hasPrefix("records/") }
            let shared = files.filter { $0.hasSuffix("/task-many.task.json") }
            #expect(files.count == 61 && shared.count == 1)
            // The last link of the answer stands in the record of the task and in its own output's record, and nowhere else.
            let last = archive.files(holding: "folder-of-the-results/59.png").filter { $0.hasPrefix("records/") }
            #expect(last.map { ($0 as NSString).lastPathComponent }.sorted() == ["task-many-59.json", "task-many.task.json"])
            let sizes = files.filter { !shared.contains($0) }.map { bytes(archive, $0).count }
            #expect(sizes.max() ?? 0 < ArchiveRecord.largestOwnAnswer, "\(sizes.max() ?? 0)")
            let record = try #require(try JSONSerialization.jsonObject(with: bytes(archive, files[0])) as? [String: Any])
            #expect(record["taskJSONFile"] as? String == "task-many.task.json" && record["taskJSON"] == nil)
            #expect(try await archive.verify().findings.map(\.detail) == [])

            // Made again from the records, the catalog has the answer; and without the record of the task, the catalog brings it back.
            let answer = try #require(try await archive.catalog.taskRecord(of: task.id)?.taskJSON)
            #expect(answer["results"]?.array?.count == 60)
            let rebuilder = CatalogRebuilder(
                blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: clock,
                results: { $0["results"]?.array?.count ?? 0 })
            let rebuilt = try await rebuilder.rebuild()
            #expect(rebuilt.outputs == 60 && rebuilt.tasks == 1)
            #expect(try await archive.catalog.taskRecord(of: task.id)?.taskJSON == answer)
            #expect(try await archive.catalog.task(task.id)?.state == .resolved)
            #expect(try await archive.verify().findings.map(\.detail) == [])

            let before = bytes(archive, shared[0])
            try FileManager.default.removeItem(atPath: "\(archive.path)/\(shared[0])")
            #expect(try await archive.verify(deep: false).findings.map(\.kind) == [.rowWithoutRecord])
            let repairer = ArchiveRepairer(
                blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: clock)
            #expect(try await repairer.repair(VerificationScope(deep: false)).steps.map(\.action) == [.wroteRecord])
            #expect(bytes(archive, shared[0]) == before)

            // A damaged one is named, and made again likewise.
            var damaged = before
            damaged[damaged.count / 2] ^= 1
            try damaged.write(to: URL(filePath: "\(archive.path)/\(shared[0])"))
            #expect(try await archive.verify(deep: false).findings.map(\.kind) == [.unreadableRecord])
            #expect(try await repairer.repair(VerificationScope(deep: false)).isMended)
            #expect(bytes(archive, shared[0]) == before)
            #expect(try await archive.verify().findings.map(\.detail) == [])
        }
    }

    /// The gateway may learn only after the filing that a request became this task.
    @Test func aLateRequestLeavesTheSharedAnswerAlone() async throws {
        let clock = JumpClock(factor: 1, leastJump: 0, leastGuard: 300)
        try await withTask(results: 60, clock: clock) { url, task in
            let archive = try TestArchive(clock: clock)
            try await archive.run(url, tasks: [task])
            let name = try #require(archive.files().first { $0.hasSuffix("/task-many.task.json") })
            let before = bytes(archive, name)
            let (archiver, downloader) = try archive.archiver(url)
            let created = try #require(TaskSnapshot(.object(["id": .string("task-many"), "status": .string("pending")])))
            let request = RecordedRequest(prompt: "a fox", size: "3:2", resolution: "1K")
            try await archiver.begin(request, key: "k-1")
            try await archiver.complete(created, of: request, key: "k-1", source: "gateway")
            await downloader.shutdown()
            #expect(bytes(archive, name) == before)
            #expect(
                archive.files(holding: "a fox").count { $0.hasPrefix("records/") } == 60, "each output's record has the request")
            #expect(try await archive.verify().findings.map(\.detail) == [])
        }
    }

    @Test func aSmallAnswerStaysInEachRecord() async throws {
        let clock = JumpClock(factor: 1, leastJump: 0, leastGuard: 300)
        try await withTask(results: 4, clock: clock) { url, task in
            let archive = try TestArchive(clock: clock)
            try await archive.run(url, tasks: [task])
            let files = archive.files().filter { $0.hasPrefix("records/") }
            #expect(files.count == 4)
            #expect(archive.files(holding: "folder-of-the-results/3.png").filter { $0.hasPrefix("records/") } == files)
        }
    }

    /// What is over the bound waits, with its reason and as our own fault; a higher bound takes it up, and nothing twice.
    @Test func resultsOverTheLimitWaitForAHigherLimit() async throws {
        let clock = JumpClock(factor: 1, leastJump: 0, leastGuard: 300)
        try await withTask(results: 5, clock: clock) { url, task in
            let archive = try TestArchive(clock: clock)
            let first = try await archive.run(url, tasks: [task]) {
                $0.mostResults = 3
                $0.patience = 0
            }
            #expect(first.archived == 3 && first.waiting == 1)
            let waiting = try #require(try await archive.catalog.task(task.id))
            #expect(waiting.state == .waiting && waiting.cause == .ours)
            #expect(waiting.reason?.contains("5 results") == true && waiting.reason?.contains("--max-results") == true)
            let failures = archive.events.filter { if case .failing(_, .ours, _) = $0 { true } else { false } }
            #expect(failures.count == 1, "it is reported at once")

            let second = try await archive.run(url) { $0.mostResults = 5 }
            #expect(second.archived == 2 && second.waiting == 0)
            let entries = try await archive.catalog.entries(EntryQuery(task: task.id))
            #expect(entries.map(\.id.index).sorted() == [0, 1, 2, 3, 4] && entries.allSatisfy { $0.state == .archived })
            #expect(try await archive.catalog.task(task.id)?.state == .resolved)
            #expect(try await archive.verify().findings.map(\.detail) == [])
        }
    }

    /// When the window closes on the rest, what was taken stays, and the task's row says what was not.
    @Test func resultsOverTheLimitEndWithTheirWindow() async throws {
        let clock = JumpClock(factor: 1, leastJump: 0, leastGuard: 300)
        try await withTask(results: 5, clock: clock) { url, task in
            let archive = try TestArchive(clock: clock)
            let summary = try await archive.run(url, tasks: [task]) { $0.mostResults = 3 }
            #expect(summary.archived == 3 && summary.waiting == 0)
            let row = try #require(try await archive.catalog.task(task.id))
            #expect(row.state == .resolved && row.reason?.contains("5 results") == true)
            #expect(try await archive.catalog.entries(EntryQuery(task: task.id)).count == 3)
            #expect(clock.now.timeIntervalSince(task.createdAt ?? clock.now) > 86_400, "not before its window has closed")
        }
    }
}
