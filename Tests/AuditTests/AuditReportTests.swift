import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

/// An archived output; sizes as text, so that the judgement is the contract's.
private func entry(
    _ task: String, _ index: Int = 0, size: String? = nil, resolution: String? = nil, delivered: (Int, Int)?
) throws -> AuditEntry {
    var entry = AuditEntry(id: OutputID(task: try #require(TaskID(task)), index: index), state: .archived)
    if size != nil || resolution != nil { entry.request = RecordedRequest(size: size, resolution: resolution) }
    entry.judgement = contract.judge(
        delivered: delivered.map { PixelSize(width: $0.0, height: $0.1) },
        request: try size.map { try contract.request(size: $0, resolution: resolution) })
    entry.original = .init(
        digest: try #require(Digest(String(repeating: "a", count: 64))), bytes: 1_572_516,
        mediaType: delivered == nil ? "application/octet-stream" : "image/png", format: delivered == nil ? nil : "png")
    return entry
}

private func entry(_ task: String, in state: OutputState, reason: String? = nil) throws -> AuditEntry {
    var entry = AuditEntry(id: OutputID(task: try #require(TaskID(task)), index: 1), state: state)
    entry.reason = reason
    return entry
}

private func lostTask(_ id: String, _ reason: String) throws -> AuditTask {
    var task = AuditTask(id: try #require(TaskID(id)), state: .unavailable)
    task.reason = reason
    return task
}

private func json(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder.archive(pretty: false).encode(value), as: UTF8.self)
}

@Suite struct AuditReportTests {
    @Test func theSummaryAddsUp() throws {
        let report = AuditReport(
            [
                try entry("a", size: "3840x2160", delivered: (1672, 941)),
                try entry("b", size: "16:9", resolution: "2K", delivered: (1672, 941)),
                try entry("c", size: "16:9", resolution: "4K", delivered: (2736, 1536)),
                try entry("d", size: "1:1", resolution: "1K", delivered: (1254, 1254)),
                try entry("e", size: "1:1", resolution: "1K", delivered: (2880, 2880)),
                try entry("f", delivered: (1122, 1402)),
                try entry("g", size: "4:5", resolution: "4K", delivered: nil),
                try entry("h", 0, size: "auto", delivered: (1254, 1254)),
                try entry("h", 1, size: "auto", delivered: (1254, 1254)),
                try entry("i", in: .unavailable, reason: "403 from the storage host"),
                try entry("j", in: .waiting), try entry("k", in: .leased), try entry("l", in: .held),
            ],
            tasks: [try lostTask("m", "not found"), try lostTask("n", "expired")])
        #expect(report.summary.outputs == 9)
        #expect(
            report.summary.byVerdict == [
                "undersized": 3, "resized": 1, "oversized": 1, "unrequested": 1, "undecodable": 1, "accepted": 2,
            ])
        // 1.6 + 0.7 + 0.9; more than was paid for costs nothing, and of what is unknown nothing is claimed.
        #expect(report.summary.overpaidMultiplier.description == "3.2")
        #expect(report.summary.unavailable == 3)
        #expect(
            report.outputs.map { "\($0.view.taskId) \($0.view.index ?? -1)" } == [
                "a 0", "b 0", "c 0", "d 0", "e 0", "f 0", "g 0", "h 0", "h 1",
            ])
        #expect(
            report.lost.map { "\($0.taskId) \($0.index ?? -1) \($0.reason)" } == [
                "i 1 403 from the storage host", "m -1 not found", "n -1 expired",
            ])
        #expect(!report.summary.passes(AuditRule()))
    }

    @Test func anEmptyAuditIsClean() throws {
        let report = AuditReport([])
        #expect(report.summary.passes(AuditRule()))
        #expect(
            try json(report)
                == #"{"chargedFailures":[],"lost":[],"outputs":[],"summary":{"byVerdict":{},"outputs":0,"overpaidMultiplier":0,"unavailable":0}}"#
        )
    }

    @Test(
        arguments: [
            ("1:1", "1K", 1024, 1024, true), ("auto", nil, 1254, 1254, true), (nil, nil, 1254, 1254, true),
            ("1:1", "1K", 1254, 1254, false),
            ("2:3", "1K", 1248, 832, false), ("1:1", "4K", 1254, 1254, false), ("1:1", "1K", 2880, 2880, false),
            ("16:9", "1K", 1254, 1254, false),
            ("auto", nil, 2880, 2880, false),
        ] as [(String?, String?, Int, Int, Bool)])
    func aReportIsCleanIfEveryVerdictIsClean(size: String?, resolution: String?, width: Int, height: Int, clean: Bool) throws {
        let good = try entry("good", size: "auto", delivered: (1254, 1254))
        let given = try entry("given", size: size, resolution: resolution, delivered: (width, height))
        #expect(AuditReport([good, given, good]).summary.passes(AuditRule()) == clean)
    }

    @Test func undecodableOrLostOutputsAreNotClean() throws {
        #expect(try !AuditReport([entry("a", size: "1:1", delivered: nil)]).summary.passes(AuditRule()))
        #expect(try !AuditReport([entry("a", in: .unavailable)]).summary.passes(AuditRule()))
        #expect(try !AuditReport([], tasks: [lostTask("a", "gone")]).summary.passes(AuditRule()))
    }

    @Test(arguments: [OutputState.waiting, .leased, .held])
    func waitingOutputsAreNotJudged(state: OutputState) throws {
        let report = AuditReport([try entry("a", in: state, reason: "so far")])
        #expect(report.summary.passes(AuditRule()))
        #expect(report.summary.outputs == 0 && report.summary.unavailable == 0)
    }

    @Test func aJudgedOutputHasTheDocumentedJSONNames() throws {
        // Twice the ratio and half the pixels of what was asked, in the tier that was billed.
        let report = AuditReport([try entry("task-1", 2, size: "1:1", resolution: "2K", delivered: (2048, 1024))])
        #expect(
            try json(report) == """
                {"chargedFailures":[],"lost":[],"outputs":[{"billedTier":"2K","delivered":{"bytes":1572516,"format":"png","height":1024,\
                "mediaType":"image/png","sha256":"\(String(repeating: "a", count: 64))","width":2048},"deliveredTier":"2K","expected":{"height":2048,"width":2048},\
                "index":2,"name":"task-1-2","onGrid":true,"overpaidMultiplier":0,"pixelRatio":0.5,"ratioError":1,"requested":{"resolution":"2K","size":"1:1"},\
                "taskId":"task-1","verdict":"reshaped"}],\
                "summary":{"byVerdict":{"reshaped":1},"outputs":1,"overpaidMultiplier":0,"unavailable":0}}
                """)
    }

    @Test func theOverpaidMultiplierIsADecimalNumber() throws {
        let report = AuditReport([try entry("a", size: "3840x2160", delivered: (1672, 941))])
        let text = try json(report)
        #expect(text.contains(#""overpaidMultiplier":1.6,"pixelRatio":"#))
        #expect(
            text.hasSuffix(#""summary":{"byVerdict":{"undersized":1},"outputs":1,"overpaidMultiplier":1.6,"unavailable":0}}"#))
        #expect(text.contains(#""requested":{"size":"3840x2160"}"#))
    }

    @Test func absentFactsAreLeftOut() throws {
        let unread = try entry("a", size: nil, delivered: nil)
        let lost = try entry("b", in: .unavailable)
        #expect(
            try json(AuditReport([unread, lost], tasks: [try lostTask("c", "not found")])) == """
                {"chargedFailures":[],"lost":[{"index":1,"reason":"unknown","taskId":"b"},{"reason":"not found","taskId":"c"}],\
                "outputs":[{"delivered":{"bytes":1572516,"mediaType":"application/octet-stream",\
                "sha256":"\(String(repeating: "a", count: 64))"},"index":0,"name":"a-0","taskId":"a",\
                "verdict":"undecodable"}],\
                "summary":{"byVerdict":{"undecodable":1},"outputs":1,"overpaidMultiplier":0,"unavailable":2}}
                """)
    }

    @Test func aPictureWithoutARequestedSizeNamesItsNearestCell() throws {
        var given = try entry("a", delivered: (1254, 1254))
        given.request = RecordedRequest(prompt: "a red fox")
        let text = try json(AuditReport([given]))
        #expect(!text.contains("\"requested\":"))
        #expect(!text.contains("fox"))
        #expect(text.contains(#""nearestCell":{"ratio":"1:1","size":{"height":1024,"width":1024},"tier":"1K"}"#))
    }
}
