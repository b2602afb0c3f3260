public import ImageCodecs

/// An sRGB colour of 8 bits a component.
public struct SRGBColour: Sendable, Hashable, Codable, CustomStringConvertible {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// As written in a style sheet: `#E4572E`.
    public var description: String {
        "#"
            + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }
}

extension SRGBColour {
    /// The mean of a picture's light, weighted by alpha; black when nothing is visible.
    public init(averageOf image: PixelImage) {
        var sum = SIMD3<Double>()
        var weight = 0.0
        for start in stride(from: 0, to: image.bytes.count, by: image.channels) {
            let alpha = image.channels == 4 ? Double(image.bytes[start + 3]) / 255 : 1
            let light = SIMD3(
                Double(ToneCurve.linear[Int(image.bytes[start])]), Double(ToneCurve.linear[Int(image.bytes[start + 1])]),
                Double(ToneCurve.linear[Int(image.bytes[start + 2])]))
            sum += light * alpha
            weight += alpha
        }
        let mean = weight > 0 ? sum / weight : SIMD3()
        func encoded(_ light: Double) -> UInt8 { UInt8((255 * ToneCurve.encoded(min(max(light, 0), 1))).rounded()) }
        self.init(red: encoded(mean.x), green: encoded(mean.y), blue: encoded(mean.z))
    }
}
