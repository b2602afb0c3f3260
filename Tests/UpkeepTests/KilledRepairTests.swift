import ArchiveModel
import BlobStore
import Catalog
import Foundation
import Synchronization
import TestSupport
import Testing
import Upkeep

/// Cuts a mending short at its n-th change, before or after that took place.
final class Tripwire: Sendable {
    struct Killed: Error {}

    private let left: Mutex<Int>
    private let happensFirst: Bool

    init(at step: Int, after happensFirst: Bool) {
        left = Mutex(step)
        self.happensFirst = happensFirst
    }

    func callAsFunction<Value>(_ change: () async throws -> Value) async throws -> Value {
        let isHere = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isHere, !happensFirst { throw Killed() }
        // Nothing happens after a kill.
        if left.withLock({ $0 < 0 }) { throw Killed() }
        let value = try await change()
        if isHere { throw Killed() }
        return value
    }
}

struct TrippedBlobs: BlobUpkeep {
    let store: any BlobUpkeep
    let wire: Tripwire

    func beginIngest() async throws -> any BlobIngest { try await wire { try await store.beginIngest() } }
    func put(_ bytes: [UInt8]) async throws -> Publication { try await wire { try await store.put(bytes) } }
    func size(of digest: Digest) async throws -> Int? { try await store.size(of: digest) }
    func contents(of digest: Digest) async throws -> BlobBytes { try await store.contents(of: digest) }
    func rehash(_ digest: Digest) async throws -> Digest { try await store.rehash(digest) }
    func probe() async throws { try await store.probe() }
    func listing() async throws -> [StoredBlob] { try await store.listing() }
    func parts() async throws -> [String] { try await store.parts() }
    func listing(part: String) async throws -> [StoredBlob] { try await store.listing(part: part) }
    func read(_ digests: [Digest]) async throws -> [BlobHash?] { try await store.read(digests) }
    func digest(ofStray path: String) async throws -> Digest? { try await store.digest(ofStray: path) }
    func adopt(_ path: String, as digest: Digest) async throws { try await wire { try await store.adopt(path, as: digest) } }
    func protect(_ digest: Digest) async throws { try await wire { try await store.protect(digest) } }
    func quarantine(_ digest: Digest, note: QuarantineNote) async throws -> String? {
        try await wire { try await store.quarantine(digest, note: note) }
    }
    func quarantine(stray path: String, note: QuarantineNote) async throws -> String {
        try await wire { try await store.quarantine(stray: path, note: note) }
    }
    func collect(_ digest: Digest, unusedSince date: Date, trying: Bool) async throws -> Int? {
        try await wire { try await store.collect(digest, unusedSince: date, trying: trying) }
    }
    func sweepIngest(trying: Bool) async throws -> Int { try await store.sweepIngest(trying: trying) }
}

struct TrippedRecords: RecordUpkeep {
    let store: any RecordUpkeep
    let wire: Tripwire

    func write(_ record: ArchiveRecord) async throws { try await wire { try await store.write(record) } }
    func write(_ record: TaskRecord) async throws { try await wire { try await store.write(record) } }
    func write(_ record: ArchiveRecord, over standing: ArchiveRecord?) async throws -> ArchiveRecord? {
        try await wire { try await store.write(record, over: standing) }
    }
    func record(of id: OutputID, day: Date) async throws -> ArchiveRecord? { try await store.record(of: id, day: day) }
    func records() -> AsyncThrowingStream<RecordListing, any Error> { store.records() }
    func listings() -> AsyncThrowingStream<RecordListing, any Error> { store.listings() }
    func path(of record: StoredRecord) -> String { store.path(of: record) }
    func path(of id: OutputID, day: Date) -> String { store.path(of: id, day: day) }
    func path(of task: TaskID, day: Date) -> String { store.path(of: task, day: day) }
    func listing(at path: String) async throws -> RecordListing? { try await store.listing(at: path) }
    func keep(_ path: String, note: QuarantineNote) async throws -> String {
        try await wire { try await store.keep(path, note: note) }
    }
    func quarantine(_ path: String, note: QuarantineNote) async throws -> String {
        try await wire { try await store.quarantine(path, note: note) }
    }
}

@Suite struct KilledRepairTests {
    /// An archive with one harm of each kind.
    private func harmed() async throws -> (Scratch, [ArchiveRecord]) {
        let (scratch, records) = try await filledArchive(5)
        let originals = records.compactMap(\.original?.digest)
        try scratch.change(Scratch.blob(originals[0])) { $0[99] ^= 1 }
        try scratch.remove(Scratch.blob(records[1].derivatives[0].blob.digest))
        try scratch.change(Scratch.blob(records[1].derivatives[1].blob.digest)) { $0[99] ^= 1 }
        try scratch.change("records/2026/11/22/task-2-0.json") { $0[500] ^= 1 }
        try scratch.remove("records/2026/11/22/task-failed.task.json")
        let wrong = "blobs/sha256/\(originals[3].hex.prefix(2))/wrong"
        let manager = FileManager.default
        try manager.moveItem(atPath: scratch.path + "/" + Scratch.blob(originals[3]), toPath: scratch.path + "/" + wrong)
        let writable = Scratch.blob(originals[4])
        try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: scratch.path + "/" + writable)
        try manager.createDirectory(atPath: scratch.path + "/records/2025/01/01", withIntermediateDirectories: true)
        try manager.moveItem(
            atPath: scratch.path + "/records/2026/11/22/task-4-0.json", toPath: scratch.path + "/records/2025/01/01/x.json")
        return (scratch, records)
    }

    private func repair(_ scratch: Scratch, _ wire: Tripwire) async throws {
        let archive = try await scratch.upkeep(deep: true)
        let catalog = try #require(archive.catalog)
        _ = try await ArchiveRepairer(
            blobs: TrippedBlobs(store: archive.blobs, wire: wire), records: TrippedRecords(store: archive.records, wire: wire),
            catalog: catalog, clock: FixedClock()
        ).repair(VerificationScope(deep: true))
    }

    /// Killed before or after each of its changes, a mending that is run again comes to the same end.
    @Test(arguments: [false, true])
    func aKilledRepairCanBeRunAgain(_ happensFirst: Bool) async throws {
        let (pattern, records) = try await harmed()
        let lost = try #require(records[0].original?.digest.hex)
        var step = 0
        var isWhole = false
        while !isWhole {
            step += 1
            let scratch = Scratch()
            try pattern.copy(to: scratch)
            do {
                try await repair(scratch, Tripwire(at: step, after: happensFirst))
                isWhole = true
            } catch is Tripwire.Killed {}
            #expect(try await scratch.repair(deep: true).notMended.isEmpty, "step \(step)")
            #expect(try await scratch.verify().findings.map(\.detail) == [], "step \(step)")
            // All bytes but those of the one damaged original are where they belong, by another program's word.
            let digests = Set(
                records.flatMap { [$0.original?.digest] + $0.derivatives.map(\.blob.digest) }.compactMap { $0?.hex })
            let list = try shell("cd '\(scratch.path)/blobs/sha256' && sha256sum */* | awk '{ print $1, substr($2, 4) }'")
            let pairs = list.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(pairs.allSatisfy { $0[0] == $0[1] }, "step \(step)")
            #expect(digests.subtracting(pairs.map { $0[0] }) == [lost], "step \(step)")
        }
        #expect(step > 10, "the repair made fewer changes than there were damages")
    }
}
