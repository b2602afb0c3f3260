// WebP container specification; RFC 6386 section 9.1 (VP8) and the WebP lossless bitstream specification (VP8L).
extension HeaderParser {
    static func parseWebP(_ bytes: Span<UInt8>) throws(CodecError) -> ImageHeader {
        var chunks = try WebPChunks(bytes)
        guard let first = try chunks.next(in: bytes) else { throw CodecError(.damaged, .webp, "the container is empty") }
        guard first.name == "VP8X" else { return try bitstreamHeader(bytes, first) }

        let start = first.body.lowerBound
        guard let flags = bytes.byte(at: start), let width = bytes.littleEndian(3, at: start + 4),
            let height = bytes.littleEndian(3, at: start + 7), first.body.count >= 10
        else { throw CodecError(.damaged, .webp, "the VP8X chunk is too short") }
        var header = ImageHeader(
            format: .webp, width: width + 1, height: height + 1, bitDepth: 8, colourType: .yCbCr, hasAlpha: flags & 0x10 != 0,
            isAnimated: flags & 0x02 != 0)
        try readImageChunks(bytes, &chunks, into: &header)
        return header
    }

    private static func readImageChunks(
        _ bytes: Span<UInt8>, _ chunks: inout WebPChunks, into header: inout ImageHeader
    ) throws(CodecError) {
        var frames = 0
        while let chunk = try chunks.next(in: bytes) {
            if chunk.name == "ANMF" { frames += 1 }
            guard chunk.name == "VP8 " || chunk.name == "VP8L", !header.isAnimated else { continue }
            let image = try bitstreamHeader(bytes, chunk)
            guard image.width == header.width, image.height == header.height else {
                throw CodecError(
                    .damaged, .webp,
                    "the canvas is \(header.width)x\(header.height), the picture \(image.width)x\(image.height)")
            }
            header.colourType = image.colourType
            frames += 1
        }
        guard frames > 0 else { throw CodecError(.damaged, .webp, "the container has no picture") }
        header.frameCount = header.isAnimated ? frames : 1
    }

    private static func bitstreamHeader(_ bytes: Span<UInt8>, _ chunk: WebPChunks.Chunk) throws(CodecError) -> ImageHeader {
        let start = chunk.body.lowerBound
        switch chunk.name {
        case "VP8 " where chunk.body.count >= 10 && bytes.matches([0x9D, 0x01, 0x2A], at: start + 3):
            let width = (bytes.littleEndian(2, at: start + 6) ?? 0) & 0x3FFF
            let height = (bytes.littleEndian(2, at: start + 8) ?? 0) & 0x3FFF
            guard width > 0, height > 0 else { break }
            return ImageHeader(
                format: .webp, width: width, height: height, bitDepth: 8, colourType: .yCbCr, hasAlpha: false)
        case "VP8L" where chunk.body.count >= 5 && bytes[start] == 0x2F:
            let bits = bytes.littleEndian(4, at: start + 1) ?? 0
            let hasAlpha = bits >> 28 & 1 == 1
            return ImageHeader(
                format: .webp, width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1, bitDepth: 8,
                colourType: hasAlpha ? .rgba : .rgb, hasAlpha: hasAlpha)
        default:
            break
        }
        throw CodecError(.damaged, .webp, "the \(chunk.name.debugDescription) chunk is not a picture header")
    }
}

/// Iterates over the chunks of a WebP file, within the length that the container states.
struct WebPChunks {
    struct Chunk {
        var name: String
        /// The chunk's data, without name, length and padding.
        var body: Range<Int>
    }

    /// The end offset of the container; bytes after it are not part of the picture.
    let end: Int
    private var offset = 12

    init(_ bytes: Span<UInt8>) throws(CodecError) {
        guard let size = bytes.littleEndian(4, at: 4), bytes.count >= 12 else {
            throw CodecError(.truncated, .webp, "the file ends inside the container header")
        }
        guard size >= 4 else { throw CodecError(.damaged, .webp, "the container is shorter than its header") }
        guard bytes.count - 8 >= size else {
            throw CodecError(.truncated, .webp, "\(bytes.count) bytes of \(size + 8)")
        }
        end = size + 8
    }

    init(_ body: Range<Int>) {
        offset = body.lowerBound
        end = body.upperBound
    }

    mutating func next(in bytes: Span<UInt8>) throws(CodecError) -> Chunk? {
        guard offset < end else { return nil }
        guard end - offset >= 8, let length = bytes.littleEndian(4, at: offset + 4), length <= end - offset - 8 else {
            throw CodecError(.damaged, .webp, "a chunk reaches beyond the container")
        }
        let name = String(decoding: bytes.copy(offset..<offset + 4), as: UTF8.self)
        let body = (offset + 8)..<(offset + 8 + length)
        offset = body.upperBound + length % 2
        return Chunk(name: name, body: body)
    }
}
