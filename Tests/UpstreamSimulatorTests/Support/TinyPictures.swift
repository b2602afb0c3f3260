import NIOConcurrencyHelpers

@testable import UpstreamSimulator

/// Writes valid PNGs, 1 bit grey, by hand; JPEG and WebP are the first bytes of such files with a name behind them.
final class TinyPictures: PictureSource {
    private let made = NIOLockedValueBox(0)

    /// How many pictures were asked for.
    var count: Int { made.withLockedValue { $0 } }

    func picture(width: Int, height: Int, format: String, seed: UInt64) async throws -> [UInt8] {
        made.withLockedValue { $0 += 1 }
        switch format {
        case "jpeg": return [0xFF, 0xD8, 0xFF, 0xE0] + Array("\(width)x\(height) \(seed)".utf8)
        case "webp": return Array("RIFF....WEBP\(width)x\(height) \(seed)".utf8)
        default: return Self.png(width: width, height: height, seed: seed)
        }
    }

    /// Pictures of one size share their pixels, and have the seed in a text of their own: checksums take long without optimisation.
    static func png(width: Int, height: Int, seed: UInt64) -> [UInt8] {
        let pixels = shared.withLockedValue { shared in
            let known = shared["\(width)x\(height)"] ?? idat(width: width, height: height)
            shared["\(width)x\(height)"] = known
            return known
        }
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", bigEndian(width) + bigEndian(height) + [1, 0, 0, 0, 0])
        file += chunk("tEXt", Array("Comment\0\(seed)".utf8))
        return file + pixels + chunk("IEND", [])
    }

    private static let shared = NIOLockedValueBox<[String: [UInt8]]>([:])

    private static func idat(width: Int, height: Int) -> [UInt8] {
        let row = [UInt8(0)] + [UInt8](repeating: 0x5A, count: (width + 7) / 8)
        let pixels = Array(repeatElement(row, count: height).joined())
        return chunk("IDAT", zlib(pixels))
    }

    /// Stored blocks (RFC 1951, section 3.2.4) in a zlib wrapper (RFC 1950).
    private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        var start = 0
        while start < bytes.count {
            let end = min(start + 65_535, bytes.count)
            let size = end - start
            out += [end == bytes.count ? 1 : 0, UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8 & 255)]
            out += bytes[start..<end]
            start = end
        }
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return out + bigEndian(high << 16 | low)
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in body { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
        return bigEndian(data.count) + body + bigEndian(Int(~crc))
    }

    private static let table: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    private static func bigEndian(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(number >> $0 & 255) } }
}
