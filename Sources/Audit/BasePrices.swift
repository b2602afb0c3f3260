package import ArchiveModel
package import Foundation
import SizeContract

/// The origin of an amount of money.
package enum Origin: String, Sendable, Encodable, CaseIterable {
    /// The upstream's answer states the charge.
    case recorded
    /// Computed from the recorded request, the published rules and a given base price.
    case computed
    /// Computed in the same way, with a base price that the account's own charges show.
    case learned
    /// The amount is unknown. No sum includes it.
    case unknown
}

/// A price in credits or in a currency.
package struct Price: Sendable, Hashable {
    package var amount: Decimal
    /// ``PriceList/credits`` or the name of a currency in capitals.
    package var unit: String

    package init(_ amount: Decimal, _ unit: String) {
        self.amount = amount
        self.unit = unit
    }
}

/// The prices that a user gave.
package struct PriceList: Sendable, Hashable {
    package static let credits = "credits"
    /// The currency in which the upstream states a cost besides credits.
    package static let upstreamCurrency = "USD"

    /// The price of a 1K picture of any model.
    package var base: Price?
    /// The prices of a 1K picture by model. ``base`` has precedence.
    package var bases: [String: Price]
    /// The price of one credit.
    package var credit: Price?

    package init(base: Price? = nil, bases: [String: Price] = [:], credit: Price? = nil) {
        self.base = base
        self.bases = bases
        self.credit = credit
    }

    func base(of model: String) -> Price? { base ?? bases[model] }
}

/// A base price with its origin.
package struct BasePrice: Sendable, Hashable {
    package var amount: Decimal
    /// ``Origin/computed`` for a given price, ``Origin/learned`` otherwise.
    package var origin: Origin
}

/// A recorded amount in the unit in which the upstream states it.
struct RecordedAmount: Hashable {
    var amount: Decimal
    var unit: String

    /// The first valid one of the three fields in which the upstream states a charge, in the order of trust.
    init?(_ charge: RecordedCharge) {
        if let credits = Self.amount(charge.creditsUsed) ?? Self.amount(charge.costCredits) {
            self.init(amount: credits, unit: PriceList.credits)
        } else if let dollars = Self.amount(charge.costUSD) {
            self.init(amount: dollars, unit: PriceList.upstreamCurrency)
        } else {
            return nil
        }
    }

    init(amount: Decimal, unit: String) {
        self.amount = amount
        self.unit = unit
    }

    /// The price of a class as it would be recorded in a unit: the upstream states dollars with four places.
    static func price(_ base: Decimal, _ multiplier: PriceMultiplier, in unit: String) -> Decimal {
        let price = base.times(tenths: multiplier.tenths)
        return unit == PriceList.upstreamCurrency ? price.rounded(places: 4, .plain) : price
    }

    /// `nil` for negative or implausible numbers.
    private static func amount(_ text: String?) -> Decimal? {
        text.flatMap { Decimal(plain: $0) }.flatMap { (0...1_000_000_000).contains($0) ? $0 : nil }
    }
}

/// The number of calls with the same model, requested class and charge.
struct ChargeGroup: Hashable {
    var model: String
    var unit: String
    var amount: Decimal
    var requested: Tier?
}

/// Base prices that an account's own charges show.
///
/// A base price is the value of which the most charges of a model are exactly the price of a class: 1, 1.7 or 2.6 times it. It
/// needs at least ``leastCharges`` charges, and must explain at least 90 % of them. Of values that explain the same number, the
/// one that agrees with the most requests counts, then the largest one, which claims the least.
package struct LearnedPrices: Sendable {
    package static let leastCharges = 5

    private var prices: [String: [String: Decimal]] = [:]
    /// The number of charges by unit.
    package private(set) var chargesByUnit: [String: Int] = [:]

    package init() {}

    package init(_ tallies: [ChargeTally]) {
        var groups: [ChargeGroup: Int] = [:]
        for tally in tallies {
            guard let amount = RecordedAmount(tally.charge) else { continue }
            chargesByUnit[amount.unit, default: 0] += tally.calls
            // Nothing can be learned from a call that was free of charge.
            guard amount.amount > 0 else { continue }
            let model = tally.model ?? ""
            let contract = SizeContract.contract(model: tally.model)
            let requested = tally.request.flatMap { $0.sizeRequest(in: contract) }.map { contract.billedTier(of: $0) }
            groups[
                ChargeGroup(model: model, unit: amount.unit, amount: amount.amount, requested: requested), default: 0
            ] += tally.calls
        }
        let bySource = Dictionary(grouping: groups) { [$0.key.model, $0.key.unit] }
        for (source, groups) in bySource {
            let contract = SizeContract.contract(model: source[0])
            prices[source[0], default: [:]][source[1]] = Self.price(
                groups.map { ($0.key, $0.value) }, contract, unit: source[1])
        }
    }

    package func price(of model: String, in unit: String) -> Decimal? { prices[model]?[unit] }

    /// The models with a learned price, by name.
    package var models: [String] { prices.filter { !$0.value.isEmpty }.keys.sorted() }

    private static func price(
        _ groups: [(group: ChargeGroup, calls: Int)], _ contract: SizeContract, unit: String
    ) -> Decimal? {
        let calls = groups.reduce(0) { $0 + $1.calls }
        guard calls >= leastCharges else { return nil }
        var byAmount: [Decimal: [(requested: Tier?, calls: Int)]] = [:]
        for (group, calls) in groups { byAmount[group.amount, default: []].append((group.requested, calls)) }
        // A value that explains 90 % of the charges explains one of the most frequent amounts.
        let frequent = byAmount.map { ($0.key, $0.value.reduce(0) { $0 + $1.calls }) }
            .sorted { ($0.1, $0.0) > ($1.1, $1.0) }.prefix(mostAmounts).map(\.0)
        let factors = Tier.allCases.map { contract.multiplier(of: $0).tenths }
        // A price is a finite decimal.
        let candidates = Set(
            frequent.flatMap { amount in
                factors.compactMap { tenths in
                    let price = amount * 10 / Decimal(tenths)
                    return price.times(tenths: tenths) == amount ? price : nil
                }
            })
        var best: (explained: Int, agreeing: Int, price: Decimal)?
        for candidate in candidates {
            var (explained, agreeing) = (0, 0)
            for tier in Tier.allCases {
                let price = RecordedAmount.price(candidate, contract.multiplier(of: tier), in: unit)
                for (requested, calls) in byAmount[price] ?? [] {
                    explained += calls
                    if requested == tier { agreeing += calls }
                }
            }
            let found = (explained, agreeing, candidate)
            if best.map({ found > ($0.explained, $0.agreeing, $0.price) }) ?? true { best = (explained, agreeing, candidate) }
        }
        guard let best, best.explained * 10 >= calls * 9 else { return nil }
        return best.price
    }

    /// The number of different amounts from which candidates are made. It bounds the time for hostile answers.
    private static let mostAmounts = 200
}
