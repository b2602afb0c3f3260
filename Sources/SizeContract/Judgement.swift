/// In one word: how a delivery relates to its request.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
    /// The promised pixels.
    case exact
    /// The promised pixels with the sides swapped.
    case transposed
    /// A delivery in a smaller tier's bucket than was billed.
    case undersized
    /// A delivery in a larger tier's bucket than was billed.
    case oversized
    /// Other pixels, of the promised ratio within 1 % and in the billed tier.
    case resized
    /// Other pixels and another ratio, in the billed tier.
    case reshaped
    /// A request for `auto`, answered inside the pixel budget and the 1K bucket.
    case accepted
    /// No request is on record to judge by.
    case unrequested
    /// The delivered bytes are no picture that can be read whole.
    case undecodable
    /// A whole file that is not decoded here: another format, or above the limits.
    case unread

    /// Whether nothing is to be complained of: `exact`, `accepted`, `unrequested` for want of a request, and `unread`, since
    /// nothing is known to be wrong.
    public var isClean: Bool { [.exact, .accepted, .unrequested, .unread].contains(self) }
}

/// A verdict with the figures it rests on. Facts that do not exist are `nil`.
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
    /// What the billed tier costs above the delivered one, in base prices, never negative. `nil` when either is unknown: nothing is
    /// known of a request that is not on record, and bytes that are no picture have no tier.
    public var overpaid: PriceMultiplier?
    /// For an unrequested picture: the cell of the table that it is most like.
    public var nearestCell: SizeContract.Cell?

    /// A verdict without figures.
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
    ///   - delivered: The stored pixels, before any EXIF orientation; `nil` when the bytes did not decode.
    ///   - request: What was asked; `nil` when that is not on record.
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

    /// Judges a whole file that is not decoded here. Its size is a claim of its header, so no price follows from it.
    ///
    /// - Parameters:
    ///   - delivered: What the header says; `nil` when it does not tell.
    ///   - request: What was asked; `nil` when that is not on record.
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

    /// Whether the ratio of `delivered` lies within 1 % of the ratio of `expected`, the bound included.
    private func isSameRatio(_ delivered: PixelSize, _ expected: PixelSize) -> Bool {
        let (got, asked) = (delivered.width * expected.height, delivered.height * expected.width)
        let (error, overflow) = abs(got - asked).multipliedReportingOverflow(by: 100)
        return !overflow && error <= asked
    }
}
