/// Where a file holds its Content Credentials (C2PA specification 2.4, annex A.3). The content is not read here.
package struct CredentialsPlace: Sendable, Hashable {
    /// The whole carriers, in the file's order: chunks with length, name and CRC, or segments with their markers.
    package var units: [Range<Int>] = []
    /// The ranges that hold the store's bytes, in order.
    package var payloads: [Range<Int>] = []
    /// The number of stores. More than one counts as none.
    package var stores = 0
    /// Whether a carrier is damaged: a wrong CRC, or segments that are missing or out of order.
    package var isDamaged = false
    /// The ranges that decide on the pixels: their coded form, and the tables to read it with.
    package var pictureData: [Range<Int>] = []

    /// Finds the carriers with the walks that also read headers and metadata; `nil` when the file has none.
    ///
    /// - Parameter bytes: The whole file.
    package init?(in bytes: Span<UInt8>) {
        switch ImageFormat.sniff(bytes) {
        case .png: findPNG(bytes)
        case .jpeg: findJPEG(bytes)
        case .webp: findWebP(bytes)
        case nil: break
        }
        if stores == 0 { return nil }
    }

    private mutating func add(unit: Range<Int>, payload: Range<Int>) {
        units.append(unit)
        payloads.append(payload)
    }

    // MARK: PNG: the chunk caBX (A.3.2)

    private mutating func findPNG(_ bytes: Span<UInt8>) {
        var chunks = PNGChunks()
        while let chunk = chunks.next(in: bytes) {
            let whole = chunk.body.lowerBound - 8..<chunk.body.upperBound + 4
            switch chunk.name {
            case "caBX":
                stores += 1
                add(unit: whole, payload: chunk.body)
                if !chunk.isSound(in: bytes) { isDamaged = true }
            case "IDAT", "fdAT", "PLTE", "tRNS": pictureData.append(whole)
            default: break
            }
        }
    }

    // MARK: JPEG: segments APP11 (A.3.1; ISO/IEC 18477-3, annex B)

    private mutating func findJPEG(_ bytes: Span<UInt8>) {
        var segments = JPEGSegments()
        var parts = JUMBFSegments()
        while let segment = try? segments.next(in: bytes), segment.marker != 0xD9 {
            let start = max(0, segment.body.lowerBound - 4)
            switch segment.marker {
            case 0xDA:
                pictureData.append(start..<bytes.count)
                return finish(parts)
            case 0xC0...0xCF, 0xDB, 0xDD: pictureData.append(start..<segment.body.upperBound)
            case 0xEB:
                guard let payload = parts.payload(bytes, segment.body) else { break }
                add(unit: start..<segment.body.upperBound, payload: payload)
            default: break
            }
        }
        finish(parts)
    }

    private mutating func finish(_ parts: JUMBFSegments) {
        stores = parts.stores
        isDamaged = parts.isOutOfOrder
    }

    // MARK: WebP: the chunk C2PA (A.3.6)

    private mutating func findWebP(_ bytes: Span<UInt8>) {
        guard var chunks = try? WebPChunks(bytes) else { return }
        while let chunk = try? chunks.next(in: bytes) {
            let end = min(chunk.body.upperBound + chunk.body.count % 2, bytes.count)
            let whole = chunk.body.lowerBound - 8..<end
            switch chunk.name {
            case "C2PA":
                stores += 1
                add(unit: whole, payload: chunk.body)
            case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF": pictureData.append(whole)
            default: break
            }
        }
    }
}

/// The segments of JUMBF boxes. Each holds `JP`, an instance number (2 bytes), a sequence number (4 bytes), the box's own header, and
/// a part of its content. Boxes of other kinds than C2PA are skipped.
private struct JUMBFSegments {
    private var nextOfInstance: [Int: Int] = [:]
    private(set) var stores = 0
    private(set) var isOutOfOrder = false

    /// - Returns: The bytes of the store in this segment; `nil` for another box. The first segment keeps the box's header.
    mutating func payload(_ bytes: Span<UInt8>, _ body: Range<Int>) -> Range<Int>? {
        let start = body.lowerBound
        guard body.count >= 16, bytes.matches("JP", at: start), bytes.matches("jumb", at: start + 12),
            let instance = bytes.bigEndian(2, at: start + 2), let number = bytes.bigEndian(4, at: start + 4),
            let length = bytes.bigEndian(4, at: start + 8)
        else { return nil }
        let header = length == 1 ? 16 : 8
        guard body.count >= 8 + header else { return nil }
        let content = start + 8 + header
        if number == 1, isManifestStore(bytes, content) {
            stores += 1
            nextOfInstance[instance] = 2
            return start + 8..<body.upperBound
        }
        guard let expected = nextOfInstance[instance] else { return nil }
        if number != expected { isOutOfOrder = true }
        nextOfInstance[instance] = number + 1
        return content..<body.upperBound
    }

    /// Whether the box's description has the type of a manifest store (specification 2.4, section 11.1.4.2).
    private func isManifestStore(_ bytes: Span<UInt8>, _ content: Int) -> Bool {
        bytes.matches("jumd", at: content + 4) && bytes.matches("c2pa", at: content + 8)
    }
}
