import ArchiveModel
import ArchiveStore
import BlobStore
import Catalog
import Foundation
import TestSupport
import Testing
import Upkeep

/// 2026-11-23T00:14:59Z and one second later: the day of all records closes.
private let early = Date(milliseconds: 1_795_392_899_000)
private let closed = early.addingTimeInterval(1)

@Suite("Seals over the records of a day")
struct SealTests {
    private static func maker(
        _ scratch: Scratch, at now: Date = closed, most: Int = DaySeal.mostLeaves, stamp: SealMaker.Stamp? = nil
    ) throws -> SealMaker {
        let archive = try Archive(path: scratch.path, permissions: .ownerOnly, creating: false, clock: FixedClock(now: now))
        return SealMaker(
            records: archive.records, seals: archive.files.seals, catalog: archive.catalog, clock: archive.clock,
            archiveID: archive.files.archiveID, stamp: stamp, most: most)
    }

    private static let file = "records/seals/2026-11-22.json"

    @Test func aDayIsSealedOnceItHasClosed() async throws {
        let (scratch, records) = try await filledArchive(3)
        #expect(try await Self.maker(scratch, at: early).seal().sealed.isEmpty)
        let report = try await Self.maker(scratch).seal()
        #expect(report.sealed.map(\.seal) == ["2026-11-22"] && report.sealed.map(\.records) == [3])
        #expect(report.withoutTimeStamp == ["2026-11-22"] && report.failed.isEmpty)
        #expect(try await Self.maker(scratch).seal().sealed.isEmpty)
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(try #require(scratch.bytes(Self.file))))
        #expect(json["treeSize"] == .integer(3) && json["root"]?.string == report.sealed.first?.root.hex)
        // The leaf names the original and the file of the record, by sha256sum.
        let first = try #require(json["leaves"]?.array?.first?.string)
        let filer = try Filer(scratch)
        let sum = try shell("sha256sum < '\(scratch.path)/\(filer.path(of: records[0]))'").prefix(64)
        #expect(first.contains("\"record\":\"\(sum)\""))
        #expect(first.contains(try #require(records[0].original?.digest.hex)))
        #expect(try await scratch.verify(at: closed).isClean)
        #expect(try await scratch.verify(at: closed).seals == 1)
    }

    @Test func recordsThatAreFiledLaterGetAnotherSeal() async throws {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        try await filer.file("first", pictures: [try picture(1)])
        // Today, which has not closed.
        let day = try #require(SealDay("2026-11-22"))
        #expect(try await Self.maker(scratch, at: noon).seal(day).sealed.map(\.seal) == ["2026-11-22"])
        try await filer.file("second", pictures: [try picture(2), try picture(3)])
        let report = try await Self.maker(scratch).seal()
        #expect(report.sealed.map(\.seal) == ["2026-11-22-2"] && report.sealed.map(\.records) == [2])
        #expect(try await Self.maker(scratch).seal().sealed.isEmpty)
        try await filer.catalog.closeCompletely()
        #expect(try await scratch.verify(at: closed).isClean)
    }

    @Test func manyRecordsGetSeveralSeals() async throws {
        let (scratch, _) = try await filledArchive(5)
        let report = try await Self.maker(scratch, most: 2).seal()
        #expect(report.sealed.map(\.records) == [2, 2, 1])
        #expect(report.sealed.map(\.seal) == ["2026-11-22", "2026-11-22-2", "2026-11-22-3"])
        #expect(try await scratch.verify(at: closed).isClean)
    }

    @Test func tamperedRecordsAreNamed() async throws {
        let (scratch, records) = try await filledArchive(3)
        _ = try await Self.maker(scratch).seal()
        // A forger who rewrites the record with a right line 2, and the catalog with it.
        let filer = try Filer(scratch)
        var forged = records[1]
        forged.request?.prompt = "another prompt"
        let found = try await filer.records.write(forged, over: records[1])
        #expect(found == nil)
        try await filer.catalog.upsert([.output(forged)], now: closed)
        try scratch.remove(filer.path(of: records[2]))
        try await filer.catalog.closeCompletely()
        let report = try await scratch.verify(at: closed)
        let differing = report.findings.filter { $0.kind == .differsFromSeal }
        #expect(differing.map(\.subject) == ["\(records[1].id)", "\(records[2].id)"])
        #expect(differing.first?.detail.contains("prompt") == true && differing.first?.detail.contains(Self.file) == true)
        #expect(differing.last?.detail.contains("missing") == true)
        #expect(!report.isClean)
    }

    @Test func aLaterVerdictIsNoTampering() async throws {
        let (scratch, records) = try await filledArchive(1)
        let filer = try Filer(scratch)
        var checked = records[0]
        checked.picture?.credentials = CredentialFacts(state: .absent, checkedAt: noon)
        try await filer.records.write(checked)
        try await filer.catalog.upsert([.output(checked)], now: noon)
        _ = try await Self.maker(scratch).seal()
        checked.picture?.credentials?.append(CredentialFacts(state: .invalid, checkedAt: closed))
        checked.derivatives = []
        try await filer.records.write(checked)
        try await filer.catalog.upsert([.output(checked)], now: noon)
        try await filer.catalog.closeCompletely()
        #expect(try await !scratch.verify(at: closed).findings.contains { $0.kind == .differsFromSeal })
        // The sealed verdict itself must stay.
        checked.picture?.credentials?.state = .trusted
        try await filer.records.write(checked)
        #expect(try await scratch.verify(at: closed).findings.contains { $0.detail.contains("credentials") })
    }

    @Test func aDamagedSealIsNamedAndRepairLeavesItAlone() async throws {
        let (scratch, _) = try await filledArchive(2)
        _ = try await Self.maker(scratch).seal()
        try scratch.change(Self.file) { $0[$0.count / 2] ^= 1 }
        let damaged = scratch.bytes(Self.file)
        let report = try await scratch.verify(at: closed)
        #expect(report.findings.map(\.kind) == [.damagedSeal] && report.findings.map(\.subject) == [Self.file])
        try await scratch.repair(at: closed)
        #expect(scratch.bytes(Self.file) == damaged)
    }

    @Test func foreignFilesAmongTheSealsStay() async throws {
        let (scratch, _) = try await filledArchive(1)
        _ = try await Self.maker(scratch).seal()
        for name in ["notes.txt", ".DS_Store", "2026-11-20.tst"] {
            try Data("x".utf8).write(to: URL(filePath: scratch.path + "/records/seals/" + name))
        }
        let report = try await scratch.verify(at: closed)
        #expect(report.findings.map(\.kind) == [.damagedSeal, .stray] && report.litter == 1)
        #expect(report.findings.map(\.subject) == ["records/seals/2026-11-20.tst", "records/seals/notes.txt"])
    }

    @Test func gcAndRebuildLeaveSealsAlone() async throws {
        let (scratch, _) = try await filledArchive(2)
        _ = try await Self.maker(scratch).seal()
        let before = scratch.bytes(Self.file)
        let filer = try Filer(scratch)
        let collector = GarbageCollector(
            blobs: filer.blobs, records: filer.records, catalog: filer.catalog,
            clock: FixedClock(now: Date().addingTimeInterval(400 * 86_400)))
        _ = try await collector.collect(grace: 3600, takingPictures: true, dryRun: false)
        try await filer.catalog.closeCompletely()
        let archive = try await scratch.upkeep()
        let summary = try await archive.rebuild(results: countResults).summary
        try archive.close()
        #expect(summary.outputs == 2 && summary.unreadable.isEmpty)
        #expect(scratch.bytes(Self.file) == before && before != nil)
        #expect(try await scratch.verify(at: closed).isClean)
        #expect(try await Self.maker(scratch).seal().sealed.isEmpty)
    }

    @Test func aMissingAuthorityLeavesTheSealAndALaterCallStampsIt() async throws {
        struct Unreachable: Error, CustomStringConvertible { var description: String { "nobody answers" } }
        let (scratch, _) = try await filledArchive(2)
        let first = try await Self.maker(scratch, stamp: { _ in throw Unreachable() }).seal()
        #expect(first.sealed.count == 1 && first.stampProblem == "nobody answers")
        #expect(first.withoutTimeStamp == ["2026-11-22"] && first.stamped.isEmpty)
        let seal = scratch.bytes(Self.file)
        // Any bytes: this maker does not judge them, its client does.
        let second = try await Self.maker(scratch, stamp: { $0.bytes }).seal()
        #expect(second.sealed.isEmpty && second.stamped == ["2026-11-22"] && second.withoutTimeStamp.isEmpty)
        #expect(scratch.bytes(Self.file) == seal)
        #expect(scratch.bytes("records/seals/2026-11-22.tst")?.count == 32)
        // A token that is none is named.
        let report = try await scratch.verify(at: closed)
        #expect(report.findings.map(\.subject) == ["records/seals/2026-11-22.tst"])
        #expect(try await Self.maker(scratch, stamp: { _ in throw Unreachable() }).seal().stampProblem == nil)
    }

    @Test func twoProcessesMakeOneSeal() async throws {
        let (scratch, _) = try await filledArchive(4)
        let makers = try (0..<4).map { _ in try Self.maker(scratch) }
        let reports = try await withThrowingTaskGroup(of: SealMaker.Report.self) { group in
            for maker in makers { group.addTask { try await maker.seal() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.flatMap(\.sealed).count == 1)
        #expect(scratch.files(in: "records/seals") == [Self.file])
    }

    @Test func aDamagedRecordIsNamedAndSealedAfterItsRepair() async throws {
        let (scratch, records) = try await filledArchive(2)
        let path = try Filer(scratch).path(of: records[0])
        let whole = try #require(scratch.bytes(path))
        try scratch.change(path) { $0[$0.count / 2] ^= 1 }
        let report = try await Self.maker(scratch).seal()
        #expect(report.sealed.map(\.records) == [1] && report.failed.count == 1)
        try scratch.replace(path, by: whole)
        #expect(try await Self.maker(scratch).seal().sealed.map(\.records) == [1])
    }

    @Test func daysCloseAQuarterOfAnHourAfterMidnight() {
        #expect(SealMaker.nextClosing(after: early) == closed)
        #expect(SealMaker.nextClosing(after: closed) == closed.addingTimeInterval(86_400))
        #expect(SealMaker.nextClosing(after: noon) == closed)
    }
}
