import Foundation
import SizeContract

/// Reads the format and size of a picture file from its header.
enum PictureHeader {
    static func format(of head: Data) -> PictureFormat? {
        let bytes = [UInt8](head.prefix(12))
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).elementsEqual("WEBP".utf8) { return .webp }
        return nil
    }

    /// - Returns: The size in pixels; `nil` if the header is damaged or not within `head`.
    static func size(of head: Data, format: PictureFormat) -> PixelSize? {
        let bytes = [UInt8](head)
        let sides: (width: Int, height: Int)? =
            switch format {
            case .png: png(bytes)
            case .jpeg: jpeg(bytes)
            case .webp: webp(bytes)
            }
        guard let sides, (1...65_536).contains(sides.width), (1...65_536).contains(sides.height) else { return nil }
        return PixelSize(width: sides.width, height: sides.height)
    }

    private static func png(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        guard bytes.count >= 24, bytes[12..<16].elementsEqual("IHDR".utf8) else { return nil }
        return (big(bytes, 16, 4), big(bytes, 20, 4))
    }

    /// Scans the markers up to the frame header: SOF0 to SOF15 without DHT, JPG and DAC (ISO/IEC 10918-1, table B.1).
    private static func jpeg(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        var position = 2
        while position + 9 < bytes.count {
            guard bytes[position] == 0xFF else { return nil }
            let marker = bytes[position + 1]
            if marker == 0xFF {
                position += 1
                continue
            }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return (big(bytes, position + 7, 2), big(bytes, position + 5, 2))
            }
            position += 2 + big(bytes, position + 2, 2)
        }
        return nil
    }

    private static func webp(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        guard bytes.count >= 30 else { return nil }
        switch String(decoding: bytes[12..<16], as: UTF8.self) {
        case "VP8X": return (little(bytes, 24, 3) + 1, little(bytes, 27, 3) + 1)
        case "VP8 ": return (little(bytes, 26, 2) & 0x3FFF, little(bytes, 28, 2) & 0x3FFF)
        case "VP8L":
            let bits = little(bytes, 21, 4)
            return (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        default: return nil
        }
    }

    private static func big(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
        bytes[start..<(start + count)].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func little(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
        bytes[start..<(start + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
