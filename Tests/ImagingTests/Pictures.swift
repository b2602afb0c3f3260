import Foundation
import ImageCodecs

/// A picture from a rule for each pixel: three values, or four with alpha.
func picture(_ width: Int, _ height: Int, _ pixel: (_ x: Int, _ y: Int) -> [Int]) -> PixelImage {
    var bytes: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width { bytes += pixel(x, y).map { UInt8(truncatingIfNeeded: $0) } }
    }
    return PixelImage(width: width, height: height, channels: bytes.count / (width * height), bytes: bytes)
}

/// The sRGB curve as IEC 61966-2-1 states it.
enum SRGB {
    static func light(_ value: UInt8) -> Double {
        let share = Double(value) / 255
        return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }

    /// The inverse of `light`, by bisection.
    static func level(_ light: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            let value = middle <= 0.04045 ? middle / 12.92 : pow((middle + 0.055) / 1.055, 2.4)
            if value < light { low = middle } else { high = middle }
        }
        return 255 * low
    }
}
