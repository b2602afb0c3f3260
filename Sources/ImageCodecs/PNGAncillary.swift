internal import CCodecShims
internal import CFastPNG

// PNG, third edition (W3C), section 11.3.

extension PNGChunks.Chunk {
    /// Whether the CRC over name and data is correct.
    func isSound(in bytes: Span<UInt8>) -> Bool {
        let content = bytes.extracting(body.lowerBound - 4..<body.upperBound)
        let sum = unsafe content.withUnsafeBufferPointer { content in
            unsafe content.baseAddress.map { unsafe fixative_crc32(0, $0, content.count) }
        }
        return sum.map(Int.init) == bytes.bigEndian(4, at: body.upperBound)
    }
}

/// Decides which tRNS chunk makes pixels transparent: the first one at a valid position and of valid length. `png_chunks.c`
/// applies the same rule.
struct PNGTransparency {
    private let colourType: UInt8
    private var paletteCount: Int?
    private var hasData = false
    private(set) var isEffective = false

    init(_ bytes: Span<UInt8>) {
        colourType = bytes.count > 25 ? bytes[25] : 0
    }

    /// - Returns: False for a tRNS chunk without effect.
    @discardableResult
    mutating func read(_ chunk: PNGChunks.Chunk) -> Bool {
        switch chunk.name {
        case "IDAT": hasData = true
        case "PLTE": paletteCount = paletteCount ?? chunk.body.count / 3
        case "tRNS":
            guard !hasData, !isEffective, hasRightLength(chunk.body.count) else { return false }
            isEffective = true
        default: break
        }
        return true
    }

    private func hasRightLength(_ count: Int) -> Bool {
        switch colourType {
        case 0: count == 2
        case 2: count == 6
        case 3: count > 0 && count <= paletteCount ?? 0
        default: false
        }
    }
}

/// Validates chunks that are not used otherwise. The result affects only a note.
struct PNGFurtherChunks {
    private let colourType: UInt8
    private let depth: UInt8
    private var paletteCount = 0

    init(_ bytes: Span<UInt8>) {
        (depth, colourType) = bytes.count > 25 ? (bytes[24], bytes[25]) : (0, 0)
    }

    mutating func makesSense(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk) -> Bool {
        let count = chunk.body.count
        switch chunk.name {
        case "PLTE":
            paletteCount = count / 3
            return true
        case "pHYs": return count == 9
        case "tIME": return count == 7
        case "hIST": return count == 2 * paletteCount
        case "bKGD": return isBackground(bytes, chunk.body)
        case "sBIT":
            let channels = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4][colourType]
            let limit = colourType == 3 ? 8 : depth
            return count == channels && bytes.copy(chunk.body).allSatisfy { 1...max(1, limit) ~= $0 }
        default: return true
        }
    }

    private func isBackground(_ bytes: Span<UInt8>, _ body: Range<Int>) -> Bool {
        switch colourType {
        case 0, 4: body.count == 2
        case 2, 6: body.count == 6
        default: body.count == 1 && Int(bytes[body.lowerBound]) < paletteCount
        }
    }
}
