import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

/// By hand, with a base price of 4 credits: 1K costs 4, 2K 6.8 and 4K 10.4.
@Suite struct PriceFindingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var size: String?
        var resolution: String?
        var charge: String?
        var side: Int?
        var finding: PriceFinding
        var billed: Tier?
        var refund: String?
        var undercharge = "0"

        var testDescription: String { "\(size ?? "-") \(resolution ?? "-") charged \(charge ?? "-") delivered \(side ?? 0)" }
    }

    @Test(arguments: [
        Case(size: "1:1", resolution: "1K", charge: "4", side: 1254, finding: .asPriced, billed: .oneK, refund: "0"),
        Case(size: "1:1", resolution: "4K", charge: "10.4", side: 1254, finding: .asPriced, billed: .fourK, refund: "6.4"),
        Case(size: "1:1", resolution: "1K", charge: "6.8", side: 1254, finding: .overcharged, billed: .twoK, refund: "2.8"),
        Case(size: "1:1", resolution: "1K", charge: "10.4", side: 1254, finding: .overcharged, billed: .fourK, refund: "6.4"),
        Case(size: "auto", charge: "6.8", side: 1254, finding: .overcharged, billed: .twoK, refund: "2.8"),
        Case(size: "2048x2048", charge: "10.4", side: 2048, finding: .overcharged, billed: .fourK, refund: "3.6"),
        // Charged too little, and still delivered less than requested: nobody owes anything.
        Case(size: "1:1", resolution: "4K", charge: "4", side: 1254, finding: .undercharged, billed: .oneK, refund: "0"),
        Case(
            size: "1:1", resolution: "4K", charge: "4", side: 2880, finding: .undercharged, billed: .oneK, refund: "0",
            undercharge: "6.4"),
        // More pixels than requested are the vendor's decision.
        Case(size: "1:1", resolution: "1K", charge: "4", side: 2880, finding: .asPriced, billed: .oneK, refund: "0"),
        Case(
            size: "1:1", resolution: "2K", charge: "0", side: 2048, finding: .undercharged, billed: nil, refund: "0",
            undercharge: "6.8"),
        Case(size: "1:1", resolution: "1K", charge: "5", side: 1254, finding: .unexplained, billed: nil, refund: "1"),
        Case(
            size: "1:1", resolution: "1K", charge: "3.5", side: 1254, finding: .unexplained, billed: nil, refund: "0",
            undercharge: "0.5"),
        // Without a request, the charge itself says which class was paid.
        Case(size: nil, charge: "10.4", side: 1254, finding: .asPriced, billed: .fourK, refund: "6.4"),
        Case(size: nil, charge: "6.8", side: 2048, finding: .asPriced, billed: .twoK, refund: "0"),
        Case(size: nil, charge: "7", side: 1254, finding: .unexplained, billed: nil, refund: "3"),
        Case(size: nil, charge: "4", side: 2880, finding: .asPriced, billed: .oneK, refund: "0"),
        // No charge on record: the price of the request is assumed.
        Case(size: "1:1", resolution: "4K", charge: nil, side: 1254, finding: .unknown, billed: nil, refund: "6.4"),
        Case(size: nil, charge: nil, side: 1254, finding: .unknown, billed: nil, refund: nil),
        // No picture: everything that was paid.
        Case(size: "1:1", resolution: "2K", charge: "10.4", side: nil, finding: .overcharged, billed: .fourK, refund: "10.4"),
        Case(size: nil, charge: "6.8", side: nil, finding: .asPriced, billed: .twoK, refund: "6.8"),
    ])
    func aChargeIsComparedWithTheRequestAndTheDelivery(_ given: Case) throws {
        var pricing = try pricing("4", PriceList.credits)
        let charge = pricing.charge(
            of: try output(
                size: given.size, resolution: given.resolution, delivered: given.side.map { ($0, $0) }, credits: given.charge))
        #expect(charge.finding == given.finding)
        #expect(charge.billedTier == given.billed)
        #expect((charge.isRefundKnown ? charge.refund.plain : nil) == given.refund)
        #expect(charge.undercharge.plain == given.undercharge)
        #expect(charge.refund >= 0 && charge.refund <= charge.paid)
    }

    @Test(
        arguments: [
            (RecordedCharge(creditsUsed: "4", costCredits: "6.8", costUSD: "9"), "4", "credits"),
            (RecordedCharge(creditsUsed: nil, costCredits: "6.8", costUSD: "9"), "6.8", "credits"),
            (RecordedCharge(creditsUsed: "pending", costCredits: "6.8"), "6.8", "credits"),
            (RecordedCharge(creditsUsed: "-1", costCredits: nil, costUSD: "0.0588"), "0.0588", "USD"),
        ])
    func theMostTrustedFieldCounts(_ recorded: RecordedCharge, _ paid: String, _ unit: String) throws {
        var pricing = try pricing("4", PriceList.credits)
        var given = try output(size: "1:1", delivered: (1024, 1024))
        given.charge = recorded
        let charge = pricing.charge(of: given)
        #expect(charge.paid.plain == paid && charge.unit == unit && charge.origin == .recorded)
    }

    /// 0.0147 USD a credit: 10.4 credits are 0.15288 USD, and a 1K picture is 0.0588 USD.
    @Test func creditsBecomeMoney() throws {
        var pricing = Pricing(
            PriceList(base: Price(4, PriceList.credits), credit: Price(try decimal("0.0147"), "USD")))
        var money = Money(pricing)
        let wrong = pricing.charge(of: try output(size: "1:1", resolution: "1K", delivered: (1254, 1254), credits: "10.4"))
        money.add(wrong)
        #expect(wrong.unit == "USD" && wrong.finding == .overcharged)
        #expect([wrong.paid, wrong.refund].map(\.plain) == ["0.15288", "0.09408"])
        var dollars = try output(size: "1:1", resolution: "1K", delivered: (1254, 1254))
        dollars.charge = RecordedCharge(costUSD: "0.0588")
        let same = pricing.charge(of: dollars)
        money.add(same)
        #expect(same.finding == .asPriced && same.billedTier == .oneK)
        #expect(money.paid.plain == "0.21168" && money.otherUnits.isEmpty)
        // The API would write 0.15288 USD as 0.1529.
        dollars.charge = RecordedCharge(costUSD: "0.1529")
        let rounded = pricing.charge(of: dollars)
        #expect(rounded.finding == .overcharged && rounded.billedTier == .fourK && rounded.refund.plain == "0.0941")
    }

    /// The recorded credits stay, each worth a quarter of 0.05 EUR.
    @Test func aBasePriceInMoneyDoesNotReplaceRecordedCredits() throws {
        let learned = LearnedPrices(tallies([("4", 5)]))
        var pricing = Pricing(PriceList(base: Price(try decimal("0.05"), "EUR")), learned: learned)
        let charge = pricing.charge(of: try output(size: "1:1", resolution: "1K", delivered: (1254, 1254), credits: "10.4"))
        #expect(charge.origin == .recorded && charge.unit == "EUR" && charge.finding == .overcharged)
        #expect([charge.paid, charge.refund].map(\.plain) == ["0.13", "0.08"])
        var unlearned = Pricing(PriceList(base: Price(try decimal("0.05"), "EUR")))
        var money = Money(unlearned)
        money.add(unlearned.charge(of: try output(size: "1:1", delivered: (1254, 1254), credits: "10.4")))
        #expect(money.paid == 0 && money.otherUnits["credits"]?.paid.plain == "10.4")
    }

    /// Three results for 10.4 credits, each a third. 1K costs 4 / 3 of a result, 2K 6.8 / 3.
    @Test func aCallWithSeveralResultsIsChargedOnce() throws {
        var pricing = try pricing("4", PriceList.credits)
        let sides = [1254, 2048, 2880]
        let charges = try sides.indices.map { index in
            pricing.charge(
                of: try output(
                    "t", index, of: 3, size: "1:1", resolution: "4K", delivered: (sides[index], sides[index]), credits: "10.4"))
        }
        // 10.4 / 3 = 3.466666…: the first two get the remainder.
        #expect(charges.map(\.paid.plain) == ["3.466667", "3.466667", "3.466666"])
        #expect(charges.reduce(0) { $0 + $1.paid }.plain == "10.4")
        // 4 / 3 = 1.333334 and 1.333333; 6.8 / 3 = 2.266667 and 2.266667 and 2.266666.
        #expect(charges.map(\.refund.plain) == ["2.133333", "1.2", "0"])
        let equal = try (0..<3).map {
            pricing.charge(
                of: try output("t", $0, of: 3, size: "1:1", resolution: "4K", delivered: (1254, 1254), credits: "10.4"))
        }
        #expect(equal.reduce(0) { $0 + $1.refund }.plain == "6.4")
    }

    @Test(
        arguments: [
            (FailureCause.vendor, LossCause.vendor, "10.4"), (.ours, .ours, "0"), (.person, .ours, "0"),
            (.unknown, .unknown, "0"),
        ])
    func onlyLossesThatTheVendorCausedAreClaimed(_ cause: FailureCause, _ expected: LossCause, _ refund: String) throws {
        var pricing = try pricing("4", PriceList.credits)
        var lost = try output(size: "1:1", resolution: "4K", delivered: nil, credits: "10.4", state: .unavailable)
        lost.cause = cause
        let charge = pricing.charge(of: lost)
        #expect(charge.cause == expected && charge.refund.plain == refund)
        var task = AuditTask(id: try #require(TaskID("t")), state: .unavailable)
        task.charge.creditsUsed = "10.4"
        task.cause = cause
        #expect(pricing.charge(of: task).refund.plain == refund)
    }

    @Test func nothingIsClaimedForARefusedPromptOrAnOpenWindow() throws {
        var pricing = try pricing("4", PriceList.credits)
        var refused = AuditTask(id: try #require(TaskID("t")), state: .failed)
        refused.charge.creditsUsed = "4"
        refused.isRefused = true
        #expect(pricing.charge(of: refused).cause == .ours && pricing.charge(of: refused).refund == 0)
        refused.isRefused = false
        #expect(pricing.charge(of: refused).cause == .vendor && pricing.charge(of: refused).refund == 4)
        let waiting = try output(size: "1:1", delivered: nil, credits: "4", state: .waiting)
        var summary = AuditReport.Summary(money: Money(pricing))
        summary.add(waiting, pricing.charge(of: waiting))
        #expect(summary.money?.sums.open == 4 && summary.money?.paid == 0 && summary.money?.losses == [.open: 1])
    }

    /// Nobody but us lost an original that was archived.
    @Test func aDamagedOriginalIsOurLoss() throws {
        var pricing = try pricing("4", PriceList.credits)
        var lost = try output(size: "1:1", delivered: nil, credits: "4", state: .unavailable)
        lost.original = .init(
            digest: try #require(Digest(String(repeating: "a", count: 64))), bytes: 1, mediaType: "image/png", format: "png")
        #expect(pricing.charge(of: lost).cause == .ours)
    }

    @Test func chargesThatWereTooLowAreDeductedOnRequest() throws {
        var pricing = try pricing("4", PriceList.credits)
        var money = Money(pricing, isNet: true)
        money.add(pricing.charge(of: try output(size: "1:1", resolution: "1K", delivered: (1254, 1254), credits: "10.4")))
        money.add(pricing.charge(of: try output(size: "1:1", resolution: "2K", delivered: (2048, 2048), credits: "4")))
        #expect(money.refund.plain == "6.4" && money.sums.undercharged.plain == "2.8" && money.claim.plain == "3.6")
        #expect(money.findings == [.overcharged: 1, .undercharged: 1])
        money.add(pricing.charge(of: try output(size: "1:1", resolution: "4K", delivered: (2880, 2880), credits: "4")))
        #expect(money.claim == 0, "never below zero")
    }
}

@Suite struct LearnedPriceTests {
    @Test(
        arguments: [
            ([("4", 3), ("6.8", 1), ("10.4", 1)], "4"), ([("4", 2), ("6.8", 2)], nil),
            // 9 of 10 and 8 of 9 charges.
            ([("4", 9), ("5", 1)], "4"), ([("4", 8), ("5", 1)], nil),
            // What is free or not a number teaches nothing.
            ([("4", 4), ("0", 20), ("many", 3)], nil), ([("4", 5), ("0", 20)], "4"),
            // Without requests, the largest of equal values: it claims the least.
            ([("10.4", 5)], "10.4"), ([("6.8", 3), ("10.4", 3)], "4"),
        ] as [([(String, Int)], String?)])
    func aBasePriceExplainsNineTenthsOfTheCharges(_ charges: [(String, Int)], _ price: String?) {
        #expect(LearnedPrices(tallies(charges)).price(of: "", in: "credits")?.plain == price)
    }

    @Test func requestsDecideBetweenEqualValues() {
        let learned = LearnedPrices(tallies([("10.4", 5)], size: "1:1", resolution: "4K"))
        #expect(learned.price(of: "", in: "credits")?.plain == "4")
    }

    @Test func dollarsHaveFourPlaces() {
        let amounts = [("0.0588", 3), ("0.1", 1), ("0.1529", 1)]
        let learned = LearnedPrices(
            amounts.map { ChargeTally(model: nil, request: nil, charge: RecordedCharge(costUSD: $0.0), calls: $0.1) })
        #expect(learned.price(of: "", in: "USD")?.plain == "0.0588")
        #expect(learned.chargesByUnit == ["USD": 5])
    }

    @Test func eachModelHasItsPrice() throws {
        let learned = LearnedPrices(
            tallies([("4", 5)], model: "gpt-image-2-beta") + tallies([("7", 5)], model: "other") + tallies([("9", 4)], model: "x")
        )
        #expect(learned.price(of: "gpt-image-2-beta", in: "credits") == 4 && learned.price(of: "other", in: "credits") == 7)
        #expect(learned.price(of: "x", in: "credits") == nil)
        #expect(learned.models == ["gpt-image-2-beta", "other"])
        var pricing = Pricing(PriceList(bases: ["other": Price(try decimal("3.5"), "credits")]), learned: learned)
        var given = try output(size: "1:1", delivered: (1024, 1024), credits: "7")
        given.model = "other"
        #expect(pricing.charge(of: given).finding == .unexplained, "a given price has precedence")
        given.model = "gpt-image-2-beta"
        given.charge.creditsUsed = "4"
        #expect(pricing.charge(of: given).finding == .asPriced && pricing.charge(of: given).refundOrigin == .learned)
    }

    @Test func aChargeThatIsNotOnRecordHasALearnedPrice() throws {
        var pricing = Pricing(learned: LearnedPrices(tallies([("4", 5)])))
        let charge = pricing.charge(of: try output(size: "1:1", resolution: "2K", delivered: (2048, 2048)))
        #expect(charge.origin == .learned && charge.paid.plain == "6.8" && charge.finding == .unknown)
    }
}
