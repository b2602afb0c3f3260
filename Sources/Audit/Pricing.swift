package import ArchiveModel
package import Foundation
import SizeContract

/// How a figure of money came about.
package enum Origin: String, Sendable, Encodable, CaseIterable {
    /// The upstream's answer says what it charged.
    case recorded
    /// From the request on record, by the published rules, and the base price that was given.
    case computed
    /// Nothing is known; the output is in no sum.
    case unknown
}

/// What one output was charged, in the unit of its ``Pricing``.
package struct Charge: Sendable, Hashable {
    package var origin: Origin
    package var paid = Decimal.zero
    /// What was paid for pixels that were not delivered: the billed tier's price less that of the delivered one, never negative.
    package var undelivered = Decimal.zero
    /// What to ask back: for pixels that were not delivered, and all that was paid for bytes that are no picture.
    package var refund = Decimal.zero
    /// Whether `undelivered` and `refund` are known. Of a picture whose request is not on record they are not, even where the
    /// upstream has recorded what it charged.
    package var isRefundKnown = true

    package static let unknown = Charge(origin: .unknown)
}

/// What calls cost. All of it is decimal arithmetic; no amount is ever a binary fraction.
///
/// A call is charged once. Where a task has several results, each bears an equal part; what does not divide evenly in
/// millionths falls to the first ones, so that the parts add up to the charge.
package struct Pricing: Sendable {
    package enum Source: Sendable, Hashable {
        /// A 1K picture's price. A call costs it times its tier's multiplier.
        case basePrice(Decimal, currency: String)
        /// What the upstream recorded with each task as `usage.credits_used`.
        case recordedCredits
    }

    package let source: Source
    private var known: [Case: Charge] = [:]

    package init(_ source: Source) { self.source = source }

    /// What amounts are counted in: a currency, or `credits`.
    package var unit: String {
        switch source {
        case .basePrice(_, let currency): currency
        case .recordedCredits: "credits"
        }
    }

    package var basePrice: Decimal? {
        guard case .basePrice(let price, _) = source else { return nil }
        return price
    }

    /// All that decides over a charge.
    private struct Case: Hashable {
        var model: String?
        var billed: Tier?
        var delivered: Tier?
        var isPicture: Bool
        var isUnread: Bool
        var credits: String?
        var part: Int
        var parts: Int
    }

    /// The charge of one output. There is no refund for a lost output: the picture was made, but not fetched in time. There is none
    /// for a damaged file either, unless the vendor is the cause.
    package mutating func charge(of entry: AuditEntry) -> Charge {
        let billed = entry.judgement?.billedTier ?? Self.billedTier(entry.request)
        let isClaimed = entry.state == .archived && (entry.cause ?? .vendor) == .vendor
        let key = Case(
            model: entry.request?.model, billed: billed, delivered: entry.judgement?.deliveredTier,
            isPicture: !isClaimed || entry.judgement?.verdict != .undecodable,
            isUnread: entry.judgement?.verdict == .unread,
            credits: source == .recordedCredits ? entry.credits : nil, part: entry.id.index, parts: entry.siblings)
        if let charge = known[key] { return charge }
        let charge = charge(key)
        known[key] = charge
        return charge
    }

    /// What the upstream charged for a call that made no picture: all of it is to be asked back, but for one whose pictures were lost.
    package func charge(of task: AuditTask) -> Charge {
        guard source == .recordedCredits, let paid = task.credits.flatMap(Self.credits) else { return .unknown }
        return Charge(origin: .recorded, paid: paid, refund: task.state == .unavailable ? 0 : paid)
    }

    private func charge(_ key: Case) -> Charge {
        let contract = SizeContract.contract(model: key.model)
        func price(_ tier: Tier) -> Decimal { Decimal(contract.multiplier(of: tier).tenths) / 10 }
        let gap: Decimal =
            if let billed = key.billed, let delivered = key.delivered {
                max(0, price(billed) - price(delivered))
            } else {
                0
            }
        let (origin, whole, undelivered): (Origin, Decimal, Decimal)
        switch source {
        case .basePrice(let base, _):
            guard let billed = key.billed else { return .unknown }
            (origin, whole, undelivered) = (.computed, base * price(billed), base * gap)
        case .recordedCredits:
            guard let credits = key.credits.flatMap(Self.credits) else { return .unknown }
            let part = key.billed.map { (credits * gap / price($0)).rounded(places: Self.places) }
            (origin, whole, undelivered) = (.recorded, credits, part ?? 0)
        }
        // For a whole file that is not decoded here there is nothing to ask back, whatever was requested.
        let isRefundKnown = key.billed != nil || !key.isPicture || key.isUnread
        let paid = whole.part(key.part, of: key.parts, places: Self.places)
        let missing = undelivered.part(key.part, of: key.parts, places: Self.places)
        return Charge(
            origin: origin, paid: paid, undelivered: missing, refund: key.isPicture ? missing : paid, isRefundKnown: isRefundKnown
        )
    }

    /// What a call may cost, read from the upstream's words: a number that is negative or absurd is none.
    private static func credits(_ text: String) -> Decimal? {
        Decimal(plain: text).flatMap { (0...1_000_000_000).contains($0) ? $0 : nil }
    }

    /// The tier that a request is billed as, when it says enough.
    private static func billedTier(_ request: RecordedRequest?) -> Tier? {
        guard let request else { return nil }
        let contract = SizeContract.contract(model: request.model)
        return request.sizeRequest(in: contract).map { contract.billedTier(of: $0) }
    }

    /// To how many decimal places a part is reckoned.
    private static let places = 6
}

/// What a number of outputs comes to, in one unit.
package struct Money: Sendable, Encodable {
    /// A currency, or `credits`.
    package let unit: String
    /// Of a 1K picture, where the figures are computed from it.
    package let basePrice: Decimal?
    package private(set) var paid = Decimal.zero
    /// Paid for pixels that were not delivered.
    package private(set) var undelivered = Decimal.zero
    /// Refunds to ask for: the undelivered pixels, what is no picture, and calls that were charged and made none.
    package private(set) var refund = Decimal.zero
    /// Paid for pictures that were made and are lost.
    package private(set) var lost = Decimal.zero
    /// Outputs that were charged and of which nothing is known of a refund, since their request is not on record.
    package private(set) var refundsUnknown = 0
    /// How many outputs and calls the sums rest on, by where their figures come from; those of unknown cost are in no sum.
    package private(set) var origins: [Origin: Int] = [:]

    package init(_ pricing: Pricing) {
        unit = pricing.unit
        basePrice = pricing.basePrice
    }

    package mutating func add(_ charge: Charge, isLost: Bool = false) {
        origins[charge.origin, default: 0] += 1
        guard charge.origin != .unknown else { return }
        paid += charge.paid
        undelivered += charge.undelivered
        refund += charge.refund
        if isLost { lost += charge.paid } else if !charge.isRefundKnown { refundsUnknown += 1 }
    }

    package mutating func add(_ other: Money) {
        paid += other.paid
        undelivered += other.undelivered
        refund += other.refund
        lost += other.lost
        refundsUnknown += other.refundsUnknown
        origins.merge(other.origins, uniquingKeysWith: +)
    }

    private enum CodingKeys: String, CodingKey { case unit, basePrice, paid, undelivered, refund, lost, refundsUnknown, origins }

    /// Amounts are decimal numerals in strings: a JSON number would pass through binary fractions in most readers.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(basePrice?.plain, forKey: .basePrice)
        for (key, amount) in [(CodingKeys.paid, paid), (.undelivered, undelivered), (.refund, refund), (.lost, lost)] {
            try container.encode(amount.plain, forKey: key)
        }
        try container.encode(refundsUnknown, forKey: .refundsUnknown)
        let counts = Origin.allCases.map { ($0.rawValue, origins[$0] ?? 0) }
        try container.encode(Dictionary(uniqueKeysWithValues: counts), forKey: .origins)
    }
}

extension Money {
    /// Whether any cost is known at all.
    package var isKnown: Bool { (origins[.recorded] ?? 0) + (origins[.computed] ?? 0) > 0 }
}

extension Decimal {
    /// Reads a decimal numeral without signs of grouping: `0.05`, `12`, `-3.5`, and as JSON writes them `1e-3`.
    package init?(plain text: String) {
        let digits = text.utf8
        guard !digits.isEmpty, digits.count <= 40,
            text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?/) != nil,
            let value = Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")), value.isFinite
        else { return nil }
        self = value
    }

    /// In decimal notation, with a point and without grouping: `0.085`.
    package var plain: String { description }

    /// Halves go to the even neighbour.
    func rounded(places: Int, _ mode: NSDecimalNumber.RoundingMode = .bankers) -> Decimal {
        var (value, result) = (self, Decimal())
        unsafe NSDecimalRound(&result, &value, places, mode)
        return result
    }

    /// One of so many equal parts, the first ones larger by one of the last place where it does not divide evenly.
    func part(_ index: Int, of count: Int, places: Int) -> Decimal {
        guard count > 1 else { return self }
        let share = (self / Decimal(count)).rounded(places: places, .down)
        let unit = Decimal(sign: .plus, exponent: -places, significand: 1)
        let rest = self - share * Decimal(count)
        let over = rest / unit
        // What lies below the last place goes to the first part, so that nothing is lost.
        let whole = over.rounded(places: 0, .down)
        let below = index == 0 ? rest - whole * unit : 0
        return share + (Decimal(index) < whole ? unit : 0) + below
    }
}

extension Charge: Encodable {
    private enum CodingKeys: String, CodingKey { case origin, paid, undelivered, refund }

    /// Amounts are decimal numerals in strings, as in ``Money``; what is not known is left out.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(origin, forKey: .origin)
        guard origin != .unknown else { return }
        try container.encode(paid.plain, forKey: .paid)
        guard isRefundKnown else { return }
        try container.encode(undelivered.plain, forKey: .undelivered)
        try container.encode(refund.plain, forKey: .refund)
    }
}
