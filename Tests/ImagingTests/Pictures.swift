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

/// A chunk of a WebP container, padded to an even length.
func webpChunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    Array(name.utf8) + littleEndian(body.count, 4) + body + [UInt8](repeating: 0, count: body.count % 2)
}

/// A lossless WebP in the extended format, with chunks put in before and after the picture.
func webp(_ image: PixelImage, flags: UInt8, before: [UInt8] = [], after: [UInt8] = []) throws -> [UInt8] {
    let file = try ImageEncoder.webp(image, WebPSettings(isLossless: true))
    let alpha: UInt8 = image.channels == 4 ? 0x10 : 0
    let canvas = littleEndian(image.width - 1, 3) + littleEndian(image.height - 1, 3)
    let extended = webpChunk("VP8X", [flags | alpha, 0, 0, 0] + canvas)
    let body = Array("WEBP".utf8) + extended + before + Array(file[12...]) + after
    return Array("RIFF".utf8) + littleEndian(body.count, 4) + body
}

private func littleEndian(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
