import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

private func picture(
    _ task: String, _ index: Int = 0, side: Int = 1024, format: String = "png", prompt: String? = nil, byte: Character = "a",
    hash: String? = nil, ending: String? = "png", type: String? = "image/png"
) throws -> AuditEntry {
    var entry = AuditEntry(id: OutputID(task: try #require(TaskID(task)), index: index), state: .archived)
    entry.judgement = SizeContract.gptImage2.judge(delivered: PixelSize(width: side, height: side), request: nil)
    entry.original = .init(
        digest: try #require(Digest(String(repeating: byte, count: 64))), bytes: 1, mediaType: "image/\(format)", format: format)
    entry.request = prompt.map { RecordedRequest(prompt: $0) }
    entry.perceptualHash = hash
    entry.linkEnding = ending
    entry.contentType = type
    return entry
}

private func findings(_ entries: [AuditEntry], near: Int? = nil) -> [ConsistencyCheck.Finding] {
    var check = ConsistencyCheck(near: near)
    for entry in entries { check.add(entry) }
    return check.finish()
}

@Suite struct ConsistencyTests {
    @Test func consistentOutputsGiveNoFinding() throws {
        let entries = [
            try picture("a", 0), try picture("a", 1, byte: "b"),
            try picture("b", side: 512, format: "jpeg", byte: "c", ending: "jpg", type: "image/jpeg"),
            try picture("c", format: "webp", byte: "d", ending: nil, type: "application/octet-stream"),
            try picture("d", byte: "e", ending: "bin", type: nil),
            try picture("e", format: "jpeg", byte: "f", ending: "jpeg", type: "IMAGE/JPG; q=1"),
        ]
        #expect(findings(entries) == [])
    }

    @Test func differingSizesWithinATaskAreFound() throws {
        let found = findings([
            try picture("a", 0), try picture("a", 1, side: 1254, byte: "b"), try picture("b", side: 64, byte: "c"),
        ])
        #expect(found.map(\.kind) == [.differingPixels])
        #expect(found.first?.outputs.map(\.index) == [0, 1])
        #expect(found.first?.detail == "its results differ in pixels: 1024x1024, 1254x1254")
    }

    @Test func aFormatThatContradictsItsLinkOrTypeIsFound() throws {
        let found = findings([
            try picture("a", format: "webp", type: "image/webp"),
            try picture("b", format: "jpeg", byte: "b", ending: "jpg", type: "image/png; charset=x"),
        ])
        #expect(found.map(\.kind) == [.otherEnding, .otherContentType])
        #expect(found.map { $0.outputs[0].taskId.text } == ["a", "b"])
    }

    @Test func equalBytesForDifferentPromptsAreFound() throws {
        let found = findings([
            try picture("a", prompt: "fox"), try picture("b", prompt: "fox"), try picture("c", prompt: "owl"), try picture("d"),
            try picture("e", prompt: "owl", byte: "b"),
        ])
        #expect(found.map(\.kind) == [.sameBytes])
        #expect(found.first?.outputs.map(\.taskId.text) == ["a", "b", "c"], "but not d, which has no known prompt")
    }

    @Test func similarPicturesAreFoundOnlyOnRequest() throws {
        let entries = [
            try picture("a", byte: "a", hash: "0000000000000000"), try picture("b", byte: "b", hash: "000000000000000f"),
            try picture("c", byte: "c", hash: "00000000000001ff"), try picture("d", byte: "d", hash: "ffffffffffffffff"),
        ]
        #expect(findings(entries) == [])
        #expect(findings(entries, near: 3) == [])
        #expect(findings(entries, near: 4).map { $0.outputs.map(\.taskId.text) } == [["a", "b"]])
        #expect(findings(entries, near: 5).map { $0.outputs.map(\.taskId.text) } == [["a", "b", "c"]])
    }

    @Test func equalBytesAreNotReportedAsSimilarPictures() throws {
        #expect(findings([try picture("a", hash: "01"), try picture("b", hash: "01")], near: 4) == [])
    }

    /// Against every pair compared, which needs no bands.
    @Test(arguments: [0, 1, 4, 7, 10])
    func bandedSearchFindsWhatAFullComparisonFinds(_ distance: Int) throws {
        var generator = SystemRandomNumberGenerator()
        var hashes: [UInt64] = []
        for _ in 0..<60 {
            let centre = UInt64.random(in: 0...UInt64.max, using: &generator)
            hashes.append(centre)
            for _ in 0..<3 {
                var hash = centre
                for _ in 0..<Int.random(in: 0...12, using: &generator) {
                    hash ^= 1 << UInt64.random(in: 0..<64, using: &generator)
                }
                hashes.append(hash)
            }
        }
        var near = NearDuplicates(distance: distance)
        for (number, hash) in hashes.enumerated() {
            let name = String(repeating: "0", count: 4 - String(number).count) + "\(number)"
            let digest = try #require(Digest(String(repeating: "0", count: 60) + name))
            near.add(OutputID(task: try #require(TaskID(name)), index: 0), hash: hash, digest: digest)
        }
        var group = Array(hashes.indices)
        var isChanging = true
        while isChanging {
            isChanging = false
            for one in hashes.indices {
                for other in hashes.indices
                where (hashes[one] ^ hashes[other]).nonzeroBitCount <= distance && group[other] < group[one] {
                    group[one] = group[other]
                    isChanging = true
                }
            }
        }
        let expected = Dictionary(grouping: hashes.indices) { group[$0] }.values.filter { $0.count > 1 }.map { $0.sorted() }
        let found = near.groups().map { $0.compactMap { Int($0.task.text) } }
        #expect(Set(found) == Set(expected), "hashes: \(hashes)")
    }
}

@Suite struct AccountComparisonTests {
    private func held(_ task: String, _ index: Int = 0, _ state: OutputState, reason: String? = nil) throws -> AuditEntry {
        var entry = AuditEntry(id: OutputID(task: try #require(TaskID(task)), index: index), state: state)
        entry.reason = reason
        return entry
    }

    @Test func everyTaskIsAccountedFor() async throws {
        var comparison = AccountComparison(since: nil)
        let outputs = [
            try held("whole", 0, .archived), try held("whole", 1, .archived), try held("half", 0, .archived),
            try held("half", 1, .waiting),
            try held("gone", 0, .unavailable, reason: "404"), try held("dropped", 0, .archived),
            try held("lostanddropped", 0, .unavailable, reason: "expired"),
        ]
        for output in outputs { comparison.hold(output) }
        let tasks: [(String, Bool?)] = [
            ("whole", true), ("half", true), ("gone", true), ("unheard", true), ("failed", false), ("young", nil),
        ]
        for (name, isCompleted) in tasks {
            try await comparison.list(try #require(TaskID(name)), isCompleted: isCompleted, createdAt: nil) {
                name == "unheard" ? "the task is not in the archive" : nil
            }
        }
        comparison.finish(listed: Set(tasks.compactMap { TaskID($0.0) }))
        let counts: [Int] = [comparison.listed, comparison.completed, comparison.failed, comparison.underWay]
        #expect(counts == [6, 4, 1, 1])
        #expect(comparison.archived == 1 && comparison.pictures == 2)
        #expect(comparison.missing.map(\.taskId.text) == ["half", "unheard"])
        #expect(comparison.missing.map(\.reason) == ["1 of 2 still wait in the queue", "the task is not in the archive"])
        #expect(comparison.lost.map { "\($0.taskId) \($0.reason)" } == ["gone 404", "lostanddropped expired"])
        #expect(comparison.unlisted.map(\.taskId.text) == ["dropped"])
        #expect(!comparison.isComplete)
    }

    @Test func anUnstableListIsNeverComplete() async throws {
        var comparison = AccountComparison(since: nil)
        comparison.hold(try held("a", 0, .archived))
        try await comparison.list(try #require(TaskID("a")), isCompleted: true, createdAt: nil) { nil }
        comparison.finish(listed: [try #require(TaskID("a"))])
        #expect(comparison.isComplete)
        comparison.isStable = false
        #expect(!comparison.isComplete, "a list that changed during the reading is not complete")
    }

    @Test func anUnreadableRowIsNeverComplete() async throws {
        var comparison = AccountComparison(since: nil)
        comparison.unreadable = 1
        comparison.finish(listed: [])
        #expect(!comparison.isComplete, "the row may be a task without its picture")
    }

    @Test func aCompletedTaskWithoutAPictureIsMissing() async throws {
        var comparison = AccountComparison(since: nil)
        let bare = try #require(TaskID("bare"))
        try await comparison.list(bare, isCompleted: true, createdAt: nil) { nil }
        comparison.finish(listed: [bare])
        #expect(comparison.missing.map(\.reason) == ["it has no picture in the archive"])
        #expect(comparison.archived == 0 && !comparison.isComplete)
    }
}
