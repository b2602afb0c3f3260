public import ImageCodecs

extension SRGBColour {
    /// An approximation of a picture's most frequent colour: the mean of the fullest cell of a coarse colour cube.
    ///
    /// Cells are 32 levels wide and overlap by half, so that no colour is split by a cell border. Pixels are weighted by alpha.
    /// In large pictures only every few pixels are sampled. Black if every pixel is fully transparent.
    public init(dominantOf image: PixelImage) {
        var histogram = Histogram()
        let step = max(1, min(image.width, image.height) / 128)
        for y in stride(from: step / 2, to: image.height, by: step) {
            for x in stride(from: step / 2, to: image.width, by: step) {
                let index = y * image.stride + x * image.channels
                histogram.add(
                    image.bytes[index], image.bytes[index + 1], image.bytes[index + 2],
                    weight: image.channels == 4 ? Int(image.bytes[index + 3]) : 255)
            }
        }
        self = histogram.fullest()
    }
}

/// 16 steps of 16 levels for each of red, green and blue.
private struct Histogram {
    /// For each cell: the total weight, and the weighted sums of red, green and blue.
    private var cells = [SIMD4<Int>](repeating: SIMD4(), count: 16 * 16 * 16)

    mutating func add(_ red: UInt8, _ green: UInt8, _ blue: UInt8, weight: Int) {
        let cell = Int(red >> 4) << 8 | Int(green >> 4) << 4 | Int(blue >> 4)
        cells[cell] &+= SIMD4(1, Int(red), Int(green), Int(blue)) &* weight
    }

    /// The mean colour of the fullest cell. A cell spans two steps in each dimension; the first of equally full cells wins.
    func fullest() -> SRGBColour {
        var best = SIMD4<Int>()
        for red in 0..<15 {
            for green in 0..<15 {
                for blue in 0..<15 {
                    var sum = SIMD4<Int>()
                    for corner in 0..<8 {
                        sum &+= cells[(red + (corner >> 2)) << 8 | (green + (corner >> 1 & 1)) << 4 | (blue + (corner & 1))]
                    }
                    if sum[0] > best[0] { best = sum }
                }
            }
        }
        guard best[0] > 0 else { return SRGBColour(red: 0, green: 0, blue: 0) }
        func mean(_ index: Int) -> UInt8 { UInt8((2 * best[index] + best[0]) / (2 * best[0])) }
        return SRGBColour(red: mean(1), green: mean(2), blue: mean(3))
    }
}
