import ArchiveModel
import BlobStore
import Catalog
import Foundation
import SizeContract
import TestSupport
import Testing
import Upkeep

/// An archive of release 0.1.0, as today's program reads it.
@Suite struct ReleasedArchiveTests {
    /// A row of `list.json`, which that release wrote.
    private struct Told: Decodable, Hashable {
        var taskId: String
        var index: Int
        var state: String
        var sha256: String?
        var bytes: Int?
        var verdict: String?
        var prompt: String?
    }

    @Test func aReleasedArchiveVerifiesAndKeepsEveryByte() async throws {
        let released = try ReleasedArchive()
        let before = try shell("cd '\(released.path)' && sha256sum blobs/sha256/*/*")
        let archive = try await UpkeepArchive(path: released.path, deep: true, clock: FixedClock(now: ReleasedArchive.created))
        let report = try await archive.verify(VerificationScope(deep: true))
        #expect(report.findings.filter { !$0.kind.isHarmless }.map(\.detail) == [])
        // Counted in the packed archive by tar and wc.
        #expect(report.blobs == 25)
        #expect(report.records == 17)
        #expect(report.read == 25)

        let told = try JSONDecoder().decode([Told].self, from: try ReleasedArchive.list())
        let entries = try await #require(archive.catalog).entries(EntryQuery())
        let found = entries.map { entry in
            Told(
                taskId: entry.id.task.text, index: entry.id.index, state: entry.state.rawValue,
                sha256: entry.original?.digest.hex, bytes: entry.original?.bytes,
                verdict: entry.judgement?.verdict.rawValue, prompt: entry.request?.prompt)
        }
        let originals = Set(told.compactMap(\.sha256))
        #expect(originals.count == 10)
        #expect(originals.isSubset(of: found.compactMap(\.sha256)))
        let archived = { (rows: [Told]) in
            Set(rows.filter { $0.state == "archived" && $0.verdict != "undecodable" }.map { "\($0.taskId) \($0.index) \($0)" })
        }
        #expect(archived(found) == archived(told))
        // What it gave up before its window had closed is nobody's proven fault.
        let audited = try await #require(archive.catalog).auditPage(EntryQuery(), [], after: nil).entries
        let unclaimed = audited.filter { $0.cause == .unknown && $0.judgement?.verdict == .undecodable }
        #expect(Set(unclaimed.map(\.id.task.text)) == ["task-fixture-page", "task-fixture-cut"])
        try archive.close()

        // Each line is a digest and a path that ends in it.
        let after = try shell("cd '\(released.path)' && sha256sum blobs/sha256/*/*")
        #expect(after == before)
        for line in after.split(separator: "\n") { #expect(line.hasSuffix("/" + line.prefix(64))) }
    }

    @Test func theCatalogOfAReleasedArchiveCanBeRebuilt() async throws {
        let released = try ReleasedArchive()
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: "\(released.path)/catalog.sqlite\(suffix)")
        }
        let archive = try await UpkeepArchive(path: released.path, deep: false, clock: FixedClock(now: ReleasedArchive.created))
        let made = try await archive.rebuild(results: countResults)
        #expect(made.summary.unreadable == [])
        #expect(made.summary.withoutOriginal == [])
        #expect(made.summary.outputs == 14)
    }
}
