import ArchiveModel
import Archiver
import Catalog
import Foundation
import Testing

@Suite struct ManifestTests {
    private let now = Date(milliseconds: 1_795_348_800_000)

    @Test func goodLinesGoOnAndBadOnesAreNamedByTheirNumber() {
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

    @Test func windowsLineEndsAndAnEmptyFileAreFine() {
        #expect(Manifest("{\"task_id\":\"t-1\"}\r\n{\"task_id\":\"t-2\"}\r\n", now: now).tasks.count == 2)
        #expect(Manifest("", now: now).problems.isEmpty)
    }
}
