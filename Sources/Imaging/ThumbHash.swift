public import ImageCodecs

/// Evan Wallace's ThumbHash: a blurred placeholder for a picture, in about 25 bytes.
///
/// For the same pixels, the bytes equal those of the published reference implementation.
public enum ThumbHash {
    /// The largest side that the algorithm accepts, in pixels.
    public static let maxSide = 100

    /// Hashes a picture of any size. If its long side exceeds 100 pixels, it is first resized to 100 pixels.
    ///
    /// - Returns: 5 bytes plus the varying terms; 6 bytes plus more terms if a pixel is not opaque.
    public static func hash(_ image: PixelImage) -> [UInt8] {
        let size = ImageResizer.fitted(width: image.width, height: image.height, side: maxSide)
        let small =
            size == (image.width, image.height) ? image : ImageResizer.resize(image, width: size.width, height: size.height)
        let planes = Planes(small)

        let long = Double(max(small.width, small.height))
        let limit = planes.hasAlpha ? 5.0 : 7.0
        let columns = max(1, rounded(limit * Double(small.width) / long))
        let rows = max(1, rounded(limit * Double(small.height) / long))
        let luminance = ChannelWaves(planes.luminance, planes, terms: max(3, columns), max(3, rows))
        let yellow = ChannelWaves(planes.yellowBlue, planes, terms: 3, 3)
        let red = ChannelWaves(planes.redGreen, planes, terms: 3, 3)
        let alpha = planes.hasAlpha ? ChannelWaves(planes.alpha, planes, terms: 5, 5) : nil

        let isLandscape = small.width > small.height
        let head =
            rounded(63 * luminance.constant) | rounded(31.5 + 31.5 * yellow.constant) << 6
            | rounded(31.5 + 31.5 * red.constant) << 12 | rounded(31 * luminance.scale) << 18 | (alpha == nil ? 0 : 1) << 23
        let tail =
            (isLandscape ? rows : columns) | rounded(63 * yellow.scale) << 3 | rounded(63 * red.scale) << 9
            | (isLandscape ? 1 : 0) << 15
        var hash = [head, head >> 8, head >> 16, tail, tail >> 8].map { UInt8(truncatingIfNeeded: $0) }
        if let alpha { hash.append(UInt8(rounded(15 * alpha.constant) | rounded(15 * alpha.scale) << 4)) }

        let channels = [luminance, yellow, red] + (alpha.map { [$0] } ?? [])
        let nibbles = channels.flatMap(\.terms).map { UInt8(rounded(15 * $0)) }
        for index in stride(from: 0, to: nibbles.count, by: 2) {
            hash.append(nibbles[index] | (index + 1 < nibbles.count ? nibbles[index + 1] << 4 : 0))
        }
        return hash
    }

    /// Rounds half up, as in the reference implementation; the values are never negative.
    private static func rounded(_ value: Double) -> Int { Int((value + 0.5).rounded(.down)) }
}

/// The picture composited over its own average colour, split into luminance, two colour differences and alpha.
private struct Planes {
    let width: Int
    let height: Int
    let hasAlpha: Bool
    private(set) var luminance: [Double] = []
    private(set) var yellowBlue: [Double] = []
    private(set) var redGreen: [Double] = []
    private(set) var alpha: [Double] = []

    init(_ image: PixelImage) {
        width = image.width
        height = image.height
        var average = SIMD3<Double>()
        var opacity = 0.0
        Self.forEachPixel(image) { colour, alpha in
            average += colour * alpha
            opacity += alpha
        }
        if opacity > 0 { average /= opacity }
        hasAlpha = opacity < Double(width * height)
        Self.forEachPixel(image) { pixel, alpha in
            let colour = average * (1 - alpha) + pixel * alpha
            luminance.append((colour.x + colour.y + colour.z) / 3)
            yellowBlue.append((colour.x + colour.y) / 2 - colour.z)
            redGreen.append(colour.x - colour.y)
            self.alpha.append(alpha)
        }
    }

    private static func forEachPixel(_ image: PixelImage, _ body: (SIMD3<Double>, Double) -> Void) {
        for start in stride(from: 0, to: image.bytes.count, by: image.channels) {
            let colour = SIMD3(
                Double(image.bytes[start]), Double(image.bytes[start + 1]), Double(image.bytes[start + 2]))
            body(colour / 255, image.channels == 4 ? Double(image.bytes[start + 3]) / 255 : 1)
        }
    }
}

/// The cosine terms of one plane: the constant term, and the varying terms scaled to 0...1.
private struct ChannelWaves {
    private(set) var constant = 0.0
    private(set) var terms: [Double] = []
    private(set) var scale = 0.0

    init(_ plane: [Double], _ planes: Planes, terms columns: Int, _ rows: Int) {
        for row in 0..<rows {
            let down = Self.wave(row, planes.height)
            // Only the triangle of low frequencies is kept.
            for column in 0..<columns where column * rows < columns * (rows - row) {
                let across = Self.wave(column, planes.width)
                var sum = 0.0
                for y in 0..<planes.height {
                    for x in 0..<planes.width { sum += plane[y * planes.width + x] * across[x] * down[y] }
                }
                sum /= Double(planes.width * planes.height)
                if row == 0 && column == 0 {
                    constant = sum
                } else {
                    terms.append(sum)
                    scale = max(scale, abs(sum))
                }
            }
        }
        if scale > 0 { terms = terms.map { 0.5 + 0.5 / scale * $0 } }
    }

    private static func wave(_ frequency: Int, _ count: Int) -> [Double] {
        (0..<count).map { Mathematics.cosine(Double.pi / Double(count) * Double(frequency) * (Double($0) + 0.5)) }
    }
}
