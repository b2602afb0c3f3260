import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import SizeContract
import Testing
import UpstreamSimulator

@Suite(.serialized) struct ArchiveVerifierTests {
    /// An archive of two pictures, and the entry of one.
    private func filled() async throws -> (TestArchive, OutputEntry) {
        let archive = try TestArchive()
        try await withSimulator(.none, tasks: 2, clock: archive.clock) { _, url, tasks in
            _ = try await archive.run(url, tasks: tasks.map(\.registration))
        }
        return (archive, try #require(try await archive.catalog.entries(EntryQuery()).first))
    }

    private func blob(_ archive: TestArchive, _ digest: Digest) -> String {
        "\(archive.path)/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)"
    }

    private func change(_ path: String, _ body: (inout Data) -> Void) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        var data = try #require(FileManager.default.contents(atPath: path))
        body(&data)
        try data.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
    }

    @Test func oneFlippedBitIsFoundByADeepLookOnly() async throws {
        let (archive, entry) = try await filled()
        let path = blob(archive, try #require(entry.original).digest)
        try change(path) { $0[$0.count / 2] ^= 1 }
        #expect(try await archive.verify(deep: false).isClean)
        #expect(try await archive.verify().findings.map(\.kind) == [.corrupt])
    }

    @Test func aShorterFileIsFoundByAnyLook() async throws {
        let (archive, entry) = try await filled()
        try change(blob(archive, try #require(entry.thumbnail).digest)) { $0.removeLast() }
        #expect(try await archive.verify(deep: false).findings.map(\.kind) == [.corrupt])
    }

    @Test func whatIsMissingMisplacedWritableOrStrangeIsNamed() async throws {
        let (archive, entry) = try await filled()
        let manager = FileManager.default
        let preview = blob(archive, try #require(entry.preview).digest)
        let thumbnail = blob(archive, try #require(entry.thumbnail).digest)
        try manager.removeItem(atPath: preview)
        try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: thumbnail)
        try Data("x".utf8).write(to: URL(filePath: (thumbnail as NSString).deletingLastPathComponent + "/stray.txt"))
        let records = archive.files().filter { $0.hasPrefix("records/") }
        let other = try #require(records.first { !$0.contains(entry.id.task.text) })
        try manager.removeItem(atPath: archive.path + "/" + other)
        try Data("{}".utf8).write(
            to: URL(filePath: archive.path + "/" + (other as NSString).deletingLastPathComponent + "/bad.json"))
        let kinds = try await archive.verify(deep: false).findings.map(\.kind)
        for kind: VerificationReport.Kind in [.missing, .writable, .misnamed, .rowWithoutRecord, .unreadableRecord] {
            #expect(kinds.contains(kind))
        }
        #expect(kinds.filter { $0 == .untracked }.count == 3, "the blobs of the record that is gone")
    }

    @Test func aRowThatSaysOtherwiseThanItsRecordIsNamed() async throws {
        let (archive, entry) = try await filled()
        let task = try #require(try await archive.catalog.task(entry.id.task))
        var record = try #require(try await archive.records.record(of: entry.id, day: task.createdAt ?? task.discoveredAt))
        record.judgement?.verdict = .oversized
        try await archive.catalog.update(record)
        let report = try await archive.verify(deep: false)
        #expect(report.findings.map(\.kind) == [.differingRow])
        #expect(!report.isClean)
    }

    @Test func aRecordWhoseOutputIsStillQueuedIsHarmless() async throws {
        let (archive, _) = try await filled()
        let other = try SQLiteCatalog(path: archive.path + "/other.sqlite")
        for entry in try await archive.catalog.entries(EntryQuery()) {
            _ = try await other.register([TaskRegistration(id: entry.id.task, source: "test")], now: archive.clock.now)
        }
        let until = archive.clock.now.addingTimeInterval(60)
        for lease in try await other.leaseTasks(limit: 9, now: archive.clock.now, until: until) {
            let links = ["https://files.example/1.png"]
            try await other.finish(
                lease, .resolved(links: links, createdAt: nil, deadline: nil, model: nil, json: .null), now: archive.clock.now)
        }
        let report = try await ArchiveVerifier(blobs: archive.blobs, records: archive.records, catalog: other).verify(deep: false)
        #expect(report.findings.map(\.kind) == [.unfinished, .unfinished])
        #expect(report.isClean)
    }

    @Test func aRecordThatTheCatalogDoesNotKnowIsNamed() async throws {
        let (archive, _) = try await filled()
        let empty = try SQLiteCatalog(path: archive.path + "/empty.sqlite")
        let report = try await ArchiveVerifier(blobs: archive.blobs, records: archive.records, catalog: empty).verify(deep: false)
        #expect(report.findings.map(\.kind) == [.recordWithoutRow, .recordWithoutRow])
        #expect(!report.isClean)
    }
}

@Suite struct ManifestTests {
    private let now = Date(milliseconds: 1_795_348_800_000)

    @Test func goodLinesGoOnAndBadOnesAreNamedByTheirNumber() {
        let manifest = Manifest(
            """
            {"task_id":"t-1","size":"16:9","resolution":"2K","prompt":"a fox","new":1}

            not json
            {"task_id":"t-2"}
            {"size":"1:1"}
            {"task_id":"a b"}
            ["t-3"]
            {"task_id":"t-4","size":"17:3"}
            {"task_id":"t-5","size":1024}
            {"task_id":"t-6","size":"1000x1000"}
            """, now: now)
        #expect(manifest.tasks.map(\.id.text) == ["t-1", "t-2", "t-4", "t-5", "t-6"])
        #expect(
            manifest.tasks.first?.request == RecordedRequest(prompt: "a fox", size: "16:9", resolution: "2K", recordedAt: now))
        #expect(manifest.tasks[1].request == nil)
        #expect(manifest.problems.map(\.line) == [3, 5, 6, 7, 8, 9, 10])
    }

    @Test func windowsLineEndsAndAnEmptyFileAreFine() {
        #expect(Manifest("{\"task_id\":\"t-1\"}\r\n{\"task_id\":\"t-2\"}\r\n", now: now).tasks.count == 2)
        #expect(Manifest("", now: now).problems.isEmpty)
    }
}
