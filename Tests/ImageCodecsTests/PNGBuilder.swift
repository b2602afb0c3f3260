/// Builds PNG files from first principles: no zlib (stored blocks), no libpng.
struct PNGBuilder {
    var width: Int
    var height: Int
    var depth: Int
    var colourType: Int
    var isInterlaced = false
    /// Samples of one pixel, each `depth` bits.
    var samples: (_ x: Int, _ y: Int) -> [Int]
    var palette: [[UInt8]] = []
    var transparency: [UInt8] = []
    var chunksBeforeData: [UInt8] = []
    var chunksAfterData: [UInt8] = []

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    func build() -> [UInt8] {
        let interlace: UInt8 = isInterlaced ? 1 : 0
        let header = Self.bigEndian(width) + Self.bigEndian(height) + [UInt8(depth), UInt8(colourType), 0, 0, interlace]
        var file = Self.signature + Self.chunk("IHDR", header)
        if !palette.isEmpty { file += Self.chunk("PLTE", palette.flatMap { $0 }) }
        if !transparency.isEmpty { file += Self.chunk("tRNS", transparency) }
        file += chunksBeforeData
        // Two IDAT chunks, cut at an odd place: a reader must join them.
        let data = Self.zlib(scanlines())
        file += Self.chunk("IDAT", Array(data.prefix(data.count / 3))) + Self.chunk("IDAT", Array(data.dropFirst(data.count / 3)))
        return file + chunksAfterData + Self.chunk("IEND", [])
    }

    func scanlines() -> [UInt8] {
        guard isInterlaced else { return pass(startX: 0, startY: 0, stepX: 1, stepY: 1) }
        // Adam7, table in section 8.2 of the specification.
        let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        return passes.flatMap { pass(startX: $0.0, startY: $0.1, stepX: $0.2, stepY: $0.3) }
    }

    private func pass(startX: Int, startY: Int, stepX: Int, stepY: Int) -> [UInt8] {
        guard startX < width else { return [] }
        var bytes: [UInt8] = []
        for y in stride(from: startY, to: height, by: stepY) {
            bytes.append(0)
            var (pending, bits) = (0, 0)
            for x in stride(from: startX, to: width, by: stepX) {
                for sample in samples(x, y) {
                    pending = pending << depth | sample
                    bits += depth
                    while bits >= 8 {
                        bytes.append(UInt8(truncatingIfNeeded: pending >> (bits - 8)))
                        bits -= 8
                    }
                    pending &= (1 << bits) - 1
                }
            }
            if bits > 0 { bytes.append(UInt8(pending << (8 - bits))) }
        }
        return bytes
    }

    static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(name.utf8) + body
        return bigEndian(body.count) + content + bigEndian(Int(crc32(content)))
    }

    static func bigEndian(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    /// A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4).
    static func zlib(_ content: [UInt8], adler: UInt32? = nil) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = content[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let size = [UInt8(block.count & 255), UInt8(block.count >> 8)]
            stream += [rest.isEmpty ? 1 : 0] + size + size.map { ~$0 } + block
        } while !rest.isEmpty
        return stream + bigEndian(Int(adler ?? adler32(content)))
    }

    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }

    static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return b << 16 | a
    }
}

extension PNGBuilder {
    /// An 8-bit RGB picture whose channels count up at different speeds.
    static func rgb(width: Int = 9, height: Int = 7, isInterlaced: Bool = false) -> PNGBuilder {
        PNGBuilder(
            width: width, height: height, depth: 8, colourType: 2, isInterlaced: isInterlaced,
            samples: { x, y in [(x * 29) & 255, (y * 37) & 255, (x * 11 + y * 17) & 255] })
    }

    var expectedRGB: [UInt8] {
        (0..<height).flatMap { y in (0..<width).flatMap { x in samples(x, y).map { UInt8($0) } } }
    }
}
