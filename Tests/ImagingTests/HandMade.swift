/// Files of one colour, put together from first principles.
enum HandMade {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func bigEndian(_ value: Int, _ size: Int = 4) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// An 8x8 PNG, uncompressed.
    ///
    /// - Parameters:
    ///   - type: The colour type: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA.
    ///   - pixel: The samples of each pixel.
    ///   - chunks: What comes between IHDR and IDAT.
    static func png(type: Int, depth: Int = 8, pixel: [Int], chunks: [UInt8] = []) -> [UInt8] {
        let samples: [UInt8] = pixel.flatMap { bigEndian($0, depth / 8) }
        let row: [UInt8] = [0] + [[UInt8]](repeating: samples, count: 8).joined()
        let rows = [UInt8]([[UInt8]](repeating: row, count: 8).joined())
        let header = bigEndian(8) + bigEndian(8) + [UInt8(depth), UInt8(type), 0, 0, 0]
        return signature + chunk("IHDR", header) + chunks
            + chunk("IDAT", zlib(rows)) + chunk("IEND", [])
    }

    static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(name.utf8) + body
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in content {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return bigEndian(body.count) + content + bigEndian(Int(~crc))
    }

    /// One stored block (RFC 1951, section 3.2.4) of less than 65,536 bytes.
    static func zlib(_ content: [UInt8]) -> [UInt8] {
        var (a, b) = (1, 0)
        for byte in content {
            a = (a + Int(byte)) % 65_521
            b = (b + a) % 65_521
        }
        let size = [UInt8(content.count & 255), UInt8(content.count >> 8)]
        return [0x78, 0x01, 1] + size + size.map { ~$0 } + content + bigEndian(b << 16 | a)
    }

    static func iCCP(_ profile: [UInt8]) -> [UInt8] { chunk("iCCP", [0x70, 0, 0] + zlib(profile)) }

    static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] { [0xFF, marker] + bigEndian(body.count + 2, 2) + body }

    /// A JPEG of one 8x8 block (T.81, annexes B and F): each component has its mean and nothing else.
    ///
    /// - Parameters:
    ///   - values: The stored value of each component.
    ///   - adobe: The transform that Adobe's segment names; nil leaves the segment out.
    static func jpeg(_ values: [Int], adobe: Int? = nil, segments: [UInt8] = []) -> [UInt8] {
        var bits: [Int] = []
        for value in values {
            // A mean of v above 128 is a coefficient of 8v, and every step of the table is 8.
            let coefficient = value - 128
            let size = Int.bitWidth - abs(coefficient).leadingZeroBitCount
            let stored = coefficient < 0 ? coefficient + (1 << size) - 1 : coefficient
            bits += (0..<4).reversed().map { size >> $0 & 1 }
            bits += (0..<size).reversed().map { stored >> $0 & 1 }
            bits.append(0)
        }
        bits += [Int](repeating: 1, count: (8 - bits.count % 8) % 8)
        let data: [UInt8] = stride(from: 0, to: bits.count, by: 8).flatMap { start -> [UInt8] in
            let byte = UInt8(bits[start..<start + 8].reduce(0) { $0 << 1 | $1 })
            return byte == 0xFF ? [0xFF, 0] : [byte]
        }
        let ids: [UInt8] = (1...values.count).map { UInt8($0) }
        let frame: [UInt8] = [8, 0, 8, 0, 8, UInt8(values.count)] + ids.flatMap { [$0, 0x11, 0] as [UInt8] }
        let scan: [UInt8] = [UInt8(values.count)] + ids.flatMap { [$0, 0] as [UInt8] } + [0, 63, 0]
        // Nine codes of four bits for the sizes 0 to 8, and one of one bit for the end of a block.
        let sizes: [UInt8] = [0x00, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 12) + [0, 1, 2, 3, 4, 5, 6, 7, 8]
        let ends: [UInt8] = [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0]
        var file: [UInt8] = [0xFF, 0xD8] + segments
        if let adobe { file += segment(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, UInt8(adobe)]) }
        file += segment(0xDB, [0] + [UInt8](repeating: 8, count: 64)) + segment(0xC0, frame)
        file += segment(0xC4, sizes) + segment(0xC4, ends) + segment(0xDA, scan)
        return file + data + [0xFF, 0xD9]
    }

    static func iccSegment(_ profile: [UInt8]) -> [UInt8] {
        segment(0xE2, Array("ICC_PROFILE".utf8) + [0, 1, 1] + profile)
    }

    /// An ICC profile of version 2 (ICC.1:2001, sections 6.1 to 6.3).
    static func profile(_ kind: String, _ space: String, pcs: String, tags: [(name: String, body: [UInt8])]) -> [UInt8] {
        let white = bigEndian(0xF6D6) + bigEndian(0x10000) + bigEndian(0xD32D)
        let tags = tags + [("wtpt", Array("XYZ ".utf8) + bigEndian(0) + white)]
        var (table, data) = (bigEndian(tags.count), [UInt8]())
        for tag in tags {
            table += Array(tag.name.utf8) + bigEndian(128 + 4 + 12 * tags.count + data.count) + bigEndian(tag.body.count)
            data += tag.body + [UInt8](repeating: 0, count: (4 - tag.body.count % 4) % 4)
        }
        var header = bigEndian(128 + table.count + data.count) + bigEndian(0) + bigEndian(0x0240_0000)
        header += Array((kind + space + pcs).utf8) + [UInt8](repeating: 0, count: 12) + Array("acsp".utf8)
        header += [UInt8](repeating: 0, count: 28) + white
        return header + [UInt8](repeating: 0, count: 128 - header.count) + table + data
    }

    /// Grey whose values are light itself: a curve without entries.
    static let linearGrey = profile(
        "mntr", "GRAY", pcs: "XYZ ", tags: [("kTRC", Array("curv".utf8) + bigEndian(0) + bigEndian(0))])

    /// Inks by a table (`lut8Type`) of two steps each way: CIELAB for paper, cyan, magenta; all other mixtures without black
    /// are L* 20, and those with black are L* 0.
    static let inks: [UInt8] = {
        let identity = (0...255).map { UInt8($0) }
        var grid: [UInt8] = []
        for corner in 0..<16 {
            switch corner {
            case 0b0000: grid += [255, 128, 128]
            case 0b1000: grid += [153, 108, 88]
            case 0b0100: grid += [127, 188, 128]
            default: grid += corner & 1 == 1 ? [0, 128, 128] : [51, 128, 128]
            }
        }
        let matrix: [UInt8] = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000].flatMap { bigEndian($0) }
        var table = Array("mft1".utf8) + bigEndian(0) + [4, 3, 2, 0] + matrix
        for _ in 0..<4 { table += identity }
        table += grid
        for _ in 0..<3 { table += identity }
        return profile("scnr", "CMYK", pcs: "Lab ", tags: [("A2B0", table)])
    }()
}
