import ArchiveModel
import Audit
import SizeContract
import Testing

@Suite struct SummaryTests {
    @Test func noRefundIsRequestedForALostTask() throws {
        var lost = AuditTask(id: try #require(TaskID("task-lost")), state: .unavailable)
        lost.charge.creditsUsed = "4"
        var failed = AuditTask(id: try #require(TaskID("task-failed")), state: .failed)
        failed.charge.creditsUsed = "2.5"
        let report = AuditReport([], tasks: [lost, failed], pricing: Pricing())
        let money = try #require(report.summary.money)
        #expect([money.paid, money.refund, money.lost].map(\.plain) == ["6.5", "2.5", "4"])
        #expect(report.lost.map(\.taskId.text) == ["task-lost"])
        #expect(report.chargedFailures.map(\.taskId.text) == ["task-failed"])
    }

    /// 2K costs 1.7 times the base price and 4K 2.6 times: one 4K output with the size of 1K costs 1.6 too much, and two with the
    /// size of 2K cost 0.9 too much each.
    @Test func theCatalogsCountersAddUp() {
        var summary = AuditReport.Summary()
        let tallies = [
            OutputTally(state: .archived, verdict: .accepted, outputs: 5),
            OutputTally(state: .archived, verdict: .undersized, outputs: 1, overpaid: PriceMultiplier(tenths: 16)),
            OutputTally(state: .archived, verdict: .undersized, outputs: 2, overpaid: PriceMultiplier(tenths: 18)),
            OutputTally(state: .unavailable, outputs: 3), OutputTally(state: .waiting, outputs: 7),
        ]
        for tally in tallies { summary.add(tally) }
        #expect(summary.outputs == 8 && summary.unavailable == 3)
        #expect(summary.byVerdict == ["accepted": 5, "undersized": 3])
        #expect(summary.overpaidMultiplier == PriceMultiplier(tenths: 34))
    }
}
