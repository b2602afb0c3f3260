internal import Foundation

/// Converts a ThumbHash to an image of 4 x 4 pixels, which the browser enlarges into a blur. For pages without JavaScript.
enum TinyPlaceholder {
    private static let side = 4

    /// - Parameter thumbHash: Base64.
    /// - Returns: A `data:` URL of about 200 characters; `nil` for invalid text. Also `nil` for pictures with transparency,
    ///   through which the placeholder would be visible.
    static func dataURL(thumbHash: String) -> String? {
        guard let data = Data(base64Encoded: thumbHash), let pixels = pixels(thumbHash: [UInt8](data)) else { return nil }
        return "data:image/png;base64," + Data(png(pixels: pixels)).base64EncodedString()
    }

    /// Red, green and blue of each pixel, row by row. Follows the decoder of the ThumbHash reference, without alpha.
    private static func pixels(thumbHash hash: [UInt8]) -> [UInt8]? {
        guard hash.count >= 5 else { return nil }
        let head = Int(hash[0]) | Int(hash[1]) << 8 | Int(hash[2]) << 16
        let tail = Int(hash[3]) | Int(hash[4]) << 8
        guard head >> 23 == 0 else { return nil }
        let isLandscape = tail >> 15 == 1
        var coefficients = Coefficients(nibbles: hash.dropFirst(5))
        let luminance = coefficients.channel(
            mean: Double(head & 63) / 63, scale: Double((head >> 18) & 31) / 31,
            columns: max(3, isLandscape ? 7 : tail & 7), rows: max(3, isLandscape ? tail & 7 : 7))
        let yellowBlue = coefficients.channel(
            mean: Double((head >> 6) & 63) / 31.5 - 1, scale: Double((tail >> 3) & 63) / 63 * 1.25, columns: 3, rows: 3)
        let redGreen = coefficients.channel(
            mean: Double((head >> 12) & 63) / 31.5 - 1, scale: Double((tail >> 9) & 63) / 63 * 1.25, columns: 3, rows: 3)
        guard coefficients.isComplete else { return nil }

        var pixels: [UInt8] = []
        for y in 0..<side {
            for x in 0..<side {
                let (l, p, q) = (luminance.value(x, y, side), yellowBlue.value(x, y, side), redGreen.value(x, y, side))
                let blue = l - 2.0 / 3 * p
                let red = (3 * l - blue + q) / 2
                for sample in [red, red - q, blue] { pixels.append(UInt8(max(0, min(255, (sample * 255).rounded())))) }
            }
        }
        return pixels
    }

    /// Reads the hash's four-bit cosine coefficients in order.
    private struct Coefficients {
        private let nibbles: [UInt8]
        private var position = 0
        private(set) var isComplete = true

        init(nibbles bytes: ArraySlice<UInt8>) { nibbles = bytes.flatMap { [$0 & 15, $0 >> 4] } }

        mutating func channel(mean: Double, scale: Double, columns: Int, rows: Int) -> ChannelWaves {
            var waves: [ChannelWaves.Wave] = []
            for y in 0..<rows {
                var x = y == 0 ? 1 : 0
                while x * rows < columns * (rows - y) {
                    waves.append(ChannelWaves.Wave(x: x, y: y, weight: next() * scale))
                    x += 1
                }
            }
            return ChannelWaves(mean: mean, waves: waves)
        }

        private mutating func next() -> Double {
            guard position < nibbles.count else {
                isComplete = false
                return 0
            }
            defer { position += 1 }
            return Double(nibbles[position]) / 7.5 - 1
        }
    }

    private struct ChannelWaves {
        struct Wave {
            let x: Int
            let y: Int
            let weight: Double
        }

        let mean: Double
        let waves: [Wave]

        func value(_ x: Int, _ y: Int, _ side: Int) -> Double {
            let (column, row) = ((Double(x) + 0.5) / Double(side) * .pi, (Double(y) + 0.5) / Double(side) * .pi)
            return waves.reduce(mean) { $0 + $1.weight * cos(column * Double($1.x)) * cos(row * Double($1.y)) * 2 }
        }
    }

    /// Encodes a PNG with one uncompressed block; compressing 52 bytes would gain nothing.
    private static func png(pixels: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        for row in 0..<side { lines += [0] + pixels[row * side * 3..<(row + 1) * side * 3] }
        let length = UInt8(lines.count)
        let stream: [UInt8] = [0x78, 0x01, 0x01, length, 0, ~length, 0xFF] + lines + bigEndian(adler32(lines))
        let header = bigEndian(UInt32(side)) + bigEndian(UInt32(side)) + [8, 2, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", stream)
            + chunk("IEND", [])
    }

    private static func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
        bigEndian(UInt32(body.count)) + kind.utf8 + body + bigEndian(crc32(Array(kind.utf8) + body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
