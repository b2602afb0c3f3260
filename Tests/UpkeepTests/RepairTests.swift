import ArchiveModel
import BlobStore
import Catalog
import Foundation
import TestSupport
import Testing
import Upkeep

@Suite struct RepairTests {
    private func states(_ scratch: Scratch) async throws -> [String: OutputState] {
        let catalog = try SQLiteCatalog(path: scratch.path + "/catalog.sqlite")
        let entries = try await catalog.entries(EntryQuery())
        try await catalog.closeCompletely()
        return Dictionary(uniqueKeysWithValues: entries.map { ("\($0.id)", $0.state) })
    }

    @Test func repairChangesNothingInASoundArchive() async throws {
        let (scratch, _) = try await filledArchive(1)
        let before = try shell("cd '\(scratch.path)' && find . -type f ! -name 'catalog*' -exec sha256sum {} + | sort")
        #expect(try await scratch.repair(deep: true).steps == [])
        #expect(try shell("cd '\(scratch.path)' && find . -type f ! -name 'catalog*' -exec sha256sum {} + | sort") == before)
    }

    @Test func lostDerivativesAreRecreatedByteForByte() async throws {
        let (scratch, records) = try await filledArchive(1)
        let (thumbnail, preview) = (records[0].derivatives[0].blob.digest, records[0].derivatives[1].blob.digest)
        try scratch.change(Scratch.blob(thumbnail)) { $0[100] ^= 4 }
        try scratch.remove(Scratch.blob(preview))
        let report = try await scratch.repair(deep: true)
        #expect(report.isMended)
        #expect(
            report.steps.map(\.action) == [.putAside, .remadeDerivative, .remadeDerivative]
                || report.steps.map(\.action) == [.remadeDerivative, .putAside, .remadeDerivative])
        #expect(try shell("sha256sum '\(scratch.path)/\(Scratch.blob(thumbnail))' | cut -c1-64") == thumbnail.hex + "\n")
        #expect(try await scratch.verify().findings.map(\.detail) == [])
        #expect(scratch.files(in: "quarantine").count == 2, "the damaged file and its note")
    }

    @Test func aDamagedOriginalIsQuarantinedAndFetchedAgain() async throws {
        let (scratch, records) = try await filledArchive(2)
        let digest = try #require(records[0].original?.digest)
        try scratch.change(Scratch.blob(digest)) { $0[1000] ^= 1 }
        let actual = try shell("sha256sum '\(scratch.path)/\(Scratch.blob(digest))' | cut -c1-64").prefix(64)
        let report = try await scratch.repair(deep: true)
        #expect(report.steps.map(\.action) == [.putAside, .reopened])
        #expect(!report.isMended, "only the next run can fetch it")
        let kept = scratch.files(in: "quarantine")
        let damaged = try #require(kept.first { !$0.hasSuffix(".txt") })
        let note = String(decoding: scratch.bytes(damaged + ".txt") ?? [], as: UTF8.self)
        for words in [digest.hex, String(actual), "task-0 #0 (original)"] { #expect(note.contains(words)) }
        #expect(
            try shell("sha256sum '\(scratch.path)/\(try #require(kept.first { !$0.hasSuffix(".txt") }))' | cut -c1-64") == actual
                + "\n")
        #expect(try await scratch.verify().isClean)
        #expect(try await states(scratch) == ["task-0 #0": .unavailable, "task-1 #0": .archived])
        let thumbnail = records[0].derivatives[0].blob.digest
        #expect(scratch.bytes(Scratch.blob(thumbnail)) != nil, "its remaining files stay")

        // The next run reads the task for a fresh link, and the same bytes come.
        let filer = try Filer(scratch)
        let again = try await filer.file("task-0", pictures: [try picture(1000)])
        #expect(again.map(\.original?.digest) == [digest])
        try await filer.catalog.closeCompletely()
        #expect(try await states(scratch)["task-0 #0"] == .archived)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
    }

    @Test func anExpiredOriginalIsRestoredFromAnotherArchive() async throws {
        let (scratch, records) = try await filledArchive(2)
        let backup = Scratch()
        try scratch.copy(to: backup)
        let digest = try #require(records[1].original?.digest)
        try scratch.remove(Scratch.blob(digest))
        let late = noon.addingTimeInterval(3 * 86400)
        let alone = try await scratch.repair(at: late)
        #expect(!alone.isMended)
        #expect(alone.notMended.map(\.subject) == ["task-1 #0"])
        #expect(try await states(scratch)["task-1 #0"] == .unavailable)
        #expect(try await scratch.verify().isClean, "it is recorded as lost")
        #expect(try await scratch.repair(at: late).steps == [])

        let helped = try await scratch.repair(from: backup, at: late)
        #expect(helped.steps.map(\.action) == [.copied, .restored])
        #expect(try await states(scratch)["task-1 #0"] == .archived)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
        #expect(try shell("sha256sum '\(scratch.path)/\(Scratch.blob(digest))' | cut -c1-64") == digest.hex + "\n")
    }

    @Test func aDamagedCopyIsNotRestored() async throws {
        let (scratch, records) = try await filledArchive(1)
        let backup = Scratch()
        try scratch.copy(to: backup)
        let digest = try #require(records[0].original?.digest)
        for place in [scratch, backup] { try place.change(Scratch.blob(digest)) { $0[77] ^= 2 } }
        let report = try await scratch.repair(deep: true, from: backup, at: noon.addingTimeInterval(9 * 86400))
        #expect(report.notMended.map(\.subject) == ["task-0 #0"])
    }

    @Test func recordsAndRowsAreRecreatedFromEachOther() async throws {
        let (scratch, _) = try await filledArchive(3)
        let paths = (0..<3).map { "records/2026/11/22/task-\($0)-0.json" } + ["records/2026/11/22/task-failed.task.json"]
        let before = paths.map { scratch.bytes($0) }
        try scratch.change(paths[0]) { $0[$0.count / 2] ^= 1 }
        try scratch.remove(paths[1])
        try scratch.remove(paths[3])
        _ = try shell(
            #"sqlite3 '\#(scratch.path)/catalog.sqlite' "PRAGMA foreign_keys=ON; DELETE FROM task WHERE id = 'task-2'""#)
        let report = try await scratch.repair()
        #expect(report.isMended)
        #expect(paths.map { scratch.bytes($0) } == before, "byte for byte")
        #expect(try await scratch.verify().findings.map(\.detail) == [])
        #expect(try await states(scratch).count == 3)
        #expect(scratch.files(in: "quarantine").count == 2, "the damaged record and its note")
    }

    /// Record and copy are both lost: what the row knows, and a new look at the picture, make a record again.
    @Test func aLostRecordIsRecreatedFromItsRowAndPicture() async throws {
        let (scratch, records) = try await filledArchive(1)
        let path = "records/2026/11/22/task-0-0.json"
        try scratch.remove(path)
        _ = try shell(#"sqlite3 '\#(scratch.path)/catalog.sqlite' "UPDATE record_copy SET bytes = x'00'""#)
        let kinds = try await scratch.verify().findings.filter { !$0.kind.isHarmless }.map(\.kind)
        #expect(kinds == [.differingRow, .rowWithoutRecord])
        let report = try await scratch.repair()
        #expect(report.isMended)
        #expect(report.steps.first?.action == .remadeRecord)
        guard case .output(let made) = try RecordFile.read(scratch.bytes(path) ?? []) else {
            Issue.record("there is no record")
            return
        }
        #expect(made.picture?.credentials?.state == .absent, "checked anew")
        var lost = records[0]
        lost.picture?.credentials = made.picture?.credentials
        #expect(OutputEntry(made) == OutputEntry(lost))
        #expect(made.picture?.width == 540 && made.picture?.dominantColour != nil)
        #expect(made.picture == lost.picture, "EXIF, colours, texts and notes as well")
        #expect(made.derivatives.map(\.blob) == records[0].derivatives.map(\.blob))
        #expect(made.taskJSON == records[0].taskJSON)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
    }

    /// Catalog and record are both damaged, and nobody else remembers: the record's own digest does.
    @Test(arguments: [0, 5, 40, 90, 700])
    func aRecordWithOneChangedByteIsCorrected(_ position: Int) async throws {
        let (scratch, _) = try await filledArchive(1)
        let path = "records/2026/11/22/task-0-0.json"
        let before = try #require(scratch.bytes(path))
        try scratch.change(path) { $0[position] ^= 0x42 }
        try scratch.replace("catalog.sqlite", by: [UInt8](repeating: 0x5A, count: 20_000))
        let report = try await scratch.repair()
        #expect(report.steps.contains { $0.action == .correctedRecord })
        #expect(scratch.bytes(path) == before)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
    }

    @Test func namesAndModesAreRepaired() async throws {
        let (scratch, records) = try await filledArchive(1)
        let (original, thumbnail) = (try #require(records[0].original?.digest), records[0].derivatives[0].blob.digest)
        let manager = FileManager.default
        try manager.moveItem(
            atPath: scratch.path + "/" + Scratch.blob(original),
            toPath: scratch.path + "/blobs/sha256/\(original.hex.prefix(2))/wrong")
        try manager.setAttributes([.posixPermissions: 0o666], ofItemAtPath: scratch.path + "/" + Scratch.blob(thumbnail))
        try manager.createDirectory(atPath: scratch.path + "/records/2025/01/01", withIntermediateDirectories: true)
        try manager.moveItem(
            atPath: scratch.path + "/records/2026/11/22/task-0-0.json", toPath: scratch.path + "/records/2025/01/01/x.json")
        #expect(try await scratch.repair().isMended)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
        #expect(
            try shell("stat -c %a '\(scratch.path)/\(Scratch.blob(thumbnail))' '\(scratch.path)/\(Scratch.blob(original))'")
                == "400\n400\n")
    }

    @Test func aDryRunChangesNothing() async throws {
        let (scratch, records) = try await filledArchive(2)
        try scratch.change(Scratch.blob(try #require(records[0].original?.digest))) { $0[1000] ^= 1 }
        try scratch.remove(Scratch.blob(records[1].derivatives[0].blob.digest))
        try scratch.remove("records/2026/11/22/task-0-0.json")
        let list = "cd '\(scratch.path)' && find . -type f ! -name 'catalog*' -exec sha256sum {} + | sort"
        let dump = "sqlite3 '\(scratch.path)/catalog.sqlite' '.dump task' '.dump output' '.dump record_copy' | sha256sum"
        let before = try shell(list) + shell(dump)
        let report = try await scratch.repair(deep: true, dryRun: true)
        #expect(!report.isMended)
        #expect(Set(report.steps.map(\.action)).isSuperset(of: [.wroteRecord, .remadeDerivative]))
        #expect(try shell(list) + shell(dump) == before)
    }

    @Test func aDamagedCatalogIsRebuiltWithItsQueue() async throws {
        let (scratch, _) = try await filledArchive(3)
        // Damage in the middle of the tree of one table: `output`'s pages are full of what records tell.
        let root = try shell(
            #"sqlite3 '\#(scratch.path)/catalog.sqlite' "SELECT rootpage FROM sqlite_schema WHERE name = 'output'""#)
        let page = try #require(Int(root.trimmingCharacters(in: .whitespacesAndNewlines)))
        try scratch.change("catalog.sqlite") { bytes in for offset in 0..<64 { bytes[(page - 1) * 4096 + offset] = 0xA5 } }
        #expect(try await scratch.verify().findings.map(\.kind) == [.damagedCatalog])
        let report = try await scratch.repair()
        #expect(report.steps.first?.action == .remadeCatalog)
        #expect(try await scratch.verify().findings.map(\.detail) == [])
        #expect(try await states(scratch).count == 3)
        let catalog = try SQLiteCatalog(path: scratch.path + "/catalog.sqlite")
        let id = try #require(TaskID("task-waiting"))
        let waiting = try #require(try await catalog.task(id))
        #expect(waiting.state == .waiting)
        #expect(waiting.request?.prompt == "a fox, the task-waiting")
        #expect(scratch.files(in: "quarantine").contains { $0.hasSuffix(".sqlite") })
    }

    @Test func anUnreadableCatalogIsReported() async throws {
        let (scratch, _) = try await filledArchive(2)
        try scratch.replace("catalog.sqlite", by: [UInt8](repeating: 0x5A, count: 20_000))
        let report = try await scratch.repair()
        #expect(report.notMended.contains { $0.detail.contains("archive --since 24h") })
        #expect(try await scratch.verify().isClean)
        #expect(try await scratch.repair().steps == [])
    }

    @Test func unreferencedBlobsAreLeftAlone() async throws {
        let (scratch, _) = try await filledArchive(1)
        let filer = try Filer(scratch)
        let digest = try await filer.blobs.put([1, 2, 3]).digest
        try await filer.catalog.closeCompletely()
        let report = try await scratch.repair(deep: true)
        #expect(report.steps == [])
        #expect(report.untracked == 1)
        #expect(scratch.bytes(Scratch.blob(digest)) == [1, 2, 3])
    }

    @Test func outputsWithTheSameBytesAreAllReopened() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        let bytes = try picture(7)
        let first = try await filer.file("task-a", pictures: [bytes, try picture(8)])
        try await filer.file("task-b", pictures: [bytes])
        try await filer.catalog.closeCompletely()
        try scratch.remove(Scratch.blob(try #require(first[0].original?.digest)))
        let report = try await scratch.repair()
        #expect(report.steps.filter { $0.action == .reopened }.map(\.subject).sorted() == ["task-a #0", "task-b #0"])
        #expect(try await states(scratch) == ["task-a #0": .unavailable, "task-a #1": .archived, "task-b #0": .unavailable])
        #expect(try await scratch.verify().isClean)
    }
}
