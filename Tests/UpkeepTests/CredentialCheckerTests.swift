import ArchiveModel
import ArchiveStore
import BlobStore
import Catalog
import DecoderPool
import Foundation
import Provenance
import TestSupport
import Testing
import Upkeep

/// Signed pictures of another program, and the anchors of their signer.
private enum Signed {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "ProvenanceTests/Fixtures")

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }

    static func trust() throws -> TrustSettings {
        TrustSettings(
            addedSigners: Data(try bytes("anchors.pem")), addedTimeAuthorities: Data(try bytes("tsa-anchors.pem")))
    }
}

/// 2026-11-28T12:00:00Z: the pictures were signed the day before.
private let later = noon.addingTimeInterval(6 * 86_400)

@Suite("Checks of archived Content Credentials")
struct CredentialCheckerTests {
    private static func check(
        _ scratch: Scratch, at now: Date = later, trust: TrustSettings? = nil, _ scope: CredentialChecker.Scope = .init()
    ) async throws -> CredentialChecker.Report {
        let archive = try Archive(
            path: scratch.path, permissions: .ownerOnly, creating: false, clock: FixedClock(now: now))
        let trust = try trust ?? Signed.trust()
        let checker = CredentialChecker(
            blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock,
            decoders: DecoderPool(.inProcess, width: 2, trust: trust), width: 2, trust: trust)
        return try await checker.check(scope)
    }

    /// Pictures that an earlier program archived, without a verdict: one that is signed, one that is not.
    private static func archive() async throws -> (Scratch, Filer) {
        let scratch = Scratch()
        let filer = try Filer(scratch)
        try await filer.file("signed", pictures: [try Signed.bytes("right-es256-png.png")])
        try await filer.file("plain", pictures: [try picture(7)])
        return (scratch, filer)
    }

    private static func credentials(_ filer: Filer, _ task: String) async throws -> CredentialFacts? {
        let id = OutputID(task: try #require(TaskID(task)), index: 0)
        return try await filer.records.record(of: id, day: noon)?.picture?.credentials
    }

    @Test func aFirstCheckFillsRecordsRowsAndLists() async throws {
        let (scratch, filer) = try await Self.archive()
        let report = try await Self.check(scratch)
        #expect(report.checked == 2 && report.first == 2 && report.isClean)
        #expect(report.states == ["trusted": 1, "absent": 1])
        let facts = try #require(try await Self.credentials(filer, "signed"))
        #expect(facts.state == .trusted && facts.checkedAt == later && facts.history == nil)
        #expect(try await Self.credentials(filer, "plain")?.state == .absent)
        for list in facts.trustLists { #expect(try await filer.blobs.rehash(list) == list) }
        let rows = try await filer.catalog.credentialPage(EntryQuery(states: [.archived]), after: nil).rows
        let row = try #require(rows.first { $0.id.task.text == "signed" })
        #expect(row.state == .trusted && row.manifest == facts.claim?.label && row.signer == facts.signerName)
        #expect(row.turnsInvalidAt == facts.turnsInvalidAt && row.agent == facts.agent)
        try await filer.catalog.closeCompletely()
        #expect(try await scratch.verify(at: later).isClean)
    }

    @Test func aSecondCheckAppendsAndOverwritesNothing() async throws {
        let (scratch, filer) = try await Self.archive()
        _ = try await Self.check(scratch)
        let first = try #require(try await Self.credentials(filer, "signed"))
        let soon = later.addingTimeInterval(3600)
        let skipped = try await Self.check(scratch, at: soon)
        #expect(skipped.checked == 0 && skipped.skipped == 2)
        let again = try await Self.check(scratch, at: soon, .init(again: true))
        #expect(again.checked == 2 && again.first == 0 && again.isClean)
        let second = try #require(try await Self.credentials(filer, "signed"))
        #expect(second.first == first.first && second.codes == first.codes)
        #expect(second.history?.map(\.checkedAt) == [soon])
        // A day later, the verdict is due again.
        #expect(try await Self.check(scratch, at: soon.addingTimeInterval(86_400)).checked == 2)
    }

    /// With other lists the verdict is another one: the signer is not on the official list.
    @Test func aWorseStateIsReportedAlsoAfterAnInterruption() async throws {
        let (scratch, filer) = try await Self.archive()
        _ = try await Self.check(scratch)
        let report = try await Self.check(scratch, at: later.addingTimeInterval(60), trust: .official)
        #expect(report.fallen.map(\.before) == [.trusted] && report.fallen.map(\.after) == [.valid])
        #expect(!report.isClean)
        // The verdict is recorded, so the next run skips the picture and still tells of the fall.
        let next = try await Self.check(scratch, at: later.addingTimeInterval(120), trust: .official)
        #expect(next.checked == 0 && next.fallen == report.fallen)
        let facts = try #require(try await Self.credentials(filer, "signed"))
        #expect(facts.state == .trusted && facts.history?.map(\.state) == [.valid])
    }

    @Test func anotherTimeIsComputedAndNotRecorded() async throws {
        let (scratch, filer) = try await Self.archive()
        _ = try await Self.check(scratch)
        let known = try await Self.credentials(filer, "signed")
        // The test certificates end long before 2080.
        let far = Date(milliseconds: 3_471_292_800_000)
        let report = try await Self.check(scratch, .init(moment: far))
        #expect(report.checked == 2 && !report.isRecorded)
        #expect(report.fallen.map(\.after) == [.invalid])
        #expect(try await Self.credentials(filer, "signed") == known)
    }

    @Test func aDamagedOriginalIsNoVerdict() async throws {
        let (scratch, filer) = try await Self.archive()
        _ = try await Self.check(scratch)
        let id = OutputID(task: try #require(TaskID("signed")), index: 0)
        let record = try #require(try await filer.records.record(of: id, day: noon))
        let original = try #require(record.original)
        try scratch.change(Scratch.blob(original.digest)) { $0[$0.count - 30] ^= 1 }
        let report = try await Self.check(scratch, .init(again: true))
        #expect(report.failed.count == 1 && report.failed.first?.contains("damaged") == true)
        #expect(try await Self.credentials(filer, "signed")?.history == nil)
    }

    /// A checked archive that nobody has open, and its rows.
    private static func closedArchive() async throws -> (Scratch, [CredentialRow]) {
        let (scratch, filer) = try await Self.archive()
        _ = try await Self.check(scratch)
        let rows = try await filer.catalog.credentialPage(EntryQuery(states: [.archived]), after: nil).rows
        try await filer.catalog.closeCompletely()
        return (scratch, rows)
    }

    @Test func rebuildFillsTheColumns() async throws {
        let (scratch, before) = try await Self.closedArchive()
        try scratch.remove("catalog.sqlite")
        let archive = try await scratch.upkeep()
        _ = try await archive.rebuild(results: countResults)
        try archive.close()
        let catalog = try SQLiteCatalog(path: scratch.path + "/catalog.sqlite")
        let after = try await catalog.credentialPage(EntryQuery(states: [.archived]), after: nil).rows
        #expect(after == before && after.contains { $0.state == .trusted })
    }

    @Test func aMissingListIsFoundAndAnOfficialOneIsRestored() async throws {
        let (scratch, filer) = try await Self.archive()
        _ = try await Self.check(scratch)
        let lists = try #require(try await Self.credentials(filer, "signed")?.trustLists)
        try await filer.catalog.closeCompletely()
        try scratch.remove(Scratch.blob(lists[0]))
        let report = try await scratch.verify(at: later)
        #expect(report.findings.map(\.kind) == [.missing])
        try await scratch.repair(at: later)
        #expect(try await scratch.verify(at: later).isClean)
    }
}
