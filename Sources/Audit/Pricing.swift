package import ArchiveModel
import Foundation
package import SizeContract

/// The charges and prices of calls. All amounts use decimal arithmetic, never binary fractions.
///
/// A call is charged once. If a task has several results, each gets an equal share. A remainder in millionths goes to the first
/// results, so that the shares add up to the charge.
package struct Pricing: Sendable {
    package let list: PriceList
    package let learned: LearnedPrices
    /// The unit of the sums: a currency, or `credits`.
    package let unit: String
    private var known: [Facts: Charge] = [:]

    /// - Parameter learned: The base prices from the charges of the whole archive.
    package init(_ list: PriceList = PriceList(), learned: LearnedPrices = LearnedPrices()) {
        self.list = list
        self.learned = learned
        unit = Self.unit(list, learned)
    }

    private static func unit(_ list: PriceList, _ learned: LearnedPrices) -> String {
        if let unit = list.credit?.unit { return unit }
        if let unit = list.base?.unit { return unit }
        let units = Set(list.bases.values.map(\.unit))
        if units.count == 1, let unit = units.first { return unit }
        if !units.isEmpty { return PriceList.credits }
        let recorded = learned.chargesByUnit
        return recorded.count == 1 ? recorded.first?.key ?? PriceList.credits : PriceList.credits
    }

    /// The number of decimal places of a share, and of an amount that was converted to another unit.
    private static let places = 6

    // MARK: Facts

    /// What a call delivered.
    private enum Delivery: Hashable {
        case picture(Tier)
        /// A complete file whose pixels are unknown.
        case file
        case nothing(LossCause, RefundReason)
    }

    /// All facts that determine a charge.
    private struct Facts: Hashable {
        var model: String?
        var requested: Tier?
        var delivery: Delivery
        var charge: RecordedCharge
        var part = 0
        var parts = 1
        /// Whether a charge that is not on record is assumed to be the price of the request.
        var isAssumed = true
    }

    /// The class that the recorded request costs; `nil` if the request does not determine it.
    package static func requestedTier(_ request: RecordedRequest?, model: String?) -> Tier? {
        guard let request else { return nil }
        let contract = SizeContract.contract(model: model ?? request.model)
        return request.sizeRequest(in: contract).map { contract.billedTier(of: $0) }
    }

    /// The charge of one output.
    package mutating func charge(of entry: AuditEntry) -> Charge {
        let model = entry.model ?? entry.request?.model
        let facts = Facts(
            model: model, requested: entry.judgement?.billedTier ?? Self.requestedTier(entry.request, model: model),
            delivery: Self.delivery(entry), charge: entry.charge, part: entry.id.index, parts: entry.siblings)
        return charge(facts)
    }

    /// The charge of a call that produced no picture.
    package mutating func charge(of task: AuditTask) -> Charge {
        let model = task.model ?? task.request?.model
        let delivery: Delivery =
            task.state == .unavailable
            ? .nothing(LossCause(task.cause), .lost) : .nothing(task.isRefused ? .ours : .vendor, .failed)
        let facts = Facts(
            model: model, requested: Self.requestedTier(task.request, model: model), delivery: delivery, charge: task.charge,
            isAssumed: false)
        return charge(facts)
    }

    private static func delivery(_ entry: AuditEntry) -> Delivery {
        switch entry.state {
        case .archived:
            if entry.judgement?.verdict == .undecodable { return .nothing(LossCause(entry.cause ?? .vendor), .noPicture) }
            return entry.judgement?.deliveredTier.map(Delivery.picture) ?? .file
        // An original that was archived was lost here.
        case .unavailable: return .nothing(LossCause(entry.cause ?? entry.original.map { _ in .ours }), .lost)
        case .waiting, .leased, .held: return .nothing(.open, .lost)
        }
    }

    private mutating func charge(_ facts: Facts) -> Charge {
        if let charge = known[facts] { return charge }
        let charge = computed(facts)
        known[facts] = charge
        return charge
    }

    // MARK: Computing

    private func computed(_ facts: Facts) -> Charge {
        var charge = Charge.unknown
        if case .nothing(let cause, _) = facts.delivery { charge.cause = cause }
        let contract = SizeContract.contract(model: facts.model)
        let model = facts.model ?? ""
        let amount: RecordedAmount
        let base: BasePrice?
        var prices: [Tier: Decimal] = [:]
        if let recorded = RecordedAmount(facts.charge) {
            (amount, base) = (recorded, self.base(of: model, in: recorded.unit))
            charge.origin = .recorded
            prices = base.map { Self.prices($0, contract, unit: recorded.unit) } ?? [:]
            charge.finding = Self.finding(recorded.amount, prices, facts)
            charge.billedTier = Self.tier(of: recorded.amount, prices)
        } else {
            guard facts.isAssumed, let requested = facts.requested, let assumed = self.base(of: model, in: unit) else {
                return charge
            }
            prices = Self.prices(assumed, contract, unit: nil)
            amount = RecordedAmount(amount: prices[requested] ?? 0, unit: unit)
            base = assumed
            charge.origin = assumed.origin
        }
        let (unit, rate) = self.rate(of: model, from: amount.unit)
        charge.unit = unit
        func share(_ amount: Decimal) -> Decimal {
            rate.converted(amount, places: Self.places).part(facts.part, of: facts.parts, places: Self.places)
        }
        charge.paid = share(amount.amount)
        Self.addRefund(to: &charge, facts, prices.mapValues(share), base?.origin)
        return charge
    }

    /// - Parameter prices: The share of this output in the price of each class; empty if the base price is unknown.
    private static func addRefund(to charge: inout Charge, _ facts: Facts, _ prices: [Tier: Decimal], _ origin: Origin?) {
        let asked = facts.requested.flatMap { prices[$0] }
        switch facts.delivery {
        // An intact file that is not decoded here gives no reason for a refund, whatever was requested.
        case .file: charge.refundOrigin = charge.origin
        case .nothing(let cause, let reason):
            charge.refundOrigin = charge.origin
            guard cause == .vendor, charge.paid > 0 else { return }
            charge.refund = charge.paid
            charge.reasons = [reason]
        case .picture(let delivered):
            guard let origin, let price = prices[delivered] else { return }
            charge.refundOrigin = origin
            charge.refund = max(0, charge.paid - price)
            charge.overcharge = asked.map { min(charge.refund, max(0, charge.paid - $0)) } ?? 0
            charge.undelivered = charge.refund - charge.overcharge
            charge.undercharge = asked.map { max(0, min($0, price) - charge.paid) } ?? 0
            charge.reasons = (charge.overcharge > 0 ? [.overcharged] : []) + (charge.undelivered > 0 ? [.undelivered] : [])
        }
    }

    private static func finding(_ amount: Decimal, _ prices: [Tier: Decimal], _ facts: Facts) -> PriceFinding {
        if amount == 0 {
            if case .nothing = facts.delivery { return .asPriced }
            return .undercharged
        }
        guard !prices.isEmpty else { return .unknown }
        guard let charged = tier(of: amount, prices) else { return .unexplained }
        guard let requested = facts.requested else { return .asPriced }
        return charged > requested ? .overcharged : charged < requested ? .undercharged : .asPriced
    }

    /// The class with exactly this price.
    private static func tier(of amount: Decimal, _ prices: [Tier: Decimal]) -> Tier? {
        Tier.allCases.first { prices[$0] == amount }
    }

    /// - Parameter unit: The unit in which the upstream recorded a charge; `nil` for exact prices.
    private static func prices(_ base: BasePrice, _ contract: SizeContract, unit: String?) -> [Tier: Decimal] {
        Dictionary(
            uniqueKeysWithValues: Tier.allCases.map {
                ($0, RecordedAmount.price(base.amount, contract.multiplier(of: $0), in: unit ?? PriceList.credits))
            })
    }

    // MARK: Units

    /// The base price of a model in a unit: given, else learned.
    package func base(of model: String, in unit: String) -> BasePrice? {
        if let given = list.base(of: model) {
            if let price = converted(given, to: unit) { return BasePrice(amount: price, origin: .computed) }
        }
        if let learned = learned.price(of: model, in: unit) { return BasePrice(amount: learned, origin: .learned) }
        guard let credits = learned.price(of: model, in: PriceList.credits),
            let price = converted(Price(credits, PriceList.credits), to: unit)
        else { return nil }
        return BasePrice(amount: price, origin: .learned)
    }

    private func converted(_ price: Price, to unit: String) -> Decimal? {
        if price.unit == unit { return price.amount }
        guard let credit = list.credit else { return nil }
        if price.unit == PriceList.credits, credit.unit == unit { return price.amount * credit.amount }
        return price.unit == credit.unit && unit == PriceList.credits ? price.amount / credit.amount : nil
    }

    /// A factor between units as a fraction, so that only the result is rounded.
    private struct Rate {
        var numerator = Decimal(1)
        var denominator = Decimal(1)

        func converted(_ amount: Decimal, places: Int) -> Decimal {
            denominator == 1 ? amount * numerator : (amount * numerator / denominator).rounded(places: places)
        }
    }

    /// The factor to the unit of the sums. Amounts without such a factor keep their unit.
    private func rate(of model: String, from unit: String) -> (unit: String, rate: Rate) {
        if unit == self.unit { return (unit, Rate()) }
        guard unit == PriceList.credits else { return (unit, Rate()) }
        if let credit = list.credit, credit.unit == self.unit { return (self.unit, Rate(numerator: credit.amount)) }
        // A base price in money and the one in credits together are the price of a credit.
        if let given = list.base(of: model), given.unit == self.unit, let credits = learned.price(of: model, in: unit) {
            return (self.unit, Rate(numerator: given.amount, denominator: credits))
        }
        return (unit, Rate())
    }
}
