import ArchiveModel
import ArchiveStore
import BlobStore
import Catalog
import Foundation
import TestSupport
import Testing
import Upkeep

@Suite struct RebuildTests {
    /// Every fact of every row that has ended, by sqlite3; without keys, times of work, and whatever a rebuilding can't know.
    private func dump(_ path: String) throws -> String {
        let outputs = """
            SELECT task.id, idx, output.state, output.reason, output.attempts, ended_at, output.deadline, digest, output.bytes, media_type,
            format, verdict, output.width, output.height, ratio_error, pixel_ratio, billed_tier, overpaid_tenths, thumb_digest,
            preview_digest, thumb_hash, perceptual_hash, hex(record_copy.bytes) FROM output JOIN task ON task.key = output.task
            LEFT JOIN record_copy ON record_copy.output = output.key ORDER BY 1, 2
            """
        let tasks = """
            SELECT id, state, source, discovered_at, created_at, model, prompt, size, resolution, requested_at, has_request, answer,
            reason FROM task WHERE state NOT IN ('waiting', 'leased', 'held') ORDER BY 1
            """
        return try shell("sqlite3 '\(path)' \"\(outputs)\" \"\(tasks)\"")
    }

    @Test func aCatalogRebuiltFromRecordsIsEqual() async throws {
        let (scratch, _) = try await filledArchive(4)
        let before = try dump(scratch.path + "/catalog.sqlite")
        #expect(before.split(separator: "\n").count == 9)
        for suffix in ["", "-wal", "-shm"] { try? scratch.remove("catalog.sqlite" + suffix) }
        let (summary, place, losses) = try await scratch.upkeep().rebuild(results: countResults)
        #expect(summary.outputs == 4 && summary.tasks == 5)
        #expect(place == nil && losses == [])
        #expect(try dump(scratch.path + "/catalog.sqlite") == before)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
    }

    @Test func aRebuildKeepsTheCopiesThatRepairNeeds() async throws {
        let (scratch, _) = try await filledArchive(2)
        let path = "records/2026/11/22/task-0-0.json"
        let before = try #require(scratch.bytes(path))
        try scratch.change(path) { $0[200] ^= 1 }
        let (summary, _, _) = try await scratch.upkeep().rebuild(results: countResults)
        #expect(summary.unreadable.count == 1)
        #expect(summary.remembered == ["task-0 #0"])
        #expect(try await scratch.repair().isMended)
        #expect(scratch.bytes(path) == before)
    }

    /// An empty catalog would hide every archived picture.
    @Test func aMissingCatalogIsNotReplacedByAnEmptyOne() async throws {
        let (scratch, _) = try await filledArchive(1)
        for suffix in ["", "-wal", "-shm"] { try? scratch.remove("catalog.sqlite" + suffix) }
        let error = #expect(throws: CatalogError.self) {
            try Archive(path: scratch.path, permissions: .ownerOnly, creating: false, clock: FixedClock())
        }
        #expect(error?.code == .missing)
        #expect(try await scratch.verify().findings.map(\.kind) == [.damagedCatalog])
        #expect(scratch.bytes("catalog.sqlite") == nil)
    }

    @Test func aTaskWithFewerRecordsThanResultsIsReadAgain() async throws {
        let scratch = Scratch()
        do {
            let filer = try Filer(scratch)
            let records = try await filer.file("task-0", pictures: [try picture(1), try picture(2)])
            try await filer.catalog.closeCompletely()
            try scratch.remove(filer.path(of: records[1]))
        }
        for suffix in ["", "-wal", "-shm"] { try? scratch.remove("catalog.sqlite" + suffix) }
        _ = try await scratch.upkeep().rebuild(results: countResults)
        let catalog = try SQLiteCatalog(path: scratch.path + "/catalog.sqlite")
        #expect(try await catalog.leaseTasks(limit: 9, now: noon, until: noon).map(\.id.text) == ["task-0"])
    }
}

@Suite struct BackupTests {
    /// The documented order is that of filing turned round: records, then blobs; the catalog is made again. A record is copied after
    /// its blobs were stored, so they are there when theirs are copied.
    @Test func aCopyOfARunningArchiveHasAllEarlierOutputs() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        for number in 0..<6 { try await filer.file("before-\(number)", pictures: [try picture(UInt64(number))]) }
        let backup = Scratch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<20 { try await filer.file("during-\(number)", pictures: [try picture(UInt64(100 + number))]) }
            }
            group.addTask {
                // As `cp` or `rsync` of the documented order does, while the worker goes on.
                _ = try shell(
                    """
                    mkdir -p '\(backup.path)' && cd '\(scratch.path)' && cp -a fixative-archive.json '\(backup.path)' \
                    && cp -a records '\(backup.path)' && cp -a blobs '\(backup.path)'
                    """)
            }
            try await group.waitForAll()
        }
        // Restored: the catalog is made from what was copied.
        let (summary, _, _) = try await backup.upkeep().rebuild(results: countResults)
        #expect(summary.unreadable == [] && summary.withoutOriginal == [])
        #expect(summary.outputs >= 6)
        let report = try await backup.verify()
        #expect(report.findings.filter { !$0.kind.isHarmless }.map(\.detail) == [])
        let catalog = try SQLiteCatalog(path: backup.path + "/catalog.sqlite")
        let ids = Set(try await catalog.entries(EntryQuery()).map(\.id.task.text))
        #expect(ids.isSuperset(of: (0..<6).map { "before-\($0)" }))
    }
}
