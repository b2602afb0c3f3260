extension SizeContract {
    /// The contract of GPT Image 2 according to its reference page: 15 ratios in three tiers, at 1, 1.7 and 2.6 times the base
    /// price.
    public static let gptImage2 = SizeContract(
        model: "gpt-image-2-beta",
        cells: landscape.flatMap { row in
            let upright = row.cells
            guard row.ratio != row.ratio.transposed else { return upright }
            return upright + upright.map { Cell(ratio: $0.ratio.transposed, tier: $0.tier, size: $0.size.transposed) }
        },
        limits: Limits(grid: 16, pixels: 655_360...8_294_400, side: 3840, elongation: 3),
        largestOneK: 1_700_000,
        largestTwoK: 4_400_000,
        multipliers: [
            .oneK: PriceMultiplier(tenths: 10), .twoK: PriceMultiplier(tenths: 17), .fourK: PriceMultiplier(tenths: 26),
        ])

    /// All known contracts. The first one is used for tasks without a known model.
    public static let all: [SizeContract] = [gptImage2]

    /// The contract of a model by its API name; GPT Image 2's for an unknown or missing name.
    public static func contract(model: String?) -> SizeContract { all.first { $0.model == model } ?? gptImage2 }

    /// One row of the table on the reference page. Portrait ratios use the same sizes with the sides swapped.
    private struct Row {
        let ratio: AspectRatio
        let sizes: [(tier: Tier, width: Int, height: Int)]

        init(_ ratio: AspectRatio, _ oneK: (Int, Int), _ twoK: (Int, Int), _ fourK: (Int, Int)) {
            self.ratio = ratio
            self.sizes = [(.oneK, oneK.0, oneK.1), (.twoK, twoK.0, twoK.1), (.fourK, fourK.0, fourK.1)]
        }

        var cells: [Cell] {
            sizes.map { Cell(ratio: ratio, tier: $0.tier, size: PixelSize(width: $0.width, height: $0.height)) }
        }
    }

    private static let landscape = [
        Row(AspectRatio(1, 1), (1024, 1024), (2048, 2048), (2880, 2880)),
        Row(AspectRatio(2, 1), (1456, 720), (2896, 1456), (3840, 1920)),
        Row(AspectRatio(3, 1), (1776, 592), (3552, 1184), (3840, 1280)),
        Row(AspectRatio(3, 2), (1248, 832), (2512, 1680), (3520, 2352)),
        Row(AspectRatio(4, 3), (1184, 880), (2368, 1776), (3312, 2480)),
        Row(AspectRatio(5, 4), (1152, 912), (2288, 1824), (3216, 2576)),
        Row(AspectRatio(16, 9), (1360, 768), (2736, 1536), (3840, 2160)),
        Row(AspectRatio(21, 9), (1568, 672), (3136, 1344), (3840, 1632)),
    ]
}
