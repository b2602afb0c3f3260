import ArchiveModel
import Archiver
import Catalog
import Foundation
import Testing

@Suite struct ManifestTests {
    private let now = Date(milliseconds: 1_795_348_800_000)

    @Test func badLinesAreReportedAndGoodLinesAreRead() {
        let manifest = Manifest(
            """
            {"task_id":"t-1","size":"16:9","resolution":"2K","prompt":"a fox","new":1}

            not json
            {"task_id":"t-2"}
            {"size":"1:1"}
            {"task_id":"a b"}
            ["t-3"]
            {"task_id":"t-4","size":"17:3"}
            {"task_id":"t-5","size":1024}
            {"task_id":"t-6","size":"1000x1000"}
            """, now: now)
        #expect(manifest.tasks.map(\.id.text) == ["t-1", "t-2", "t-4", "t-5", "t-6"])
        #expect(
            manifest.tasks.first?.request == RecordedRequest(prompt: "a fox", size: "16:9", resolution: "2K", recordedAt: now))
        #expect(manifest.tasks[1].request == nil)
        #expect(manifest.problems.map(\.line) == [3, 5, 6, 7, 8, 9, 10])
    }

    @Test func windowsLineEndsAndEmptyFilesAreAccepted() {
        #expect(Manifest("{\"task_id\":\"t-1\"}\r\n{\"task_id\":\"t-2\"}\r\n", now: now).tasks.count == 2)
        #expect(Manifest("", now: now).problems.isEmpty)
    }

    @Test func aDamagedLineAffectsNoOtherLine() {
        let lines: [[UInt8]] = [
            Array(#"{"task_id":"t-1","prompt":"a cat \ud83d"}"#.utf8),
            Array(#"{"task_id":"t-2","prompt":"caf"#.utf8) + [0xE9] + Array(#""}"#.utf8),
            Array(
                #"{"task_id":"t-3","n":1e999,"deep":\#(String(repeating: "[", count: 5000))\#(String(repeating: "]", count: 5000))}"#
                    .utf8),
            Array(#"{"task_id":"t-"#.utf8) + [0xFF] + Array(#""}"#.utf8), Array(#"{"task_id":"t-5"}{"task_id":"t-6"}"#.utf8),
            Array(#"{"task_id":"t-7""#.utf8), [0xFF, 0xFE, 0x00], Array(#"{"task_id":"t-9","prompt":"a\u0000b\u2028c"}"#.utf8),
        ]
        let manifest = Manifest([0xEF, 0xBB, 0xBF] + Array(lines.joined(separator: [0x0A])), now: now)
        #expect(manifest.tasks.map(\.id.text) == ["t-1", "t-2", "t-3", "t-5", "t-9"])
        #expect(manifest.tasks.first?.request?.prompt == "a cat \u{FFFD}")
        #expect(manifest.tasks.last?.request?.prompt == "a\u{0}b\u{2028}c")
        #expect(Set(manifest.problems.map(\.line)) == [1, 2, 4, 5, 6, 7])
    }
}
