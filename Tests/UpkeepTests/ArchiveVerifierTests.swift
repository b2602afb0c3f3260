import ArchiveModel
import BlobStore
import Catalog
import Foundation
import SizeContract
import TestSupport
import Testing
import Upkeep

@Suite struct ArchiveVerifierTests {
    @Test func anUndamagedArchiveIsClean() async throws {
        let (scratch, _) = try await filledArchive(2)
        let report = try await scratch.verify()
        #expect(report.findings.map(\.detail) == [])
        #expect(report.blobs == 6)
        #expect(report.read == 6)
        // Two outputs and the task that failed.
        #expect(report.records == 3)
        #expect(report.rows == 3)
        #expect(report.readBytes == report.bytes)
        let sum = try shell("find '\(scratch.path)/blobs' -type f -printf '%s\\n' | paste -sd+ | bc")
        #expect(sum == "\(report.bytes)\n")
    }

    @Test func aFlippedBitIsFoundByDeepVerificationAndRemembered() async throws {
        let (scratch, records) = try await filledArchive(2)
        let original = try #require(records[0].original)
        try scratch.change(Scratch.blob(original.digest)) { $0[$0.count / 2] ^= 1 }
        let quick = VerificationScope(deep: false)
        #expect(try await scratch.verify(quick).isClean)
        let found = try await scratch.verify().findings
        #expect(found.map(\.kind) == [.corrupt])
        let truth = try shell("sha256sum '\(scratch.path)/\(Scratch.blob(original.digest))' | cut -c1-64")
        #expect(found.first?.detail.contains(truth.prefix(64)) == true)
        #expect(try await scratch.verify(quick).findings.map(\.kind) == [.corrupt], "a known finding is remembered")
    }

    @Test func aShortenedFileIsFoundByAnyVerification() async throws {
        let (scratch, records) = try await filledArchive(1)
        try scratch.change(Scratch.blob(records[0].derivatives[0].blob.digest)) { $0.removeLast() }
        #expect(try await scratch.verify(VerificationScope(deep: false)).findings.map(\.kind) == [.corrupt])
    }

    @Test func missingMisplacedWritableAndForeignFilesAreNamed() async throws {
        let (scratch, records) = try await filledArchive(2)
        let thumbnail = Scratch.blob(records[0].derivatives[0].blob.digest)
        try scratch.remove(Scratch.blob(records[0].derivatives[1].blob.digest))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: scratch.path + "/" + thumbnail)
        let fanOut = (thumbnail as NSString).deletingLastPathComponent
        try Data("x".utf8).write(to: URL(filePath: "\(scratch.path)/\(fanOut)/stray.txt"))
        try scratch.remove("records/2026/11/22/task-1-0.json")
        try Data("{}".utf8).write(to: URL(filePath: scratch.path + "/records/2026/11/22/bad-0.json"))
        let kinds = try await scratch.verify(VerificationScope(deep: false)).findings.map(\.kind)
        #expect(
            kinds.sorted { $0.rawValue < $1.rawValue } == [
                .missing, .rowWithoutRecord, .stray, .unreadableRecord, .untracked, .untracked, .untracked, .wrongMode,
            ], "three untracked: the blobs of the record that is gone")
    }

    /// The prompt stays good JSON, and only the record's own digest tells.
    @Test func aDamagedRecordThatIsValidJSONIsFound() async throws {
        let (scratch, _) = try await filledArchive(1)
        let path = "records/2026/11/22/task-0-0.json"
        try scratch.change(path) { bytes in
            let text = String(decoding: bytes, as: UTF8.self).replacing("a fox, the", with: "a fix, the")
            bytes = Array(text.utf8)
        }
        let found = try await scratch.verify(VerificationScope(deep: false)).findings.filter { !$0.kind.isHarmless }
        #expect(found.map(\.kind) == [.unreadableRecord])
        #expect(found.first?.subject == path)
    }

    @Test func aTaskRecordIsComparedWithItsRow() async throws {
        let (scratch, _) = try await filledArchive(0)
        let path = "records/2026/11/22/task-failed.task.json"
        let catalog = "sqlite3 '\(scratch.path)/catalog.sqlite'"
        let kept = try #require(scratch.bytes(path))
        try scratch.remove(path)
        #expect(try await scratch.verify().findings.map(\.kind) == [.rowWithoutRecord])
        try Data(kept).write(to: URL(filePath: scratch.path + "/" + path))
        _ = try shell(#"\#(catalog) "UPDATE task SET reason = 'refusef' WHERE id = 'task-failed'""#)
        let differing = try await scratch.verify().findings
        #expect(differing.map(\.kind) == [.differingRow])
        #expect(differing.first?.detail.contains("reason") == true)
        _ = try shell(#"\#(catalog) "DELETE FROM task WHERE id = 'task-failed'""#)
        #expect(try await scratch.verify().findings.map(\.kind) == [.recordWithoutRow])
    }

    @Test func aDifferingRowIsNamedWithItsColumns() async throws {
        let (scratch, _) = try await filledArchive(2)
        let sql = "UPDATE output SET verdict = 'oversized', width = 541 WHERE idx = 0 AND task = 1"
        _ = try shell(#"sqlite3 '\#(scratch.path)/catalog.sqlite' "\#(sql)""#)
        let report = try await scratch.verify(VerificationScope(deep: false))
        #expect(report.findings.map(\.kind) == [.differingRow])
        #expect(report.findings.first?.detail.contains("verdict, width") == true)
        #expect(!report.isClean)
    }

    @Test func aDifferingRowIsFoundBesideADamagedRecord() async throws {
        let (scratch, records) = try await filledArchive(2)
        let sql = "UPDATE output SET preview_digest = replace(preview_digest, substr(preview_digest, 9, 1), 'x') WHERE key = 1"
        _ = try shell(#"sqlite3 '\#(scratch.path)/catalog.sqlite' "\#(sql)""#)
        let path = "records/2026/11/22/\(records[0].task.fileStem)-0.json"
        try scratch.change(path) { $0[$0.count / 2] ^= 1 }
        let report = try await scratch.verify(VerificationScope(deep: false))
        let harm = report.findings.filter { !$0.kind.isHarmless }
        #expect(Set(harm.map(\.kind)) == [.unreadableRecord, .differingRow])
        #expect(harm.contains { $0.detail.contains("preview_digest") })
        _ = try await scratch.repair(at: noon)
        #expect(try await scratch.verify().isClean)
    }

    @Test func aRecordOfAQueuedOutputIsHarmless() async throws {
        let (scratch, _) = try await filledArchive(1)
        let filer = try Filer(scratch)
        let other = try SQLiteCatalog(path: scratch.path + "/other.sqlite")
        let id = try #require(TaskID("task-0"))
        _ = try await other.register([TaskRegistration(id: id, source: "test", createdAt: noon)], now: noon)
        for lease in try await other.leaseTasks(limit: 9, now: noon, until: noon.addingTimeInterval(60)) {
            let links = ["https://files.example/1.png"]
            try await other.finish(
                lease, .resolved(results: .links(links), createdAt: nil, deadline: nil, model: nil, reason: nil, json: .null),
                now: noon)
        }
        let report = try await ArchiveVerifier(blobs: filer.blobs, records: filer.records, catalog: other).verify(deep: false)
        #expect(report.findings.filter { $0.subject.contains("task-0") }.map(\.kind).contains(.unfinished))
    }

    @Test func aRecordWithoutARowIsNamed() async throws {
        let (scratch, _) = try await filledArchive(2)
        let filer = try Filer(scratch)
        let empty = try SQLiteCatalog(path: scratch.path + "/empty.sqlite")
        let report = try await ArchiveVerifier(blobs: filer.blobs, records: filer.records, catalog: empty).verify(deep: false)
        #expect(report.findings.map(\.kind) == [.recordWithoutRow, .recordWithoutRow, .recordWithoutRow])
        #expect(!report.isClean)
    }

    @Test(arguments: ["", "not a database at all, but long enough to be read as one", "SQLite format 3\u{0}"])
    func aFileThatIsNotACatalogIsAFinding(_ text: String) async throws {
        let (scratch, _) = try await filledArchive(1)
        try scratch.replace("catalog.sqlite", by: Array(text.utf8))
        let report = try await scratch.verify()
        #expect(report.findings.map(\.kind) == [.damagedCatalog])
        #expect(report.read == 3, "the blobs are still verified")
    }

    @Test func theBlobsUnreadForTheLongestTimeAreReadFirst() async throws {
        let (scratch, _) = try await filledArchive(4)
        // Twelve blobs, a quarter at a time: after four runs each was read once.
        for run in 1...4 {
            let report = try await scratch.verify(
                VerificationScope(deep: true, fraction: 0.25), at: noon.addingTimeInterval(Double(run) * 3600))
            #expect(report.read == 3)
            #expect(report.neverRead == 12 - 3 * run)
            #expect(report.oldestReading == (run == 4 ? noon.addingTimeInterval(3600) : nil))
        }
        let next = try await scratch.verify(VerificationScope(deep: true, fraction: 0.5), at: noon.addingTimeInterval(5 * 3600))
        #expect(next.read == 6)
        #expect(next.oldestReading == noon.addingTimeInterval(3 * 3600))
        #expect(next.findings.map(\.detail) == [])
    }

    @Test func aTimeLimitedRunIsContinuedByTheNext() async throws {
        let (scratch, records) = try await filledArchive(2)
        let victim = try #require(records.last?.original?.digest)
        try scratch.change(Scratch.blob(victim)) { $0[9] ^= 128 }
        // A clock that stands still has always reached an end of no time at all: one errand is done all the same.
        let report = try await scratch.verify(VerificationScope(deep: true, seconds: 0))
        #expect(report.read > 0)
        var found = report
        for _ in 0..<6 where found.isClean { found = try await scratch.verify(VerificationScope(deep: true, seconds: 0)) }
        #expect(found.findings.map(\.kind) == [.corrupt])
    }

    @Test func aMisplacedRecordIsNamed() async throws {
        let (scratch, _) = try await filledArchive(1)
        let manager = FileManager.default
        try manager.createDirectory(atPath: scratch.path + "/records/2025/01/01", withIntermediateDirectories: true)
        try manager.moveItem(
            atPath: scratch.path + "/records/2026/11/22/task-0-0.json", toPath: scratch.path + "/records/2025/01/01/task-0-0.json"
        )
        let kinds = try await scratch.verify(VerificationScope(deep: false)).findings.filter { !$0.kind.isHarmless }.map(\.kind)
        #expect(kinds == [.misnamed, .rowWithoutRecord])
    }
}
