// PNG, third edition (W3C), sections 5 and 11.
extension HeaderParser {
    static func parsePNG(_ bytes: Span<UInt8>) throws(CodecError) -> ImageHeader {
        guard bytes.count >= 33 else { throw CodecError(.truncated, .png, "the file ends inside IHDR") }
        if bytes.matches("CgBI", at: 12) { throw CodecError(.unsupported, .png, "Apple's own variant (CgBI)") }
        guard bytes.bigEndian(4, at: 8) == 13, bytes.matches("IHDR", at: 12) else {
            throw CodecError(.damaged, .png, "the first chunk is not IHDR")
        }
        guard let width = bytes.bigEndian(4, at: 16), let height = bytes.bigEndian(4, at: 20),
            1...0x7FFF_FFFF ~= width, 1...0x7FFF_FFFF ~= height
        else { throw CodecError(.damaged, .png, "IHDR gives an impossible size") }

        let (depth, colour) = (bytes[24], bytes[25])
        guard let colourType = colourType(depth: depth, colour: colour) else {
            throw CodecError(.damaged, .png, "IHDR pairs colour type \(colour) with bit depth \(depth)")
        }
        guard bytes[26] == 0, bytes[27] == 0, bytes[28] <= 1 else {
            throw CodecError(.damaged, .png, "IHDR contains an unknown compression, filter or interlace method")
        }
        var header = ImageHeader(
            format: .png, width: width, height: height, bitDepth: Int(depth), colourType: colourType,
            hasAlpha: colourType == .rgba || colourType == .greyAlpha, isInterlaced: bytes[28] == 1)
        readChunksBeforeImageData(bytes, into: &header)
        return header
    }

    private static func colourType(depth: UInt8, colour: UInt8) -> ImageHeader.ColourType? {
        switch (colour, depth) {
        case (0, 1), (0, 2), (0, 4), (0, 8), (0, 16): .grey
        case (2, 8), (2, 16): .rgb
        case (3, 1), (3, 2), (3, 4), (3, 8): .palette
        case (4, 8), (4, 16): .greyAlpha
        case (6, 8), (6, 16): .rgba
        default: nil
        }
    }

    private static func readChunksBeforeImageData(_ bytes: Span<UInt8>, into header: inout ImageHeader) {
        var chunks = PNGChunks()
        var transparency = PNGTransparency(bytes)
        var hasControl = false
        while let chunk = chunks.next(in: bytes), chunk.name != "IDAT" {
            transparency.read(chunk)
            hasControl = hasControl || chunk.name == "acTL"
        }
        header.hasAlpha = header.hasAlpha || transparency.isEffective
        if hasControl, case .sound(let frames) = PNGAnimation(bytes) {
            header.isAnimated = true
            header.frameCount = frames
        }
    }
}

/// Iterates over the chunks of a PNG. Ends without an error at the first invalid chunk.
struct PNGChunks {
    struct Chunk {
        var name: String
        /// The chunk's data, without length, name and CRC.
        var body: Range<Int>
    }

    private var offset = 8

    mutating func next(in bytes: Span<UInt8>) -> Chunk? {
        guard let length = bytes.bigEndian(4, at: offset), length <= 0x7FFF_FFFF,
            bytes.count - offset - 12 >= length
        else { return nil }
        let body = (offset + 8)..<(offset + 8 + length)
        let name = String(decoding: bytes.copy(offset + 4..<offset + 8), as: UTF8.self)
        offset = name == "IEND" ? bytes.count : body.upperBound + 4
        return Chunk(name: name, body: body)
    }
}
