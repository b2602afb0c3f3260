/// A size as somebody asked for it, read from the `size` and `resolution` of a request.
public enum SizeRequest: Sendable, Hashable {
    /// The model chooses; billed as 1K.
    case auto
    /// One cell of the table.
    case cell(SizeContract.Cell)
    /// Exact pixels. They may break the contract's limits: ``SizeContract/violations(of:)`` says how.
    case explicit(PixelSize)
}

/// Why a requested size can't be had.
public enum SizeViolation: Error, Sendable, Hashable {
    /// Neither `auto`, nor a ratio, nor `WxH`.
    case unreadable(String)
    /// A ratio that is not in the table.
    case unknownRatio(String)
    /// A resolution other than `1K`, `2K` or `4K`.
    case unknownResolution(String)
    /// A side that is not a multiple of the grid, in pixels.
    case offGrid(side: Int, grid: Int)
    case tooFewPixels(Int, minimum: Int)
    case tooManyPixels(Int, maximum: Int)
    case sideTooLong(Int, maximum: Int)
    /// The long side is more than `maximum` times the short one.
    case tooElongated(PixelSize, maximum: Int)
}

extension SizeViolation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let text):
            "size '\(text)' is neither 'auto', nor a ratio such as 16:9, nor pixels such as 1024x1024"
        case .unknownRatio(let text):
            "the ratio \(text) is not offered; the ratios are "
                + SizeContract.gptImage2.ratios.map(\.description).joined(separator: " ")
        case .unknownResolution(let text): "resolution '\(text)' is none of 1K, 2K and 4K"
        case .offGrid(let side, let grid): "the side of \(side) pixels is not a multiple of \(grid)"
        case .tooFewPixels(let pixels, let minimum): "\(pixels) pixels are fewer than the least of \(minimum)"
        case .tooManyPixels(let pixels, let maximum): "\(pixels) pixels are more than the most of \(maximum)"
        case .sideTooLong(let side, let maximum): "the side of \(side) pixels is longer than \(maximum)"
        case .tooElongated(let size, let maximum): "\(size) is longer than \(maximum):1"
        }
    }
}

extension SizeContract {
    /// Reads a request's size.
    ///
    /// Accepts `auto`, `W:H` and pixels as `WxH`, `WXH` or `W×H`, with spaces around each part. A missing or empty `size`
    /// is `auto`, the API's default. `resolution` is read only for a ratio, where a missing or empty one is 1K.
    ///
    /// - Returns: The request. Pixels outside the limits are still returned, since something was delivered for them and wants
    ///   judging; ask ``violations(of:)`` before sending one.
    /// - Throws: ``SizeViolation`` for text that names no size at all. Limits are not checked here.
    public func request(size: String?, resolution: String? = nil) throws(SizeViolation) -> SizeRequest {
        let text = trimmed(size ?? "")
        if text.isEmpty || text.lowercased() == "auto" { return .auto }
        if text.contains(":") { return .cell(try cell(ratio: text, resolution: resolution)) }
        let sides = text.split(omittingEmptySubsequences: false) { $0 == "x" || $0 == "X" || $0 == "×" }
        guard sides.count == 2, let width = decimal(sides[0], digits: 9), let height = decimal(sides[1], digits: 9),
            width > 0, height > 0
        else { throw .unreadable(text) }
        return .explicit(PixelSize(width: width, height: height))
    }

    private func cell(ratio text: String, resolution: String?) throws(SizeViolation) -> Cell {
        guard let ratio = AspectRatio(parsing: text) else { throw .unreadable(text) }
        var tier = Tier.oneK
        if let resolution, !trimmed(resolution).isEmpty {
            guard let named = Tier(parsing: resolution) else { throw .unknownResolution(trimmed(resolution)) }
            tier = named
        }
        guard let size = size(ratio, at: tier) else { throw .unknownRatio(ratio.description) }
        return Cell(ratio: ratio, tier: tier, size: size)
    }

    /// Everything that makes the API refuse `request`; empty for a request that may be sent.
    public func violations(of request: SizeRequest) -> [SizeViolation] {
        guard case .explicit(let size) = request else { return [] }
        var found: [SizeViolation] = []
        for side in [size.width, size.height] where !side.isMultiple(of: limits.grid) {
            found.append(.offGrid(side: side, grid: limits.grid))
        }
        if size.pixels < limits.pixels.lowerBound {
            found.append(.tooFewPixels(size.pixels, minimum: limits.pixels.lowerBound))
        }
        if size.pixels > limits.pixels.upperBound {
            found.append(.tooManyPixels(size.pixels, maximum: limits.pixels.upperBound))
        }
        if size.longSide > limits.side { found.append(.sideTooLong(size.longSide, maximum: limits.side)) }
        if size.longSide > limits.elongation * size.shortSide {
            found.append(.tooElongated(size, maximum: limits.elongation))
        }
        return found
    }

    /// The tier a request is billed as: `auto` as 1K, a cell as its own tier, exact pixels by their number.
    public func billedTier(of request: SizeRequest) -> Tier {
        switch request {
        case .auto: .oneK
        case .cell(let cell): cell.tier
        case .explicit(let size): bucket(of: size)
        }
    }

    /// The pixels a request promises; `nil` for `auto`, which promises none.
    public func expectedSize(of request: SizeRequest) -> PixelSize? {
        switch request {
        case .auto: nil
        case .cell(let cell): cell.size
        case .explicit(let size): size
        }
    }
}
