public import ImageCodecs

/// Draws pictures from a seed, for the upstream simulator, the demonstration gallery and tests.
///
/// They show recognisable scenes and are as large as generated pictures: 1 to 3 MB for a PNG of 1254x1254 pixels. On one machine
/// architecture, the same size and seed always give the same pixels.
public enum SyntheticPicture {
    /// Draws dunes, mountains at night, a still life or a poster of circles and arches, in one of several palettes.
    ///
    /// - Parameters:
    ///   - width: Width in pixels, at least 1.
    ///   - height: Height in pixels, at least 1.
    ///   - seed: Chooses scene, palette, shapes and grain.
    /// - Returns: Opaque 8-bit RGB.
    public static func make(width: Int, height: Int, seed: UInt64) -> PixelImage {
        var random = SplitMix64(state: seed)
        let scene = Scene.make(width: Float(width), height: Float(height), random: &random)
        var painter = ScenePainter(scene, width: width, height: height, random: &random)
        return painter.paint()
    }

    /// Encodes a picture with fast settings: a PNG at a low compression level, or a JPEG or WebP of good quality.
    ///
    /// - Throws: `CodecError` if the format cannot hold the picture or memory is exhausted.
    public static func encode(_ image: PixelImage, as format: ImageFormat) throws(CodecError) -> [UInt8] {
        switch format {
        case .png: try ImageEncoder.png(image, PNGSettings(level: 1, filter: .sub))
        case .jpeg: try ImageEncoder.jpeg(image, JPEGSettings(quality: 90))
        case .webp: try ImageEncoder.webp(image, WebPSettings(quality: 85, effort: 2))
        }
    }

    /// Draws and encodes in one call.
    ///
    /// - Throws: `CodecError` if the format cannot hold the picture or memory is exhausted.
    public static func make(
        width: Int, height: Int, seed: UInt64, as format: ImageFormat
    ) throws(CodecError) -> [UInt8] {
        try encode(make(width: width, height: height, seed: seed), as: format)
    }
}

/// The SplitMix64 generator by Steele, Lea and Flood: small, and every seed works well.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A value in the half-open range, with 24 random bits.
    mutating func float(_ range: Range<Float>) -> Float {
        range.lowerBound + Float(next() >> 40) / 16_777_216 * (range.upperBound - range.lowerBound)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() >> 33) % range.count
    }

    mutating func chance(_ probability: Float) -> Bool { float(0..<1) < probability }
}
