import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import SizeContract
import Testing
import Upkeep
import UpstreamSimulator

@Suite(.serialized) struct ArchiverTests {
    @Test func everyPictureIsArchivedWithItsRecordAndJudgement() async throws {
        let archive = try TestArchive()
        try await withSimulator(.none, tasks: 6, clock: archive.clock) { simulator, url, tasks in
            let summary = try await archive.run(url, tasks: tasks.map(\.registration))
            #expect(summary.archived == 6)
            #expect(summary.unavailable == 0)
            #expect(simulator.violations.isEmpty)
            let entries = try await archive.catalog.entries(EntryQuery())
            #expect(Set(entries.map(\.id.task)) == Set(tasks.map(\.id)))
            for entry in entries {
                let task = try #require(tasks.first { $0.id == entry.id.task })
                let original = try #require(entry.original)
                #expect(try await archive.blobs.rehash(original.digest) == original.digest)
                // Without faults the simulator delivers the pixels it says.
                #expect(entry.judgement?.delivered == task.outputs[entry.id.index].size)
                let record = try #require(try await archive.records.record(of: entry.id, day: task.created))
                #expect(OutputEntry(record) == entry)
                #expect(record.request?.prompt == task.request.prompt)
                #expect(
                    record.derivatives.map { max($0.width, $0.height) }.sorted() == [
                        512, min(1280, entry.judgement?.delivered?.longSide ?? 0),
                    ])
            }
            let report = try await archive.verify()
            #expect(report.findings.isEmpty)
            #expect(report.rows == 6)
        }
    }

    @Test func everyTaskIsArchivedOrHasAReasonUnderFaults() async throws {
        let archive = try TestArchive()
        try await withSimulator(.hostile, seed: 7, tasks: 40, clock: archive.clock) { simulator, url, tasks in
            _ = try await archive.run(url, tasks: tasks.map(\.registration))
            #expect(simulator.violations.isEmpty, "the key was never sent to the storage host")
            for task in tasks {
                let known = try #require(try await archive.catalog.task(task.id))
                let entries = try await archive.catalog.entries(EntryQuery(task: task.id))
                if known.state == .resolved {
                    #expect(!entries.isEmpty)
                    #expect(entries.allSatisfy { $0.state == .archived || ($0.state == .unavailable && $0.reason != nil) })
                } else {
                    #expect(known.state == .unavailable)
                    #expect(known.reason != nil)
                }
                #expect((known.state == .unavailable || entries.contains { $0.state == .unavailable }) == task.fate.isLost)
            }
            #expect(try await archive.verify().isClean)
            #expect(archive.files().filter { $0.hasPrefix("ingest/") } == [])

            let before = archive.files()
            let again = try await archive.run(url, tasks: tasks.map(\.registration))
            #expect(again.archived == 0)
            #expect(archive.files() == before)
        }
    }

    @Test func neitherTheKeyNorALinksQueryIsEverWritten() async throws {
        let archive = try TestArchive()
        try await withSimulator(.hostile, seed: 11, tasks: 24, clock: archive.clock) { _, url, tasks in
            _ = try await archive.run(url, tasks: tasks.map(\.registration))
        }
        #expect(archive.files(holding: TestArchive.key) == [])
        #expect(archive.files(holding: "sig=") == [])
        #expect(archive.files(holding: "?exp=") == [])
        let told = archive.events.map { "\($0)" }.joined()
        #expect(!told.contains(TestArchive.key))
        #expect(!told.contains("sig="))
    }

    @Test func aBadKeyStopsTheSourceAndKeepsTheQueue() async throws {
        let archive = try TestArchive()
        try await withSimulator(.none, tasks: 3, clock: archive.clock) { _, url, tasks in
            let stopped = try await archive.run(url, key: "bad-key-0123", tasks: tasks.map(\.registration))
            #expect(stopped.stopReason?.contains("401") == true)
            #expect(try await archive.catalog.status(now: archive.clock.now).tasks == [.held: 3])
            let resumed = try await archive.run(url)
            #expect(resumed.archived == 3)
            #expect(resumed.stopReason == nil)
        }
    }

    @Test func theSweepFindsExactlyTheTasksInItsSpan() async throws {
        let archive = try TestArchive()
        try await withSimulator(.none, tasks: 60, clock: archive.clock) { _, url, tasks in
            let cut = archive.clock.now.addingTimeInterval(-2 * 3600)
            let young = tasks.filter { $0.created >= cut }
            let summary = try await archive.run(url) { $0.since = archive.clock.now.timeIntervalSince(cut) }
            let found = Set(try await archive.catalog.entries(EntryQuery()).map(\.id.task))
            #expect(found.isSubset(of: young.map(\.id)))
            // Time goes on while the list is read, so a task at the very edge may have grown too old.
            #expect(young.count - found.count <= 1)
            #expect(summary.archived == found.count)
            #expect(try await archive.catalog.entries(EntryQuery()).allSatisfy { $0.judgement?.verdict == .unrequested })
        }
    }

    @Test func watchingContinuesUntilItIsStopped() async throws {
        let archive = try TestArchive()
        try await withSimulator(.none, tasks: 2, completionsPerMinute: 30, clock: archive.clock) { _, url, _ in
            let (archiver, downloader) = try archive.archiver(url) {
                $0.since = 86400
                $0.watch = true
                $0.sweepInterval = 5
            }
            let summary = try await withThrowingTaskGroup(of: ArchiveSummary?.self) { group in
                group.addTask { try await archiver.run() }
                group.addTask {
                    // More than it began with: the account has completed some by itself.
                    while try await archive.catalog.status(now: archive.clock.now).outputs[.archived] ?? 0 < 4 {
                        try await archive.clock.sleep(for: .seconds(1))
                    }
                    archiver.stop()
                    return nil
                }
                var summary: ArchiveSummary?
                for try await result in group { summary = summary ?? result }
                return summary
            }
            await downloader.shutdown()
            #expect(summary?.wasStopped == true)
            #expect((summary?.archived ?? 0) >= 4)
            #expect(try await archive.catalog.status(now: archive.clock.now).outputs[.leased] == nil)
            #expect(try await archive.verify().findings.allSatisfy { $0.kind == .untracked })
        }
    }

    @Test func aLateRequestChangesTheJudgement() async throws {
        let archive = try TestArchive()
        try await withSimulator(.none, tasks: 1, clock: archive.clock) { _, url, tasks in
            let task = try #require(tasks.first)
            try await archive.run(url, tasks: [TaskRegistration(id: task.id, source: "sweep")])
            let before = try #require(try await archive.catalog.entries(EntryQuery()).first)
            #expect(before.judgement?.verdict == .unrequested)
            let request = RecordedRequest(prompt: "a fox", size: "3840x2160")
            try await archive.run(url, tasks: [TaskRegistration(id: task.id, source: "manifest", request: request)])
            let after = try #require(try await archive.catalog.entries(EntryQuery()).first)
            #expect(after.judgement?.billedTier == .fourK)
            #expect(try await archive.records.record(of: after.id, day: task.created).map(OutputEntry.init) == after)
        }
    }

    @Test func theCatalogCanBeRebuiltFromTheRecords() async throws {
        let archive = try TestArchive()
        try await withSimulator(.hostile, seed: 7, tasks: 24, clock: archive.clock) { _, url, tasks in
            _ = try await archive.run(url, tasks: tasks.map(\.registration))
        }
        let (entries, lost) = (try await archive.catalog.entries(EntryQuery()), try await archive.catalog.endedTasks(limit: 99))
        let fresh = try SQLiteCatalog(path: archive.path + "/fresh.sqlite")
        let rebuilder = CatalogRebuilder(blobs: archive.blobs, records: archive.records, catalog: fresh, clock: archive.clock) {
            TaskSnapshot($0)?.results.count ?? 0
        }
        let summary = try await rebuilder.rebuild()
        #expect(summary.unreadable == [] && summary.withoutOriginal == [])
        #expect(try await fresh.entries(EntryQuery()) == entries)
        #expect(try await fresh.endedTasks(limit: 99) == lost)
        #expect(try await fresh.nextDue() == nil)
    }

    /// 12 MiB of control characters take 72 MiB in a record, and records above 64 MiB are not read.
    @Test func aHugeRequestBecomesAReadableRecord() async throws {
        let archive = try TestArchive()
        let (archiver, downloader) = try archive.archiver("http://127.0.0.1:9")
        let task = try #require(TaskSnapshot(.object(["id": .string("task-huge"), "status": .string("pending")])))
        let request = RecordedRequest(prompt: String(repeating: "\u{1}", count: 12 << 20), size: "16:9")
        try await archiver.begin(request, key: "k-1")
        try await archiver.complete(task, of: request, key: "k-1", source: "gateway")
        await downloader.shutdown()
        #expect(try await archive.verify().findings.map(\.detail) == [])
        let known = try #require(try await archive.catalog.task(task.id)?.request)
        #expect(known.size == "16:9" && known.prompt?.hasPrefix("\u{1}\u{1}") == true)
    }
}
