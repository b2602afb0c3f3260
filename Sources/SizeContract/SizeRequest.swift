/// A requested size, parsed from the `size` and `resolution` of a request.
public enum SizeRequest: Sendable, Hashable {
    /// The model chooses; billed as 1K.
    case auto
    /// One cell of the table.
    case cell(SizeContract.Cell)
    /// An explicit pixel size. It may violate the contract's limits: see ``SizeContract/violations(of:)``.
    case explicit(PixelSize)
}

/// Why a requested size is invalid.
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
    /// The long side is more than `maximum` times the short side.
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
        case .unknownResolution(let text): "resolution '\(text)' is not 1K, 2K or 4K"
        case .offGrid(let side, let grid): "the side of \(side) pixels is not a multiple of \(grid)"
        case .tooFewPixels(let pixels, let minimum): "\(pixels) pixels are fewer than the minimum of \(minimum)"
        case .tooManyPixels(let pixels, let maximum): "\(pixels) pixels are more than the maximum of \(maximum)"
        case .sideTooLong(let side, let maximum): "the side of \(side) pixels is longer than \(maximum)"
        case .tooElongated(let size, let maximum): "the ratio of \(size) is more extreme than \(maximum):1"
        }
    }
}

extension SizeContract {
    /// Parses the size of a request.
    ///
    /// Accepts `auto`, `W:H`, and pixels as `WxH`, `WXH` or `W×H`, with spaces around each part. A missing or empty `size` means
    /// `auto`, the API's default. `resolution` is used only with a ratio; there, a missing or empty one means 1K.
    ///
    /// - Returns: The request. A pixel size outside the limits is still returned, because a picture delivered for it must be
    ///   judged. Check ``violations(of:)`` before you send a request.
    /// - Throws: ``SizeViolation`` for text that is not a size. Limits are not checked here.
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

    /// All reasons for which the API would reject `request`; empty for a valid request.
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

    /// The billed tier of a request: 1K for `auto`, its own tier for a cell, and the tier by number of pixels for an explicit
    /// size.
    public func billedTier(of request: SizeRequest) -> Tier {
        switch request {
        case .auto: .oneK
        case .cell(let cell): cell.tier
        case .explicit(let size): bucket(of: size)
        }
    }

    /// The pixel size that a request promises; `nil` for `auto`, because the model then chooses the size.
    public func expectedSize(of request: SizeRequest) -> PixelSize? {
        switch request {
        case .auto: nil
        case .cell(let cell): cell.size
        case .explicit(let size): size
        }
    }
}
