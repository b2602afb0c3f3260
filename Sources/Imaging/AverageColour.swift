public import ImageCodecs

/// An sRGB colour with 8 bits per component.
public struct SRGBColour: Sendable, Hashable, Codable, CustomStringConvertible {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// In CSS notation: `#E4572E`.
    public var description: String {
        "#"
            + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    }
}

extension SRGBColour {
    /// The mean of a picture's linear light, weighted by alpha; black if every pixel is fully transparent.
    public init(averageOf image: PixelImage) {
        guard image.channels == 4 else {
            self.init(averageOfOpaque: image)
            return
        }
        var sum = SIMD3<Double>()
        var weight = 0.0
        for start in stride(from: 0, to: image.bytes.count, by: image.channels) {
            let alpha = Double(image.bytes[start + 3]) / 255
            let light = SIMD3(
                Double(ToneCurve.linear[Int(image.bytes[start])]), Double(ToneCurve.linear[Int(image.bytes[start + 1])]),
                Double(ToneCurve.linear[Int(image.bytes[start + 2])]))
            sum += light * alpha
            weight += alpha
        }
        self.init(light: weight > 0 ? sum / weight : SIMD3())
    }

    private init(averageOfOpaque image: PixelImage) {
        // Counting the levels first reduces the work to 256 additions of linear light per channel.
        var counts = [Int](repeating: 0, count: 3 * 256)
        for start in stride(from: 0, to: image.bytes.count, by: 3) {
            counts[Int(image.bytes[start])] += 1
            counts[256 + Int(image.bytes[start + 1])] += 1
            counts[512 + Int(image.bytes[start + 2])] += 1
        }
        func mean(_ channel: Int) -> Double {
            let sum = (0..<256).reduce(0.0) { $0 + Double(counts[channel * 256 + $1]) * Double(ToneCurve.linear[$1]) }
            return sum / Double(image.width * image.height)
        }
        self.init(light: SIMD3(mean(0), mean(1), mean(2)))
    }

    private init(light: SIMD3<Double>) {
        func encoded(_ light: Double) -> UInt8 { UInt8((255 * ToneCurve.encoded(min(max(light, 0), 1))).rounded()) }
        self.init(red: encoded(light.x), green: encoded(light.y), blue: encoded(light.z))
    }
}
