/// How a delivery relates to its request.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
    /// Exactly the promised pixel size.
    case exact
    /// The promised pixel size with the sides swapped.
    case transposed
    /// The delivered size is in the pixel range of a smaller tier than the billed one.
    case undersized
    /// The delivered size is in the pixel range of a larger tier than the billed one.
    case oversized
    /// Another size, with the promised ratio within 1 % and in the billed tier.
    case resized
    /// Another size with another ratio, in the billed tier.
    case reshaped
    /// A request for `auto`, delivered with at least the minimum number of pixels and at most 1K.
    case accepted
    /// No request is recorded for comparison.
    case unrequested
    /// The delivered bytes cannot be decoded as a complete picture.
    case undecodable
    /// A complete file that is not decoded here: another format, or above the limits.
    case unread

    /// Whether there is no known fault: `exact`, `accepted`, `unrequested` (nothing to compare with) and `unread`.
    public var isClean: Bool { [.exact, .accepted, .unrequested, .unread].contains(self) }
}

/// A verdict with the numbers behind it. Unknown numbers are `nil`.
public struct Judgement: Sendable, Hashable, Codable {
    public var verdict: Verdict
    public var expected: PixelSize?
    public var delivered: PixelSize?
    /// |delivered ratio / expected ratio - 1|, where a ratio is width over height.
    public var ratioError: Double?
    /// Delivered pixels over expected pixels.
    public var pixelRatio: Double?
    /// Whether both delivered sides are multiples of the contract's grid.
    public var isOnGrid: Bool?
    public var billedTier: Tier?
    public var deliveredTier: Tier?
    /// The price of the billed tier minus that of the delivered tier, in base prices, never negative. `nil` if either is unknown:
    /// without a recorded request there is no billed tier, and bytes that are not a picture have no delivered tier.
    public var overpaid: PriceMultiplier?
    /// For a picture without a recorded request: the most similar cell of the table.
    public var nearestCell: SizeContract.Cell?

    /// A verdict without numbers.
    public init(verdict: Verdict) { self.verdict = verdict }

    private enum CodingKeys: String, CodingKey {
        case verdict, expected, delivered, ratioError, pixelRatio, billedTier, deliveredTier, nearestCell
        case isOnGrid = "onGrid"
        case overpaid = "overpaidMultiplier"
    }
}

extension SizeContract {
    /// Judges a delivery.
    ///
    /// - Parameters:
    ///   - delivered: The stored pixel size, before any EXIF orientation; `nil` if the bytes could not be decoded.
    ///   - request: The requested size; `nil` if it is not recorded.
    public func judge(delivered: PixelSize?, request: SizeRequest?) -> Judgement {
        var judgement = Judgement(verdict: .undecodable)
        judgement.billedTier = request.map(billedTier)
        judgement.expected = request.flatMap(expectedSize)
        guard let delivered else { return judgement }

        judgement.delivered = delivered
        judgement.deliveredTier = bucket(of: delivered)
        judgement.isOnGrid = isOnGrid(delivered)
        if let billed = judgement.billedTier, let got = judgement.deliveredTier {
            judgement.overpaid = max(.zero, multiplier(of: billed) - multiplier(of: got))
        }
        if let expected = judgement.expected {
            let (got, asked) = (delivered.width * expected.height, delivered.height * expected.width)
            judgement.ratioError = Double(abs(got - asked)) / Double(asked)
            judgement.pixelRatio = Double(delivered.pixels) / Double(expected.pixels)
        }
        if request == nil { judgement.nearestCell = nearestCell(to: delivered) }
        judgement.verdict = verdict(delivered: delivered, request: request)
        return judgement
    }

    /// Judges a complete file that is not decoded here. Its size is only claimed by its header, so no price is derived from it.
    ///
    /// - Parameters:
    ///   - delivered: The size stated in the header; `nil` if the header does not state it.
    ///   - request: The requested size; `nil` if it is not recorded.
    public func judgeUnread(delivered: PixelSize?, request: SizeRequest?) -> Judgement {
        var judgement = judge(delivered: delivered, request: request)
        judgement.verdict = .unread
        judgement.deliveredTier = nil
        judgement.overpaid = nil
        judgement.nearestCell = nil
        return judgement
    }

    private func verdict(delivered: PixelSize, request: SizeRequest?) -> Verdict {
        guard let request else { return .unrequested }
        let (billed, got) = (billedTier(of: request), bucket(of: delivered))
        guard let expected = expectedSize(of: request) else {
            if got > .oneK { return .oversized }
            return delivered.pixels < limits.pixels.lowerBound ? .undersized : .accepted
        }
        if delivered == expected { return .exact }
        if delivered == expected.transposed { return .transposed }
        if got < billed { return .undersized }
        if got > billed { return .oversized }
        return isSameRatio(delivered, expected) ? .resized : .reshaped
    }

    /// Whether the ratios of `delivered` and `expected` differ by at most 1 %.
    private func isSameRatio(_ delivered: PixelSize, _ expected: PixelSize) -> Bool {
        let (got, asked) = (delivered.width * expected.height, delivered.height * expected.width)
        let (error, overflow) = abs(got - asked).multipliedReportingOverflow(by: 100)
        return !overflow && error <= asked
    }
}
