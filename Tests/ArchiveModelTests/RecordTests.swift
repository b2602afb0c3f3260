import ArchiveModel
import Foundation
import SizeContract
import Testing

@Suite struct RecordTests {
    @Test(arguments: [true, false])
    func anOutputRecordIsReadBackUnchanged(pretty: Bool) throws {
        let record = try fullRecord()
        #expect(try decode(ArchiveRecord.self, json(record, pretty: pretty)) == record)
    }

    @Test func aRecordOfALossIsReadBackUnchanged() throws {
        let record = ArchiveRecord(
            id: OutputID(task: try #require(TaskID("t")), index: 0), state: .unavailable, reason: "gone", source: "sweep",
            discoveredAt: Date(milliseconds: 1_795_611_060_024), createdAt: nil, deadline: nil,
            endedAt: Date(milliseconds: 1_795_611_060_025), attempts: 7, request: nil, taskJSON: nil)
        #expect(
            try json(record) == """
                {"attempts":7,"derivatives":[],"discoveredAt":"2026-11-25T12:51:00.024Z","endedAt":"2026-11-25T12:51:00.025Z",\
                "format":"fixative.output/2","index":0,"reason":"gone","source":"sweep","state":"unavailable","task":"t"}
                """)
        #expect(try decode(ArchiveRecord.self, json(record)) == record)
    }

    @Test(arguments: TaskState.allCases)
    func aTaskRecordIsReadBackUnchanged(state: TaskState) throws {
        let record = TaskRecord(
            task: try #require(TaskID("task/1")), state: state, reason: "why", source: "submit",
            discoveredAt: Date(milliseconds: 1_795_611_060_024), createdAt: Date(milliseconds: 1_795_438_260_008),
            request: RecordedRequest(prompt: "p"), taskJSON: .array([.null, .bool(false)]))
        let text = try json(record)
        #expect(text.hasPrefix(#"{"createdAt":"2026-11-23T12:51:00.008Z","#))
        #expect(text.contains(#""format":"fixative.task/2""#))
        #expect(try decode(TaskRecord.self, text) == record)
    }

    @Test func membersOfALaterVersionAreTolerated() throws {
        let record = try fullRecord()
        let extra = try json(record).replacing(#""attempts":2"#, with: #""attempts":2,"colour":{"of":["the",1]},"zeal":null"#)
        #expect(try decode(ArchiveRecord.self, extra) == record)
    }

    @Test(arguments: [
        (#""index":3"#, #""index":-1"#), (#""index":3"#, #""index":-9223372036854775808"#), (#""index":3"#, #""index":1e300"#),
        (#""index":3"#, #""index":"3""#), (#""task":"task-unified-1757156493-imcg5zqt""#, #""task":"a b""#),
        (#""state":"archived""#, #""state":"lost""#), (#""attempts":2"#, #""attempts":2.5"#),
        (#""endedAt":"2026-11-22T12:51:00.250Z""#, #""endedAt":"yesterday""#), (#""width":1672"#, #""width":0"#),
        (#""role":"preview""#, #""role":"poster""#),
    ])
    func aDamagedRecordIsRefused(part: String, damage: String) throws {
        let text = try json(fullRecord())
        #expect(text.contains(part))
        // Replaced everywhere: both the measured and the judged sides say 1672.
        #expect(throws: DecodingError.self) { try decode(ArchiveRecord.self, text.replacing(part, with: damage)) }
    }

    @Test func aRecordFindsItsDerivativesByRole() throws {
        let record = try fullRecord()
        #expect(record.derivative(.thumbnail)?.width == 512)
        #expect(record.derivative(.preview)?.width == 1280)
        var bare = record
        bare.derivatives = []
        #expect(bare.derivative(.thumbnail) == nil)
    }

    @Test func anEntryHasTheFactsOfItsRecord() throws {
        let record = try fullRecord()
        let entry = OutputEntry(record)
        #expect(entry.id == record.id)
        #expect(entry.state == .archived)
        #expect(entry.reason == "late")
        #expect(entry.attempts == 2)
        #expect(entry.createdAt == Date(milliseconds: 1_795_351_860_250))
        #expect(entry.deadline == Date(milliseconds: 1_795_438_260_008))
        #expect(entry.endedAt == Date(milliseconds: 1_795_351_860_250))
        #expect(entry.request == record.request)
        #expect(entry.judgement == record.judgement)
        #expect(entry.original == .init(digest: try digest("a"), bytes: 1_572_516, mediaType: "image/png", format: "png"))
        #expect(entry.thumbnail == .init(digest: try digest("b"), mediaType: "image/jpeg", width: 512, height: 288))
        #expect(entry.preview == .init(digest: try digest("c"), mediaType: "image/webp", width: 1280, height: 720))
        #expect(entry.thumbHash == "2fcZFIB3iId/h3iJh4aIYJ2V8g==")
        #expect(entry.perceptualHash == "00ff00ff00ff00ff")
    }

    @Test func anEntryOfALostOutputGivesTheReasonAndNoFile() throws {
        let record = ArchiveRecord(
            id: OutputID(task: try #require(TaskID("t")), index: 0), state: .unavailable, reason: "gone", source: "sweep",
            discoveredAt: .distantPast, createdAt: nil, deadline: nil, endedAt: .distantPast, attempts: 7, request: nil,
            taskJSON: nil)
        let entry = OutputEntry(record)
        #expect(entry.state == .unavailable)
        #expect(entry.reason == "gone")
        #expect(entry.original == nil && entry.thumbnail == nil && entry.judgement == nil)
    }

    @Test func anEntryOfUndecodableBytesGivesTheReason() throws {
        var record = try fullRecord()
        record.reason = nil
        record.decodeError = "a truncated file"
        (record.picture, record.unread) = (nil, nil)
        let entry = OutputEntry(record)
        #expect(entry.reason == "a truncated file")
        #expect(entry.original?.format == nil)
    }

    @Test func anEntryOfAnUnreadFileNamesItsFormat() throws {
        var record = try fullRecord()
        (record.reason, record.decodeError, record.picture) = (nil, nil, nil)
        let entry = OutputEntry(record)
        #expect(entry.reason == "a whole GIF")
        #expect(entry.original?.format == "gif")
        #expect(UnreadFacts(format: "svg", reason: "", width: 0, height: -1).size == nil)
    }

    @Test func onlyAValidRecordedSizeIsJudged() throws {
        let contract = SizeContract.gptImage2
        #expect(RecordedRequest(prompt: "p").sizeRequest(in: contract) == nil)
        #expect(RecordedRequest(resolution: "4K").sizeRequest(in: contract) == nil)
        #expect(RecordedRequest(size: "junk").sizeRequest(in: contract) == nil)
        #expect(RecordedRequest(size: "16:9", resolution: "8K").sizeRequest(in: contract) == nil)
        #expect(RecordedRequest(size: "auto").sizeRequest(in: contract) == .auto)
        let request = try #require(RecordedRequest(size: "16:9", resolution: "4K").sizeRequest(in: contract))
        #expect(contract.expectedSize(of: request)?.description == "3840x2160")
    }

    /// A control character takes six bytes in JSON (RFC 8259, section 7), so 3 MiB of them take 18 MiB. By sha256sum.
    @Test func aRequestThatIsTooLargeForARecordIsCut() throws {
        let prompt = String(repeating: "\u{1}", count: 3 << 20)
        let image = "https://a.example/" + String(repeating: "x", count: 100_000)
        let images = Array(repeating: image, count: 200)
        let request = RecordedRequest(
            model: "gpt-image-2", prompt: prompt, size: "16:9", imageURLs: images, recordedAt: Date(milliseconds: 0))
        let cut = request.fitting()
        #expect(try json(cut, pretty: true).utf8.count <= 16 << 20)
        #expect(cut.model == "gpt-image-2" && cut.size == "16:9" && cut.recordedAt == request.recordedAt)
        #expect(cut.prompt?.hasPrefix("\u{1}\u{1}\u{1}") == true)
        let note = "… (cut: 3145728 bytes, SHA-256 54db9accc63fb6def56d83b60fdf212e72417dd1b9cd952dc89beccd717a6016)"
        #expect(cut.prompt?.hasSuffix(note) == true)
        let kept = try #require(cut.imageURLs)
        #expect(kept.count > 1 && kept.count < 200 && kept.dropLast().allSatisfy { $0 == image })
        #expect(kept.last == "the other reference images are left out, since the request is too large for a record")
        #expect(cut.fitting() == cut)
    }

    /// Fifteen MiB of letters take fifteen MiB in a record.
    @Test func aLongRequestThatFitsARecordStaysWhole() {
        let request = RecordedRequest(
            prompt: String(repeating: "x", count: 15 << 20), imageURLs: Array(repeating: "https://a.example/b.png", count: 1000))
        #expect(request.fitting() == request)
    }
}
