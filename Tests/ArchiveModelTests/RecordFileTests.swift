import ArchiveModel
import Foundation
import SizeContract
import Testing

@Suite struct RecordFileTests {
    private func record() throws -> ArchiveRecord {
        let created = Date(milliseconds: 1_795_348_800_000)
        var record = ArchiveRecord(
            id: OutputID(task: try #require(TaskID("task-1")), index: 0), state: .archived, source: "sweep",
            discoveredAt: created,
            createdAt: created, deadline: created, endedAt: created, attempts: 1,
            request: RecordedRequest(prompt: "ein Fuchs \u{1F98A} \"im\" Schnee\n", size: "16:9"),
            taskJSON: .object(["id": .string("task-1"), "cost": .number(0.125)]))
        let digest = try #require(Digest(String(repeating: "ab", count: 32)))
        record.original = BlobReference(digest: digest, bytes: 1234, mediaType: "image/png")
        record.judgement = SizeContract.gptImage2.judge(delivered: PixelSize(width: 1672, height: 941), request: .auto)
        return record
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        let record = try record()
        #expect(try RecordFile.read(try RecordFile.bytes(of: .output(record))) == .output(record))
        let task = TaskRecord(
            task: record.task, state: .failed, reason: "no", source: "submit", discoveredAt: record.discoveredAt, createdAt: nil,
            request: nil, taskJSON: nil)
        #expect(try RecordFile.read(try RecordFile.bytes(of: .task(task))) == .task(task))
    }

    @Test func sha256sumConfirmsTheDigestOfARecord() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "record-\(UUID().uuidString)")
        try Data(try RecordFile.bytes(of: .output(try record()))).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "sed 2d '\(file.path)' | sha256sum | cut -c1-64; sed -n 2p '\(file.path)'"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let lines = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n")
        process.waitUntilExit()
        try #require(lines.count == 2)
        #expect(lines[1] == "  \"_sha256\" : \"\(lines[0])\",")
    }

    /// Every byte, each of its bits, and some other values: nothing changes unseen, also where the text stays good JSON.
    @Test func everyChangedByteOfARecordIsDetected() throws {
        let whole = try RecordFile.bytes(of: .output(try record()))
        for position in whole.indices {
            for mask in [1, 2, 4, 8, 16, 32, 64, 128, 0x20 ^ 0x0A, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[position] ^= mask
                #expect(throws: RecordFileError.self, "byte \(position), mask \(mask)") { try RecordFile.read(bytes) }
            }
        }
    }

    @Test func anOlderRecordIsReadWithoutASeal() throws {
        let old = """
            {"attempts":1,"derivatives":[],"discoveredAt":"2026-11-22T12:51:00Z","endedAt":"2026-11-22T12:51:00Z",
            "format":"fixative.output/1","index":0,"reason":"gone","source":"sweep","state":"unavailable","task":"t"}
            """
        guard case .output(let record) = try RecordFile.read(Array(old.utf8)) else {
            Issue.record("expected the record of an output")
            return
        }
        #expect(record.reason == "gone")
        // The same of today's format must be sealed.
        #expect(throws: RecordFileError.self) { try RecordFile.read(Array(old.replacing("output/1", with: "output/2").utf8)) }
        // Written again, it is.
        #expect(try String(decoding: RecordFile.bytes(of: .output(record)), as: UTF8.self).contains("fixative.output/2"))
    }
}
