public import ImageCodecs

/// A 64-bit hash that stays nearly the same when a picture is resized, recompressed or slightly retouched.
///
/// Algorithm: composite over white, resize to 32x32, and reduce to luma (Rec. 601 weights on encoded values). Compute the
/// two-dimensional DCT-II (not normalised) and keep the 8x8 lowest frequencies. Each gives one bit: 1 if the coefficient is more
/// than 32 above the median of the 64. The margin of 32 corresponds to a wave of an eighth of a level, and suppresses rounding
/// noise in flat pictures. Bit 63 is the constant term; the others follow row by row, with rising horizontal frequency.
///
/// The bit order is that of `phash` in Python's `imagehash`, but the resizing filter and the margin differ. Compare only hashes
/// made by this code.
public enum PerceptualHash {
    private static let side = 32
    private static let kept = 8
    private static let margin = 32.0

    public static func hash(_ image: PixelImage) -> UInt64 {
        let small = ImageResizer.resize(image, width: side, height: side)
        let coefficients = lowFrequencies(luma(small))
        let sorted = coefficients.sorted()
        let median = (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
        return coefficients.reduce(0) { $0 << 1 | ($1 > median + margin ? 1 : 0) }
    }

    /// The number of differing bits of 64. Up to about 10 usually means the same motif; unrelated pictures are near 32.
    public static func distance(_ one: UInt64, _ other: UInt64) -> Int { (one ^ other).nonzeroBitCount }

    private static func luma(_ image: PixelImage) -> [Double] {
        stride(from: 0, to: image.bytes.count, by: image.channels).map { start in
            let alpha = image.channels == 4 ? Double(image.bytes[start + 3]) / 255 : 1
            let value =
                0.299 * Double(image.bytes[start]) + 0.587 * Double(image.bytes[start + 1])
                + 0.114 * Double(image.bytes[start + 2])
            return value * alpha + 255 * (1 - alpha)
        }
    }

    private static func lowFrequencies(_ plane: [Double]) -> [Double] {
        let waves = (0..<kept).map { frequency in
            (0..<side).map { Mathematics.cosine(Double.pi / Double(side) * Double(frequency) * (Double($0) + 0.5)) }
        }
        let across = (0..<side).map { y in
            waves.map { wave in (0..<side).reduce(0) { $0 + plane[y * side + $1] * wave[$1] } }
        }
        return waves.flatMap { wave in
            (0..<kept).map { column in (0..<side).reduce(0) { $0 + across[$1][column] * wave[$1] } }
        }
    }
}
