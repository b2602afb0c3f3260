/// The picture sizes that a model promises, and their prices.
///
/// A contract is pure data: another model of the same API needs only another value, no other code.
public struct SizeContract: Sendable, Hashable {
    /// One row of the documented table: a requested ratio and tier, and the pixel size delivered for them.
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

    /// The rules for a size requested in pixels.
    public struct Limits: Sendable, Hashable {
        /// Both sides must be multiples of this many pixels.
        public let grid: Int
        /// The minimum and maximum total number of pixels.
        public let pixels: ClosedRange<Int>
        /// The maximum length of a side, in pixels.
        public let side: Int
        /// The maximum ratio of the long side to the short side.
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
    /// The maximum number of pixels of a 1K picture.
    public let largestOneK: Int
    /// The maximum number of pixels of a 2K picture; a larger one is 4K.
    public let largestTwoK: Int
    private let multipliers: [Tier: PriceMultiplier]

    /// - Parameter multipliers: The price factor of each tier; an omitted tier costs the base price.
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

    /// The tier whose pixel range contains `size`.
    public func bucket(of size: PixelSize) -> Tier {
        if size.pixels <= largestOneK { return .oneK }
        return size.pixels <= largestTwoK ? .twoK : .fourK
    }

    /// Whether both sides are multiples of the grid.
    public func isOnGrid(_ size: PixelSize) -> Bool {
        size.width.isMultiple(of: limits.grid) && size.height.isMultiple(of: limits.grid)
    }

    /// The documented pixel size for a ratio and a tier; `nil` for a ratio that is not in the table.
    public func size(_ ratio: AspectRatio, at tier: Tier) -> PixelSize? {
        cells.first { $0.ratio == ratio && $0.tier == tier }?.size
    }

    /// The distinct ratios of the table, in table order.
    public var ratios: [AspectRatio] {
        var seen: Set<AspectRatio> = []
        return cells.map(\.ratio).filter { seen.insert($0).inserted }
    }

    /// The cell most similar to `size`: the nearest nominal ratio counts first, then the nearest number of pixels.
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

    /// The larger of two positive numbers divided by the smaller one; 1 if they are equal.
    private func spread(_ one: Int, _ other: Int) -> Double { Double(max(one, other)) / Double(min(one, other)) }
}
