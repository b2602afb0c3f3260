import ArchiveModel
import BlobStore
import Catalog
import Foundation
import TestSupport
import Testing
import Upkeep

@Suite struct GarbageTests {
    private static let twoWeeks: TimeInterval = 14 * 86400

    private func collector(_ filer: Filer, at now: Date = Date()) -> GarbageCollector {
        GarbageCollector(blobs: filer.blobs, records: filer.records, catalog: filer.catalog, clock: FixedClock(now: now))
    }

    private func age(_ digest: Digest, days: Double, _ scratch: Scratch) throws {
        let date = Date().addingTimeInterval(-days * 86400)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: scratch.path + "/" + Scratch.blob(digest))
    }

    @Test func onlyOldUnreferencedBlobsAreCollected() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        let record = try #require(try await filer.file("task-0", pictures: [try picture(1)]).first)
        let (old, young, used) = (
            try await filer.blobs.put([1]).digest, try await filer.blobs.put([2]).digest, try await filer.blobs.put([3]).digest
        )
        for digest in [old, used, try #require(record.original?.digest)] + record.derivatives.map(\.blob.digest) {
            try age(digest, days: 15, scratch)
        }
        try age(young, days: 13, scratch)
        _ = try await filer.blobs.put([3])
        try Data("half a picture".utf8).write(to: URL(filePath: scratch.path + "/ingest/0f8fad5b-d9cb-469f-a165-708677289501"))
        let before = scratch.files(in: "blobs")

        let trial = try await collector(filer).collect(grace: Self.twoWeeks, dryRun: true)
        #expect(trial.collected.map(\.digest) == [old])
        #expect(trial.young == 2)
        #expect(trial.unfinished == 1)
        #expect(scratch.files(in: "blobs") == before)
        #expect(scratch.files(in: "ingest").count == 1)

        let report = try await collector(filer).collect(grace: Self.twoWeeks, dryRun: false)
        #expect(report.collected.map(\.digest) == [old])
        #expect(report.bytes == 1)
        #expect(Set(before).subtracting(scratch.files(in: "blobs")) == [Scratch.blob(old)])
        #expect(scratch.files(in: "ingest") == [])
        #expect(try await collector(filer).collect(grace: Self.twoWeeks, dryRun: false).collected.isEmpty)
    }

    /// Delivered bytes that were not a whole picture, of an output that still waits: no record names them yet.
    @Test func aCandidateOfAWaitingOutputIsKept() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        let id = try #require(TaskID("task-waiting"))
        _ = try await filer.catalog.register([TaskRegistration(id: id, source: "test", createdAt: noon)], now: noon)
        let until = noon.addingTimeInterval(60)
        let reading = try #require(try await filer.catalog.leaseTasks(limit: 1, now: noon, until: until).first)
        let results = TaskOutcome.resolved(
            results: .links(["https://a.example/1.png"]), createdAt: noon, deadline: nil, model: nil, reason: nil, json: .null)
        try await filer.catalog.finish(reading, results, now: noon)
        let output = OutputID(task: id, index: 0)
        let lease = try #require(try await filer.catalog.leaseOutputs([output], now: noon, until: until).first)
        let blob = try await filer.blobs.put(Array("<html>".utf8))
        let candidate = DeliveryCandidate(
            original: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: "application/octet-stream"),
            reason: "a page", looksLikePicture: false,
            download: DownloadFacts(url: "https://a.example/1.png", headers: [:], fetchedAt: noon, redirects: 0))
        let failure = Postponement(
            dueAt: until, error: "a page", kind: "no picture", cause: .vendor, history: FailureHistory(), candidate: candidate)
        try await filer.catalog.finish(lease, .postponed(failure), now: noon)
        try age(blob.digest, days: 99, scratch)
        let report = try await collector(filer).collect(grace: Self.twoWeeks, takingPictures: true, dryRun: false)
        #expect(report.collected.isEmpty)
        #expect(try await filer.blobs.size(of: blob.digest) == 6)
    }

    /// The bytes of a delivery that a retry replaced: the record still names them.
    @Test func anEarlierOriginalIsKeptAndMissedWhenItIsGone() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        let before = try #require(try await filer.file("task-0", pictures: [try picture(1)]).first)
        let blob = try await filer.blobs.put(Array("<html>".utf8))
        var record = before
        record.earlierOriginals = [
            BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: "application/octet-stream")
        ]
        #expect(try await filer.records.write(record, over: before) == nil)
        try await filer.catalog.update(record)
        try age(blob.digest, days: 99, scratch)
        let report = try await collector(filer).collect(grace: Self.twoWeeks, takingPictures: true, dryRun: false)
        #expect(report.collected.isEmpty)
        #expect(try await filer.blobs.size(of: blob.digest) == 6)
        #expect(try await scratch.verify().isClean)
        try scratch.remove(Scratch.blob(blob.digest))
        #expect(try await scratch.verify().findings.map(\.kind) == [.missing])
    }

    /// Records and catalog lost together: what was delivered is named nowhere, and must not go by itself.
    @Test func possibleDeliveriesAreKeptUnlessRequested() async throws {
        let (scratch, records) = try await filledArchive(1)
        let original = try #require(records[0].original?.digest)
        let thumbnail = try #require(records[0].derivatives.first { $0.role == .thumbnail }?.blob.digest)
        let preview = try #require(records[0].derivatives.first { $0.role == .preview }?.blob.digest)
        for path in scratch.files(in: "records") { try scratch.remove(path) }
        for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] { try? scratch.remove(name) }
        let filer = try Filer(scratch)
        for digest in [original, thumbnail, preview] { try age(digest, days: 99, scratch) }
        let report = try await collector(filer).collect(grace: Self.twoWeeks, dryRun: false)
        #expect(report.collected.map(\.digest) == [thumbnail])
        #expect(report.pictures == 2)
        let all = try await collector(filer).collect(grace: Self.twoWeeks, takingPictures: true, dryRun: false)
        #expect(Set(all.collected.map(\.digest)) == [original, preview])
    }

    /// What a desktop leaves among the records is none, and keeps nothing from being collected.
    @Test func aStrayFileDoesNotStopTheCollection() async throws {
        let (scratch, _) = try await filledArchive(1)
        try Data("a desktop's".utf8).write(to: URL(filePath: scratch.path + "/records/2026/11/22/.DS_Store"))
        let filer = try Filer(scratch)
        let old = try await filer.blobs.put([1]).digest
        try age(old, days: 15, scratch)
        #expect(try await collector(filer).collect(grace: Self.twoWeeks, dryRun: false).collected.map(\.digest) == [old])
    }

    @Test func theShortestGraceIsAnHour() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        _ = try await filer.blobs.put([1])
        #expect(try await collector(filer).collect(grace: 0, dryRun: false).collected.isEmpty)
        let later = Date().addingTimeInterval(3700)
        #expect(try await collector(filer, at: later).collect(grace: 0, dryRun: false).collected.count == 1)
    }

    /// What can't be read may name any blob.
    @Test(arguments: ["damaged", "missing", "forgotten"])
    func nothingIsCollectedWhileARecordIsDamagedOrMissing(_ harm: String) async throws {
        let (scratch, records) = try await filledArchive(1)
        let path = "records/2026/11/22/task-0-0.json"
        switch harm {
        case "damaged": try scratch.change(path) { $0[$0.count / 2] ^= 1 }
        case "missing": try scratch.remove(path)
        default: try scratch.change("catalog.sqlite") { bytes in for offset in 4096..<5000 { bytes[offset] = 0xA5 } }
        }
        let filer = try? Filer(scratch)
        for digest in [try #require(records[0].original?.digest)] + records[0].derivatives.map(\.blob.digest) {
            try age(digest, days: 99, scratch)
        }
        let before = scratch.files(in: "blobs")
        if let filer {
            await #expect(throws: (any Error).self) { try await collector(filer).collect(grace: Self.twoWeeks, dryRun: false) }
        }
        #expect(scratch.files(in: "blobs") == before)
    }

    /// The name of the record looks like that of a sync program's copy.
    @Test(arguments: ["task_conflict_2", "a.sync-conflict-b"], [true, false])
    func nothingIsCollectedWhileARecordNamedLikeLitterIsDamaged(_ id: String, hasRow: Bool) async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        let record = try #require(try await filer.file(id, pictures: [try picture(1)]).first)
        try scratch.change(filer.path(of: record)) { bytes in
            bytes[bytes.count / 2] ^= 1
            bytes[bytes.count / 3] ^= 1
        }
        for digest in [try #require(record.original?.digest)] + record.derivatives.map(\.blob.digest) {
            try age(digest, days: 99, scratch)
        }
        let catalog = hasRow ? filer.catalog : try SQLiteCatalog(path: scratch.path + "/other.sqlite")
        let collector = GarbageCollector(
            blobs: filer.blobs, records: filer.records, catalog: catalog, clock: FixedClock(now: Date()))
        let before = scratch.files(in: "blobs")
        #expect(before.count == 3)
        await #expect(throws: GarbageError.self) {
            try await collector.collect(grace: Self.twoWeeks, takingPictures: true, dryRun: false)
        }
        #expect(scratch.files(in: "blobs") == before)
        let report = try await ArchiveVerifier(blobs: filer.blobs, records: filer.records, catalog: catalog).verify(deep: false)
        #expect(report.findings.contains { $0.kind == .unreadableRecord && $0.subject == filer.path(of: record) })
    }

    @Test func theOriginalOfALostOutputIsKept() async throws {
        let (scratch, records) = try await filledArchive(1)
        let digest = try #require(records[0].original?.digest)
        let bytes = try #require(scratch.bytes(Scratch.blob(digest)))
        try scratch.remove(Scratch.blob(digest))
        try await scratch.repair()
        let filer = try Filer(scratch)
        _ = try await filer.blobs.put(bytes)
        try age(digest, days: 99, scratch)
        #expect(try await collector(filer).collect(grace: Self.twoWeeks, dryRun: false).collected.isEmpty)
    }

    /// Workers file pictures whose bytes lie about unnamed, while the collector goes round: nobody ever names what is gone.
    @Test func filingDuringACollectionLosesNothing() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        let pictures = try (0..<24).map { try picture(UInt64($0)) }
        for bytes in pictures {
            let digest = try await filer.blobs.put(bytes).digest
            try age(digest, days: 30, scratch)
        }
        let collected = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                for (number, bytes) in pictures.enumerated() { try await filer.file("task-\(number)", pictures: [bytes]) }
                return 0
            }
            group.addTask {
                var count = 0
                for _ in 0..<40 {
                    let report = try await collector(filer).collect(grace: Self.twoWeeks, takingPictures: true, dryRun: false)
                    count += report.collected.count
                }
                return count
            }
            return try await group.reduce(0, +)
        }
        #expect(collected > 0)
        try await filer.catalog.closeCompletely()
        #expect(try await scratch.verify().findings.map(\.detail) == [])
    }
}
