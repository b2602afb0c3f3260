package import ArchiveModel
package import Foundation
import SizeContract

/// The origin of an amount of money.
package enum Origin: String, Sendable, Encodable, CaseIterable {
    /// The upstream's answer states the charge.
    case recorded
    /// Computed from the recorded request, the published rules and the given base price.
    case computed
    /// The cost is unknown; the output is in no sum.
    case unknown
}

/// The charge for one output, in the unit of its ``Pricing``.
package struct Charge: Sendable, Hashable {
    package var origin: Origin
    package var paid = Decimal.zero
    /// The amount paid for undelivered pixels: the billed tier's price minus the delivered tier's price, never negative.
    package var undelivered = Decimal.zero
    /// The refund to request: the price of undelivered pixels, and the full price of files that are not pictures.
    package var refund = Decimal.zero
    /// Whether `undelivered` and `refund` are known. They are unknown for a picture without a recorded request, even if the
    /// upstream recorded the charge.
    package var isRefundKnown = true

    package static let unknown = Charge(origin: .unknown)
}

/// The prices of calls. All amounts use decimal arithmetic, never binary fractions.
///
/// A call is charged once. If a task has several results, each gets an equal share. A remainder in millionths goes to the first
/// results, so that the shares add up to the charge.
package struct Pricing: Sendable {
    package enum Source: Sendable, Hashable {
        /// The price of a 1K picture. A call costs this price times its tier's multiplier.
        case basePrice(Decimal, currency: String)
        /// The amount that the upstream recorded with each task as `usage.credits_used`.
        case recordedCredits
    }

    package let source: Source
    private var known: [Case: Charge] = [:]

    package init(_ source: Source) { self.source = source }

    /// The unit of amounts: a currency, or `credits`.
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

    /// All facts that determine a charge.
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

    /// The charge of one output. A lost output gets no refund, because the picture was made but not fetched in time. A damaged
    /// file gets none either, unless the vendor caused the damage.
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

    /// The upstream's charge for a call that produced no picture. All of it is refundable, unless the pictures were made and
    /// lost.
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
        // An intact file that is not decoded here gives no reason for a refund, whatever was requested.
        let isRefundKnown = key.billed != nil || !key.isPicture || key.isUnread
        let paid = whole.part(key.part, of: key.parts, places: Self.places)
        let missing = undelivered.part(key.part, of: key.parts, places: Self.places)
        return Charge(
            origin: origin, paid: paid, undelivered: missing, refund: key.isPicture ? missing : paid, isRefundKnown: isRefundKnown
        )
    }

    /// Parses the credits stated by the upstream; `nil` for negative or implausible numbers.
    private static func credits(_ text: String) -> Decimal? {
        Decimal(plain: text).flatMap { (0...1_000_000_000).contains($0) ? $0 : nil }
    }

    /// The tier that a request is billed as; `nil` if the request does not determine it.
    private static func billedTier(_ request: RecordedRequest?) -> Tier? {
        guard let request else { return nil }
        let contract = SizeContract.contract(model: request.model)
        return request.sizeRequest(in: contract).map { contract.billedTier(of: $0) }
    }

    /// The number of decimal places of a share.
    private static let places = 6
}

/// The total cost of a number of outputs, in one unit.
package struct Money: Sendable, Encodable {
    /// A currency, or `credits`.
    package let unit: String
    /// The price of a 1K picture, if the amounts are computed from it.
    package let basePrice: Decimal?
    package private(set) var paid = Decimal.zero
    /// The amount paid for undelivered pixels.
    package private(set) var undelivered = Decimal.zero
    /// Refunds to request: for undelivered pixels, for files that are not pictures, and for charged calls without a picture.
    package private(set) var refund = Decimal.zero
    /// The amount paid for pictures that were made and are lost.
    package private(set) var lost = Decimal.zero
    /// Charged outputs whose refund is unknown because their request is not recorded.
    package private(set) var refundsUnknown = 0
    /// The number of outputs and calls for each origin of their amounts. The sums exclude outputs and calls of unknown cost.
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

    private enum CodingKeys: String, CodingKey { case unit, basePrice, paid, undelivered, refund, lost, refundsUnknown, origins }

    /// Encodes amounts as decimal strings, because most JSON readers convert numbers to binary fractions.
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
    /// Whether any cost is known.
    package var isKnown: Bool { (origins[.recorded] ?? 0) + (origins[.computed] ?? 0) > 0 }
}

extension Decimal {
    /// Parses a decimal number without digit grouping: `0.05`, `12`, `-3.5`, and JSON's exponent notation such as `1e-3`.
    package init?(plain text: String) {
        let digits = text.utf8
        guard !digits.isEmpty, digits.count <= 40,
            text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?/) != nil,
            let value = Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")), value.isFinite
        else { return nil }
        self = value
    }

    /// In decimal notation, with a decimal point and without digit grouping: `0.085`.
    package var plain: String { description }

    /// With the default mode, halves are rounded to the even neighbour.
    func rounded(places: Int, _ mode: NSDecimalNumber.RoundingMode = .bankers) -> Decimal {
        var (value, result) = (self, Decimal())
        unsafe NSDecimalRound(&result, &value, places, mode)
        return result
    }

    /// One of `count` equal shares. If the value does not divide evenly, the first shares are larger by one unit of the last
    /// place.
    func part(_ index: Int, of count: Int, places: Int) -> Decimal {
        guard count > 1 else { return self }
        let share = (self / Decimal(count)).rounded(places: places, .down)
        let unit = Decimal(sign: .plus, exponent: -places, significand: 1)
        let rest = self - share * Decimal(count)
        let over = rest / unit
        // A remainder smaller than one unit goes to the first share, so that nothing is lost.
        let whole = over.rounded(places: 0, .down)
        let below = index == 0 ? rest - whole * unit : 0
        return share + (Decimal(index) < whole ? unit : 0) + below
    }
}

extension Charge: Encodable {
    private enum CodingKeys: String, CodingKey { case origin, paid, undelivered, refund }

    /// Encodes amounts as decimal strings, as in ``Money``; unknown amounts are left out.
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
