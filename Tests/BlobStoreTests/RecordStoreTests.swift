import ArchiveModel
import Foundation
import Testing

@testable import BlobStore

func record(_ task: String, _ index: Int = 0, created: Date? = now, reason: String? = nil) throws -> ArchiveRecord {
    ArchiveRecord(
        id: OutputID(task: try #require(TaskID(task)), index: index), state: .unavailable, reason: reason, source: "sweep",
        discoveredAt: now, createdAt: created, deadline: nil, endedAt: now, attempts: 1, request: nil, taskJSON: nil)
}

@Suite struct RecordStoreTests {
    let scratch: ScratchFolder
    let store: DirectoryRecordStore

    init() throws {
        scratch = try ScratchFolder()
        store = DirectoryRecordStore(folder: try archive(in: scratch.path), threads: threads)
    }

    private func listings() async throws -> [RecordListing] {
        var found: [RecordListing] = []
        for try await listing in store.listings() { found.append(listing) }
        return found
    }

    /// "path: task #index" of the good ones, "path: code" of the others.
    private func shown() async throws -> [String] {
        try await listings().map { listing in
            switch listing.record {
            case .success(.output(let record)): "\(listing.path): \(record.id)"
            case .success(.task(let record)): "\(listing.path): \(record.task)"
            case .failure(let error): "\(listing.path): \(error.code == .unreadableRecord ? "unreadable" : "error")"
            }
        }
    }

    @Test func aRecordIsFiledUnderTheDayOfItsTask() async throws {
        // 2026-11-22T23:59:59.999Z and 2024-02-29T00:00:00Z, by date(1).
        try await store.write(try record("late", created: Date(milliseconds: 1_795_391_999_999)))
        try await store.write(try record("leap", 12, created: Date(milliseconds: 1_709_164_800_000)))
        try await store.write(try record("unknown", created: nil))
        try await store.write(try record("../../up"))
        #expect(
            try await shown() == [
                "records/2024/02/29/leap-12.json: leap #12", "records/2026/11/22/%2E.%2F..%2Fup-0.json: ../../up #0",
                "records/2026/11/22/late-0.json: late #0", "records/2026/11/22/unknown-0.json: unknown #0",
            ])
        #expect(try run("/usr/bin/stat", "-c", "%a", "\(scratch.path)/records/2026/11/22/late-0.json") == "600\n")
        #expect(try scratch.names(in: "ingest") == [])
    }

    @Test func aRecordReplacesOnlyTheOneItsWriterRead() async throws {
        let (first, second, third) = (
            try record("t", reason: "first"), try record("t", reason: "second"), try record("t", reason: "third")
        )
        #expect(try await store.write(first, over: nil) == nil)
        #expect(try await store.write(second, over: nil) == first, "an earlier record stays and is returned")
        #expect(try await store.record(of: first.id, day: now) == first)
        #expect(try await store.write(second, over: first) == nil)
        #expect(try await store.write(third, over: first) == second)
        #expect(try await store.record(of: first.id, day: now) == second)
        #expect(try scratch.names(in: "ingest") == [])
        #expect(try run("/usr/bin/stat", "-c", "%a %h", "\(scratch.path)/records/2026/11/22/t-0.json") == "600 1\n")
    }

    @Test func aMissingOrDamagedRecordIsOverwritten() async throws {
        let first = try record("t", reason: "first")
        #expect(try await store.write(first, over: try record("t", reason: "taken away meanwhile")) == nil)
        let path = "\(scratch.path)/records/2026/11/22/t-0.json"
        try FileManager.default.removeItem(atPath: path)
        try Data("{".utf8).write(to: URL(filePath: path))
        #expect(try await store.write(first, over: nil) == nil)
        #expect(try await store.record(of: first.id, day: now) == first)
    }

    @Test func exactlyOneOfManyWritersOfARecordSucceeds() async throws {
        let written = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask { [store] in try await store.write(try record("t", reason: "\(number)"), over: nil) == nil }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(written == 1)
    }

    @Test func aWrittenRecordIsReadBack() async throws {
        let written = try record("t", 2, reason: "gone")
        try await store.write(written)
        #expect(try await store.record(of: written.id, day: now) == written)
        #expect(try await store.record(of: written.id, day: .distantPast) == nil)
        #expect(try await store.record(of: OutputID(task: written.task, index: 3), day: now) == nil)
        let text = try String(contentsOfFile: "\(scratch.path)/records/2026/11/22/t-2.json", encoding: .utf8)
        #expect(text.hasPrefix("{\n") && text.hasSuffix("}\n"))
        #expect(text.contains(#""discoveredAt" : "2026-11-22T12:51:00.250Z""#))
    }

    @Test func aLaterRecordReplacesTheEarlierOne() async throws {
        try await store.write(try record("t", reason: "a long reason, longer than the one that follows"))
        try await store.write(try record("t", reason: "b"))
        #expect(try await store.record(of: try record("t").id, day: now)?.reason == "b")
        #expect(try await listings().count == 1)
    }

    @Test func manyWritersOfOneRecordLeaveOneWholeRecord() async throws {
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask { try await store.write(try record("t", reason: String(repeating: "x", count: number * 500))) }
            }
            try await group.waitForAll()
        }
        #expect(try await shown() == ["records/2026/11/22/t-0.json: t #0"])
        #expect(try scratch.names(in: "ingest") == [])
    }

    @Test func aTaskHasItsOwnRecordBesideItsOutputs() async throws {
        let task = TaskRecord(
            task: try #require(TaskID("t")), state: .failed, reason: "no", source: "submit", discoveredAt: now, createdAt: nil,
            request: nil,
            taskJSON: nil)
        try await store.write(task)
        try await store.write(try record("t"))
        #expect(try await shown() == ["records/2026/11/22/t-0.json: t #0", "records/2026/11/22/t.task.json: t"])
        guard case .success(.task(let read)) = try await listings().last?.record else {
            Issue.record("the task record was not read back")
            return
        }
        #expect(read == task)
    }

    @Test func anEmptyArchiveHasNoRecords() async throws { #expect(try await listings().isEmpty) }

    @Test func foreignFilesAreReportedAndRecordsAreStillRead() async throws {
        try await store.write(try record("t"))
        try scratch.write("x", to: "records/2026/11/22/.DS_Store")
        try scratch.write("{}", to: "records/2026/11/22/empty.json")
        try scratch.write(#"{"format":"fixative.output/9"}"#, to: "records/2026/11/22/later.json")
        try scratch.write("x", to: "records/2026/11/22/folder/x.json")
        try scratch.write("x", to: "records/2026/11/stray.txt")
        try scratch.write("x", to: "records/2026/stray.txt")
        try scratch.write("x", to: "records/stray.txt")
        let found = try await shown()
        #expect(
            Set(found) == [
                "records/2026/11/22/t-0.json: t #0", "records/2026/11/22/.DS_Store: unreadable",
                "records/2026/11/22/empty.json: unreadable",
                "records/2026/11/22/later.json: unreadable", "records/2026/11/22/folder: unreadable",
                "records/2026/11/stray.txt: unreadable",
                "records/2026/stray.txt: unreadable", "records/stray.txt: unreadable",
            ])
        #expect(found.count == 8)
    }

    @Test func aTruncatedRecordIsReported() async throws {
        try await store.write(try record("t", reason: "ünïcödé \"quoted\""))
        let whole = try Data(contentsOf: URL(filePath: "\(scratch.path)/records/2026/11/22/t-0.json"))
        // Without its last line break it is still whole.
        for length in 0..<(whole.count - 1) {
            let path = "\(scratch.path)/records/2026/11/22/cut-\(length).json"
            try whole.prefix(length).write(to: URL(filePath: path))
        }
        let found = try await shown()
        #expect(found.count == whole.count)
        #expect(found.filter { !$0.hasSuffix(": unreadable") } == ["records/2026/11/22/t-0.json: t #0"])
    }

    @Test(arguments: ["", "{", "[]", "null", #"{"format":7}"#, #"{"format":"fixative.output/1","index":-1}"#])
    func readingADamagedRecordIsAnError(text: String) async throws {
        try scratch.write(text, to: "records/2026/11/22/t-0.json")
        let id = try record("t").id
        await #expect(performing: { try await store.record(of: id, day: now) }, throws: hasCode(.unreadableRecord))
    }

    @Test func aRecordWithAnImpossibleIndexIsReported() async throws {
        try await store.write(try record("t"))
        let path = "\(scratch.path)/records/2026/11/22/t-0.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try scratch.write(text.replacing(#""index" : 0"#, with: #""index" : -1"#), to: "records/2026/11/22/t--1.json")
        #expect(try await shown() == ["records/2026/11/22/t--1.json: unreadable", "records/2026/11/22/t-0.json: t #0"])
    }

    @Test func theReadingStopsWithItsReader() async throws {
        for number in 0..<20 { try await store.write(try record("t", number)) }
        for try await listing in store.records() {
            #expect(listing.path == "records/2026/11/22/t-0.json")
            break
        }
    }
}
