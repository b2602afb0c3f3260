package import ArchiveModel
package import Foundation
package import SizeContract

/// The charge for one output compared with its request, independent of the delivery.
package enum PriceFinding: String, Sendable, Encodable, CaseIterable {
    /// The charge is the price of the requested class. Without a request on record: the price of any class.
    case asPriced = "as-priced"
    /// The charge is the price of a larger class than the requested one.
    case overcharged
    /// The charge is the price of a smaller class than the requested one, or zero.
    case undercharged
    /// The charge is not the price of any class.
    case unexplained
    /// No charge is on record, or the model's base price is unknown.
    case unknown
}

/// The party responsible when a charged call has delivered no picture. Only `vendor` leads to a refund.
package enum LossCause: String, Sendable, Encodable, CaseIterable {
    /// The API or the storage host failed until the window closed, or the call failed.
    case vendor
    /// A refused prompt or request, a policy or limit of this program, its outage, its disk, or a person's decision.
    case ours
    /// The window has not closed.
    case open
    /// No answer arrived, or no cause is on record.
    case unknown

    /// The cause of an ended output or task.
    package init(_ cause: FailureCause?) {
        self =
            switch cause {
            case .vendor: .vendor
            case .ours, .person: .ours
            case .unknown, nil: .unknown
            }
    }
}

/// Why a refund is claimed.
package enum RefundReason: String, Sendable, Encodable, CaseIterable {
    /// The charge is above the price of the requested class.
    case overcharged
    /// A smaller class than the charged one was delivered.
    case undelivered
    /// The delivered bytes are no picture.
    case noPicture
    /// The call failed.
    case failed
    /// The picture was lost.
    case lost
}

/// The charge for one output or for one call without an output.
package struct Charge: Sendable, Hashable {
    /// The origin of ``paid``.
    package var origin: Origin
    /// The unit of all amounts: `credits` or a currency.
    package var unit = PriceList.credits
    /// The charged amount; of several results of one call, each has a share.
    package var paid = Decimal.zero
    /// The charged class, according to the recorded charge.
    package var billedTier: Tier?
    package var finding = PriceFinding.unknown
    /// The amount to claim: what was charged, less the price of what was delivered. Never negative, never above ``paid``.
    package var refund = Decimal.zero
    /// The part of ``refund`` up to the price of the requested class, for a picture of a smaller class.
    package var undelivered = Decimal.zero
    /// The part of ``refund`` above the price of the requested class.
    package var overcharge = Decimal.zero
    /// The amount by which the charge is below the price of what was delivered, at most below that of what was requested.
    package var undercharge = Decimal.zero
    /// The origin of ``refund``: that of the base price, or that of the charge if nothing was delivered. ``Origin/unknown`` if
    /// the refund is unknown, because the base price is.
    package var refundOrigin = Origin.unknown
    package var reasons: [RefundReason] = []
    /// Set if the call gave no picture.
    package var cause: LossCause?

    package static let unknown = Charge(origin: .unknown)

    /// Whether the refund is known.
    package var isRefundKnown: Bool { refundOrigin != .unknown }
}

extension Charge: Encodable {
    private enum CodingKeys: String, CodingKey {
        case origin, unit, paid, charged, undelivered, overcharge, undercharge, refund, refundOrigin, reasons, finding, cause
    }

    /// Encodes amounts as decimal strings, as in ``Money``; unknown amounts are left out.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(origin, forKey: .origin)
        try container.encode(finding, forKey: .finding)
        try container.encodeIfPresent(cause, forKey: .cause)
        guard origin != .unknown else { return }
        try container.encode(unit, forKey: .unit)
        try container.encode(paid.plain, forKey: .paid)
        try container.encode(paid.plain, forKey: .charged)
        guard isRefundKnown else { return }
        try container.encode(refundOrigin, forKey: .refundOrigin)
        try container.encode(undelivered.plain, forKey: .undelivered)
        try container.encode(refund.plain, forKey: .refund)
        if overcharge > 0 { try container.encode(overcharge.plain, forKey: .overcharge) }
        if undercharge > 0 { try container.encode(undercharge.plain, forKey: .undercharge) }
        if !reasons.isEmpty { try container.encode(reasons, forKey: .reasons) }
    }
}
