package import Foundation
import SizeContract

/// Sums of charges in one unit.
package struct MoneySums: Sendable, Hashable {
    package private(set) var paid = Decimal.zero
    /// Refunds to claim.
    package private(set) var refund = Decimal.zero
    /// The part of the refunds for pictures of smaller classes than requested and charged.
    package private(set) var undelivered = Decimal.zero
    /// The part of the refunds for charges above the price of the requested class.
    package private(set) var overcharged = Decimal.zero
    /// The amount by which other charges were too low.
    package private(set) var undercharged = Decimal.zero
    /// The amount paid for pictures that were made and are lost.
    package private(set) var lost = Decimal.zero
    /// The amount paid for pictures that are not archived yet. It is in no other sum.
    package private(set) var open = Decimal.zero
    package private(set) var paidByOrigin: [Origin: Decimal] = [:]
    package private(set) var refundByOrigin: [Origin: Decimal] = [:]
    /// The amounts paid for calls without a picture.
    package private(set) var paidByCause: [LossCause: Decimal] = [:]

    package init() {}

    /// What remains to claim if amounts that were charged too low are deducted.
    package var net: Decimal { max(0, refund - undercharged) }

    mutating func add(_ charge: Charge, isLost: Bool) {
        paid += charge.paid
        refund += charge.refund
        undelivered += charge.undelivered
        overcharged += charge.overcharge
        undercharged += charge.undercharge
        if isLost { lost += charge.paid }
        paidByOrigin[charge.origin, default: 0] += charge.paid
        if charge.refund > 0 { refundByOrigin[charge.refundOrigin, default: 0] += charge.refund }
        if let cause = charge.cause { paidByCause[cause, default: 0] += charge.paid }
    }

    mutating func add(open charge: Charge) { open += charge.paid }
}

/// The total cost of a number of outputs.
package struct Money: Sendable {
    /// The unit of ``sums``: a currency, or `credits`.
    package let unit: String
    /// The given price of a 1K picture in that unit.
    package let basePrice: Decimal?
    /// Whether charges that were too low are deducted from the refunds.
    package let isNet: Bool
    package private(set) var sums = MoneySums()
    /// Sums of recorded charges that cannot be converted to ``unit``.
    package private(set) var otherUnits: [String: MoneySums] = [:]
    /// Charged outputs whose refund is unknown, because the base price is unknown.
    package private(set) var refundsUnknown = 0
    /// The number of outputs and calls for each origin of their amounts. The sums exclude outputs and calls of unknown cost.
    package private(set) var origins: [Origin: Int] = [:]
    package private(set) var findings: [PriceFinding: Int] = [:]
    /// The number of calls without a picture by cause.
    package private(set) var losses: [LossCause: Int] = [:]
    private var pricing: Pricing
    /// The models of the charged calls.
    private var models: Set<String> = []

    package init(_ pricing: Pricing, isNet: Bool = false) {
        self.pricing = pricing
        self.isNet = isNet
        unit = pricing.unit
        basePrice = pricing.list.base.flatMap { _ in pricing.base(of: "", in: pricing.unit) }?.amount
    }

    package var paid: Decimal { sums.paid }
    package var undelivered: Decimal { sums.undelivered }
    package var refund: Decimal { sums.refund }
    package var lost: Decimal { sums.lost }

    /// What to claim: ``refund``, or ``MoneySums/net``.
    package var claim: Decimal { isNet ? sums.net : sums.refund }

    package mutating func add(_ charge: Charge, model: String? = nil, isLost: Bool = false) {
        origins[charge.origin, default: 0] += 1
        findings[charge.finding, default: 0] += 1
        if let cause = charge.cause { losses[cause, default: 0] += 1 }
        models.insert(model ?? "")
        guard charge.origin != .unknown else { return }
        if charge.unit == unit {
            sums.add(charge, isLost: isLost)
        } else {
            otherUnits[charge.unit, default: MoneySums()].add(charge, isLost: isLost)
        }
        if !isLost && !charge.isRefundKnown { refundsUnknown += 1 }
    }

    /// Adds an output that is not archived yet.
    package mutating func add(open charge: Charge) {
        losses[.open, default: 0] += 1
        guard charge.origin != .unknown else { return }
        if charge.unit == unit { sums.add(open: charge) } else { otherUnits[charge.unit, default: MoneySums()].add(open: charge) }
    }

    /// Whether any cost is known.
    package var isKnown: Bool { origins.contains { $0.key != .unknown && $0.value > 0 } }

    /// A model's base price, as far as it is known.
    package struct ModelPrice: Sendable, Encodable {
        package var model: String?
        package var price: String?
        package var unit: String?
        /// `computed` for a given price.
        package var origin: Origin
    }

    /// The base prices of all models in these sums, in credits where they are known in credits.
    package var basePrices: [ModelPrice] {
        models.sorted().map { model in
            let name = model.isEmpty ? nil : model
            for unit in [PriceList.credits, unit, PriceList.upstreamCurrency] {
                guard let base = pricing.base(of: model, in: unit) else { continue }
                return ModelPrice(model: name, price: base.amount.plain, unit: unit, origin: base.origin)
            }
            return ModelPrice(model: name, origin: .unknown)
        }
    }
}

extension Money: Encodable {
    private enum CodingKeys: String, CodingKey {
        case unit, basePrice, basePrices, refundsUnknown, origins, findings, losses, otherUnits
    }

    /// Encodes amounts as decimal strings, because most JSON readers convert numbers to binary fractions.
    package func encode(to encoder: any Encoder) throws {
        try sums.encode(to: encoder, isNet: isNet)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(basePrice?.plain, forKey: .basePrice)
        try container.encode(basePrices, forKey: .basePrices)
        try container.encode(refundsUnknown, forKey: .refundsUnknown)
        try container.encode(Self.counts(origins), forKey: .origins)
        try container.encode(Self.counts(findings), forKey: .findings)
        try container.encode(Self.counts(losses), forKey: .losses)
        if !otherUnits.isEmpty {
            try container.encode(
                otherUnits.sorted { $0.key < $1.key }.map { Other(unit: $0.key, sums: $0.value, isNet: isNet) },
                forKey: .otherUnits)
        }
    }

    private static func counts<Key: RawRepresentable & CaseIterable & Hashable>(_ counts: [Key: Int]) -> [String: Int]
    where Key.RawValue == String {
        Dictionary(uniqueKeysWithValues: Key.allCases.map { ($0.rawValue, counts[$0] ?? 0) })
    }

    private struct Other: Encodable {
        var unit: String
        var sums: MoneySums
        var isNet: Bool

        private enum CodingKeys: CodingKey { case unit }

        func encode(to encoder: any Encoder) throws {
            try sums.encode(to: encoder, isNet: isNet)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(unit, forKey: .unit)
        }
    }
}

extension MoneySums {
    private enum CodingKeys: CodingKey {
        case paid, charged, undelivered, overcharged, undercharged, refund, net, lost, open, paidByOrigin, refundByOrigin
        case paidByCause
    }

    func encode(to encoder: any Encoder, isNet: Bool) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let amounts = [
            (CodingKeys.paid, paid), (.charged, paid), (.undelivered, undelivered), (.overcharged, overcharged),
            (.undercharged, undercharged), (.refund, refund), (.lost, lost), (.open, open),
        ]
        for (key, amount) in amounts { try container.encode(amount.plain, forKey: key) }
        if isNet { try container.encode(net.plain, forKey: .net) }
        func texts<Key: RawRepresentable>(_ amounts: [Key: Decimal]) -> [String: String] where Key.RawValue == String {
            Dictionary(uniqueKeysWithValues: amounts.map { ($0.key.rawValue, $0.value.plain) })
        }
        try container.encode(texts(paidByOrigin), forKey: .paidByOrigin)
        try container.encode(texts(refundByOrigin), forKey: .refundByOrigin)
        try container.encode(texts(paidByCause), forKey: .paidByCause)
    }
}
