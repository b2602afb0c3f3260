import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

/// Sums by hand, from the reference page: 1K costs the base price, 2K 1.7 times, 4K 2.6 times of it.
@Suite struct MoneyTests {
    @Test(
        arguments: [
            ("1:1", "1K", 1024, 1024, "0.05", "0", "0"), ("1:1", "2K", 2048, 2048, "0.085", "0", "0"),
            ("1:1", "4K", 2880, 2880, "0.13", "0", "0"), ("1:1", "4K", 1254, 1254, "0.13", "0.08", "0.08"),
            ("1:1", "4K", 2048, 2048, "0.13", "0.045", "0.045"), ("1:1", "2K", 1254, 1254, "0.085", "0.035", "0.035"),
            // More than was paid for costs nothing, and other pixels of the same class nothing either.
            ("1:1", "1K", 2880, 2880, "0.05", "0", "0"), ("16:9", "1K", 1254, 1254, "0.05", "0", "0"),
            ("auto", "4K", 1254, 1254, "0.05", "0", "0"), ("3840x2160", "1K", 1672, 941, "0.13", "0.08", "0.08"),
        ])
    func aCallHasThePriceAndRefundOfItsTiers(
        size: String, resolution: String, width: Int, height: Int, paid: String, undelivered: String, refund: String
    ) throws {
        var pricing = try pricing("0.05")
        let charge = pricing.charge(of: try output(size: size, resolution: resolution, delivered: (width, height)))
        #expect(charge.origin == .computed)
        #expect([charge.paid, charge.undelivered, charge.refund].map(\.plain) == [paid, undelivered, refund])
    }

    @Test func undecodableBytesGiveAFullRefund() throws {
        var pricing = try pricing("0.05")
        let charge = pricing.charge(of: try output(size: "1:1", resolution: "2K", delivered: nil))
        #expect([charge.paid, charge.undelivered, charge.refund].map(\.plain) == ["0.085", "0", "0.085"])
    }

    @Test(arguments: FailureCause.allCases)
    func onlyFailuresCausedByTheVendorAreClaimed(_ cause: FailureCause) throws {
        var pricing = try pricing("0.05")
        var damaged = try output(size: "1:1", resolution: "2K", delivered: nil)
        damaged.cause = cause
        let charge = pricing.charge(of: damaged)
        #expect([charge.paid, charge.refund].map(\.plain) == ["0.085", cause == .vendor ? "0.085" : "0"])
    }

    /// Neither as bytes that are no picture, nor for the pixels that its header claims.
    @Test(arguments: [nil, PixelSize(width: 64, height: 64)])
    func nothingIsClaimedForAnUnreadFile(_ claimed: PixelSize?) throws {
        var pricing = try pricing("0.05")
        var asked = try output(size: "1:1", resolution: "4K", delivered: nil)
        asked.judgement = contract.judgeUnread(delivered: claimed, request: try contract.request(size: "1:1", resolution: "4K"))
        let charge = pricing.charge(of: asked)
        #expect([charge.paid, charge.undelivered, charge.refund].map(\.plain) == ["0.13", "0", "0"])
        #expect(charge.isRefundKnown)
        #expect(AuditReport([asked]).summary.passes(AuditRule()))
        #expect(!AuditReport([try output(size: "1:1", delivered: nil)]).summary.passes(AuditRule()))
    }

    @Test func nothingIsClaimedWithoutARecordedRequest() throws {
        var pricing = try pricing("0.05")
        var money = Money(pricing)
        money.add(pricing.charge(of: try output(size: nil, delivered: (1254, 1254))))
        money.add(pricing.charge(of: try output(size: "1:1", delivered: (1024, 1024))))
        #expect(money.origins == [.unknown: 1, .computed: 1])
        #expect(money.paid.plain == "0.05")
    }

    /// The parts of a call with several results add up to what it cost, to the last place.
    @Test(arguments: [2, 3, 7, 11], ["0.05", "0.07", "1", "0.000001", "0.1234567"])
    func aCallIsChargedOnce(results: Int, price: String) throws {
        var pricing = try pricing(price)
        var money = Money(pricing)
        for index in 0..<results {
            money.add(
                pricing.charge(of: try output("t", index, of: results, size: "1:1", resolution: "4K", delivered: (1254, 1254))))
        }
        #expect(money.paid == (try decimal(price)) * (try decimal("2.6")))
        #expect(money.undelivered == (try decimal(price)) * (try decimal("1.6")))
    }

    @Test func thePartsOfACallAreEqualToAMillionth() throws {
        var pricing = try pricing("0.05")
        let parts = try (0..<3).map {
            pricing.charge(of: try output("t", $0, of: 3, size: "1:1", resolution: "2K", delivered: (2048, 2048))).paid.plain
        }
        #expect(parts == ["0.028334", "0.028333", "0.028333"])
    }

    /// A tenth has no end as a binary fraction: a hundred thousand of them would not make ten thousand.
    @Test func sumsAreExactDecimals() throws {
        var pricing = try pricing("0.1")
        var money = Money(pricing)
        let one = try output(size: "1:1", delivered: (1024, 1024))
        for _ in 0..<100_000 { money.add(pricing.charge(of: one)) }
        #expect(money.paid.plain == "10000")
    }

    /// With a base price of 4 credits: 1K costs 4, 2K 6.8 and 4K 10.4.
    @Test(
        arguments: [
            ("4", "1:1", "1K", 1024, "4", "0", "0"), ("10.4", "1:1", "4K", 2048, "10.4", "3.6", "0"),
            ("6.8", "1:1", "2K", 1254, "6.8", "2.8", "0"), ("1e1", "1:1", "1K", 1024, "10", "0", "6"),
            ("0", "1:1", "4K", 1254, "0", "0", "0"),
            // The examples of the finance person: 1K at the price of 4K, and 4K at the price of 1K.
            ("10.4", "1:1", "1K", 1024, "10.4", "0", "6.4"), ("4", "1:1", "4K", 1254, "4", "0", "0"),
            // Charged 4K, requested 2K, delivered 1K: 3.6 above the request, and 2.8 not delivered.
            ("10.4", "1:1", "2K", 1254, "10.4", "2.8", "3.6"),
            // The larger picture that arrived is worth the charge, whoever wanted it.
            ("10.4", "1:1", "1K", 2880, "10.4", "0", "0"),
        ])
    func theRefundIsTheChargeLessThePriceOfTheDelivery(
        credits: String, size: String, resolution: String, side: Int, paid: String, undelivered: String, overcharge: String
    ) throws {
        var pricing = try pricing("4", PriceList.credits)
        let charge = pricing.charge(of: try output(size: size, resolution: resolution, delivered: (side, side), credits: credits))
        #expect(charge.origin == .recorded && charge.refundOrigin == .computed)
        #expect([charge.paid, charge.undelivered, charge.overcharge].map(\.plain) == [paid, undelivered, overcharge])
        #expect(charge.refund == charge.undelivered + charge.overcharge)
        #expect(pricing.unit == "credits")
    }

    @Test func theRefundIsUnknownWithoutABasePrice() throws {
        var pricing = Pricing()
        var money = Money(pricing)
        let charge = pricing.charge(of: try output(size: "1:1", resolution: "4K", delivered: (1254, 1254), credits: "10.4"))
        money.add(charge)
        #expect(charge.paid.plain == "10.4" && !charge.isRefundKnown && charge.finding == .unknown)
        #expect(money.refundsUnknown == 1)
        let text = String(decoding: try JSONEncoder.archive(pretty: false).encode(charge), as: UTF8.self)
        #expect(text == #"{"charged":"10.4","finding":"unknown","origin":"recorded","paid":"10.4","unit":"credits"}"#)
        let broken = pricing.charge(of: try output(size: nil, delivered: nil, credits: "4"))
        #expect(broken.isRefundKnown && broken.refund.plain == "4", "undecodable bytes give a refund for any request")
    }

    @Test(arguments: [nil, "null", "many", "", "0x10", "NaN", "1,5", "--3", "-5", "1e99", "1000000001"] as [String?])
    func invalidCreditsAreUnknown(_ credits: String?) throws {
        var pricing = Pricing()
        #expect(pricing.charge(of: try output(size: "1:1", delivered: (1024, 1024), credits: credits)) == .unknown)
    }

    @Test func aChargedFailureGivesARefund() throws {
        var failed = AuditTask(id: try #require(TaskID("f")), state: .failed)
        failed.charge.creditsUsed = "4"
        var free = failed
        free.charge.creditsUsed = "0"
        let report = AuditReport([], tasks: [failed, free], pricing: Pricing())
        #expect(report.chargedFailures.map(\.taskId.text) == ["f"])
        #expect(report.summary.money?.refund.plain == "4")
        #expect(report.summary.unavailable == 0)
    }

    @Test func aLostOutputIsCountedButNotRefunded() throws {
        var money = try pricing("0.05")
        let lost = try output(size: "1:1", resolution: "2K", delivered: nil, state: .unavailable)
        let report = AuditReport([lost], pricing: money)
        #expect(report.summary.money?.lost.plain == "0.085")
        #expect(report.summary.money?.refund.plain == "0")
        #expect(money.charge(of: lost).origin == .computed)
    }

    @Test func amountsAreWrittenAsStrings() throws {
        let report = AuditReport(
            [try output(size: "1:1", resolution: "4K", delivered: (1254, 1254))], pricing: try pricing("0.05"))
        let text = String(decoding: try JSONEncoder.archive(pretty: false).encode(report), as: UTF8.self)
        #expect(
            text.contains(
                #""charge":{"charged":"0.13","finding":"unknown","origin":"computed","paid":"0.13","reasons":["undelivered"],"refund":"0.08","refundOrigin":"computed","undelivered":"0.08","unit":"USD"}"#
            ), "\(text)")
        for part in [
            #""basePrice":"0.05""#, #""lost":"0""#, #""origins":{"computed":1,"learned":0,"recorded":0,"unknown":0}"#,
            #""paid":"0.13""#, #""charged":"0.13""#, #""refund":"0.08""#, #""refundsUnknown":0"#, #""undelivered":"0.08""#,
            #""unit":"USD""#, #""paidByOrigin":{"computed":"0.13"}"#, #""refundByOrigin":{"computed":"0.08"}"#,
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }
}

@Suite struct GroupTests {
    @Test func groupsAddUpToTheWhole() throws {
        var pricing = try pricing("0.05")
        let entries = [
            try output("a", size: "1:1", resolution: "4K", delivered: (1254, 1254)),
            try output("b", size: "16:9", resolution: "2K", delivered: (2736, 1536)),
            try output("c", size: "1:1", resolution: "4K", delivered: (2880, 2880)),
            try output("d", size: nil, delivered: (64, 64)),
            try output("e", size: "1024x1024", delivered: nil, state: .unavailable),
        ]
        for grouping in AuditGrouping.allCases {
            var groups = AuditGroups([grouping], empty: AuditReport.Summary(money: Money(pricing)))
            var whole = AuditReport.Summary(money: Money(pricing))
            for entry in entries {
                let charge = pricing.charge(of: entry)
                groups.add(entry, charge)
                whole.add(entry, charge)
            }
            #expect(groups.all.reduce(0) { $0 + $1.summary.outputs } == whole.outputs)
            #expect(groups.all.reduce(0) { $0 + $1.summary.unavailable } == 1)
            let paid = groups.all.reduce(Decimal.zero) { $0 + ($1.summary.money?.paid ?? 0) }
            #expect(paid == whole.money?.paid)
            #expect(paid.plain == "0.395")
        }
        var sizes = AuditGroups([.size], empty: AuditReport.Summary())
        for entry in entries { sizes.add(entry, nil) }
        #expect(sizes.all.map(\.name) == ["1:1 4K", "16:9 2K", "1024x1024", "not on record"])
        #expect(sizes.all.first?.summary.byVerdict == ["undersized": 1, "exact": 1])
    }

    @Test func daysAreInUTCWithTheNewestFirst() throws {
        var groups = AuditGroups([.day], empty: AuditReport.Summary())
        for (number, time) in ["2026-11-20T23:59:59Z", "2026-11-21T00:00:00Z", "2026-11-21T12:00:00Z"].enumerated() {
            var entry = try output("t\(number)", size: "1:1", delivered: (1024, 1024))
            entry.createdAt = Date(iso8601: time)
            groups.add(entry, nil)
        }
        #expect(groups.all.map(\.name) == ["2026-11-21", "2026-11-20"])
        #expect(groups.all.map(\.summary.outputs) == [2, 1])
    }
}

@Suite struct RuleTests {
    @Test func aRuleDecidesWhetherAnAuditFails() throws {
        let resized = AuditReport([try output(size: "1:1", delivered: (1254, 1254))]).summary
        let reshaped = AuditReport([try output(size: "16:9", delivered: (1254, 1254))]).summary
        let lost = AuditReport([try output(size: nil, delivered: nil, state: .unavailable)]).summary
        #expect(!resized.passes(AuditRule()))
        #expect(resized.passes(AuditRule(.ratio)))
        #expect(!reshaped.passes(AuditRule(.ratio)))
        #expect(!lost.passes(AuditRule(.ratio)))
        #expect(lost.passes(AuditRule(verdicts: [.undersized], failsWhenLost: false)))
        #expect(!lost.passes(AuditRule(verdicts: [], failsWhenLost: true)))
        #expect(reshaped.passes(AuditRule(verdicts: [.undersized], failsWhenLost: true)))
    }
}
