/// What a model promises of its pictures' sizes, and what it charges for them.
///
/// A contract is data: another model of the same API gets another value, not other code.
public struct SizeContract: Sendable, Hashable {
    /// One documented answer: asked as a ratio and a tier, delivered as exact pixels.
    public struct Cell: Sendable, Hashable, Codable {
        public let ratio: AspectRatio
        public let tier: Tier
        public let size: PixelSize

        public init(ratio: AspectRatio, tier: Tier, size: PixelSize) {
            self.ratio = ratio
            self.tier = tier
            self.size = size
        }
    }

    /// The rules for a size asked in pixels.
    public struct Limits: Sendable, Hashable {
        /// Both sides are multiples of this many pixels.
        public let grid: Int
        /// The fewest and the most pixels in all.
        public let pixels: ClosedRange<Int>
        /// The longest side, in pixels.
        public let side: Int
        /// The long side is at most this many times the short one.
        public let elongation: Int

        public init(grid: Int, pixels: ClosedRange<Int>, side: Int, elongation: Int) {
            self.grid = grid
            self.pixels = pixels
            self.side = side
            self.elongation = elongation
        }
    }

    /// The model's name in the API.
    public let model: String
    public let cells: [Cell]
    public let limits: Limits
    /// The most pixels that a 1K picture has.
    public let largestOneK: Int
    /// The most pixels that a 2K picture has; more is 4K.
    public let largestTwoK: Int
    private let multipliers: [Tier: PriceMultiplier]

    /// - Parameter multipliers: The price factor of each tier; a tier left out costs the base price.
    public init(
        model: String, cells: [Cell], limits: Limits, largestOneK: Int, largestTwoK: Int, multipliers: [Tier: PriceMultiplier]
    ) {
        self.model = model
        self.cells = cells
        self.limits = limits
        self.largestOneK = largestOneK
        self.largestTwoK = largestTwoK
        self.multipliers = multipliers
    }

    /// The price factor of `tier`.
    public func multiplier(of tier: Tier) -> PriceMultiplier { multipliers[tier] ?? PriceMultiplier(tenths: 10) }

    /// The tier into whose pixel bucket a picture falls.
    public func bucket(of size: PixelSize) -> Tier {
        if size.pixels <= largestOneK { return .oneK }
        return size.pixels <= largestTwoK ? .twoK : .fourK
    }

    /// Whether both sides are multiples of the grid.
    public func isOnGrid(_ size: PixelSize) -> Bool {
        size.width.isMultiple(of: limits.grid) && size.height.isMultiple(of: limits.grid)
    }

    /// The documented pixels of a ratio and a tier; `nil` for a ratio that is not in the table.
    public func size(_ ratio: AspectRatio, at tier: Tier) -> PixelSize? {
        cells.first { $0.ratio == ratio && $0.tier == tier }?.size
    }

    /// The ratios of the table, each once, in the table's order.
    public var ratios: [AspectRatio] {
        var seen: Set<AspectRatio> = []
        return cells.map(\.ratio).filter { seen.insert($0).inserted }
    }

    /// The cell most like a picture of `size`: of the nearest nominal ratio first, then of the nearest number of pixels.
    ///
    /// - Returns: `nil` only for a contract without cells.
    public func nearestCell(to size: PixelSize) -> Cell? {
        cells.min { left, right in
            let (leftRatio, rightRatio) = (distance(size, to: left.ratio), distance(size, to: right.ratio))
            if leftRatio != rightRatio { return leftRatio < rightRatio }
            return spread(size.pixels, left.size.pixels) < spread(size.pixels, right.size.pixels)
        }
    }

    private func distance(_ size: PixelSize, to ratio: AspectRatio) -> Double {
        spread(size.width * ratio.height, size.height * ratio.width)
    }

    /// How many times the larger of two positive numbers is the smaller one; 1 when they are equal.
    private func spread(_ one: Int, _ other: Int) -> Double { Double(max(one, other)) / Double(min(one, other)) }
}
