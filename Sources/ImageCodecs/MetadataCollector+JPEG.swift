// EXIF 2.32 section 4.7, the XMP specification part 3, ICC.1 annex B.4, and C2PA (JUMBF in APP11).
extension MetadataCollector {
    mutating func readJPEG(_ bytes: Span<UInt8>) {
        var parts = JPEGProfile()
        var tables = QuantisationTables()
        var boxes = JPEGBoxes()
        var segments = JPEGSegments()
        while let segment = try? segments.next(in: bytes), segment.marker != 0xDA, segment.marker != 0xD9 {
            guard accept(ancillary: segment.body.count) else { return }
            let start = segment.body.lowerBound
            switch segment.marker {
            case 0xDB: tables.read(bytes, segment.body)
            case 0xE1 where segment.body.count >= 6 && bytes.matches([0x45, 0x78, 0x69, 0x66, 0, 0], at: start):
                addExif(bytes.copy(start + 6..<segment.body.upperBound), from: "APP1 Exif")
            case 0xE1 where bytes.matches("http://ns.adobe.com/xap/1.0/", at: start):
                addXMP(bytes.copy(start + 29..<max(start + 29, segment.body.upperBound)), isCut: false)
            case 0xE2 where bytes.matches("ICC_PROFILE", at: start):
                parts.add(segment.body, bytes)
                guard accept(profile: parts.byteCount) else { return }
            case 0xEB where bytes.matches("JP", at: start):
                addContentCredentials(segment.body.count)
                boxes.add(bytes, segment.body)
            case 0xFE:
                add("Comment", MetadataText.boundedUTF8(bytes.copy(segment.body)))
            default:
                break
            }
        }
        metadata.jpegQuality = tables.quality()
        if let damage = boxes.damage { damageContentCredentials(0, damage) }
        if let whole = parts.whole(bytes) {
            profile = whole
            metadata.profile = ImageMetadata.Profile(icc: whole)
        } else if !parts.isEmpty {
            metadata.couldNotRead("APP2 ICC_PROFILE")
        }
    }
}

/// A profile split over numbered segments, which may come in any order.
private struct JPEGProfile {
    private var parts: [Int: Range<Int>] = [:]
    private var count = 0
    /// The total size of all parts.
    private(set) var byteCount = 0

    var isEmpty: Bool { parts.isEmpty }

    mutating func add(_ body: Range<Int>, _ bytes: Span<UInt8>) {
        guard body.count > 14 else { return }
        let number = Int(bytes[body.lowerBound + 12])
        count = Int(bytes[body.lowerBound + 13])
        parts[number] = body.lowerBound + 14..<body.upperBound
        byteCount += body.count - 14
    }

    func whole(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard count > 0, parts.count == count else { return nil }
        var profile: [UInt8] = []
        for number in 1...count {
            guard let part = parts[number] else { return nil }
            profile += bytes.copy(part)
        }
        return profile
    }
}

/// JUMBF boxes split over APP11 segments (ISO/IEC 18477-3, annex B). Each segment holds `JP`, an instance number (2 bytes), a
/// sequence number (4 bytes), the box's own header, and a part of its content.
private struct JPEGBoxes {
    private struct Box {
        var stated: Int
        var found: Int
        var next: Int
    }

    private var boxes: [Int: Box] = [:]
    private var isOutOfOrder = false

    mutating func add(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        guard body.count >= 16, bytes.matches("jumb", at: body.lowerBound + 12),
            let instance = bytes.bigEndian(2, at: body.lowerBound + 2), let number = bytes.bigEndian(4, at: body.lowerBound + 4),
            let stated = bytes.bigEndian(4, at: body.lowerBound + 8)
        else { return }
        var box = boxes[instance] ?? Box(stated: stated, found: 8, next: 1)
        if number != box.next || stated != box.stated { isOutOfOrder = true }
        box.next = number + 1
        box.found += body.count - 16
        boxes[instance] = box
    }

    /// Nil if no damage was found. The stated lengths 0 and 1 mean that the length is stored elsewhere.
    var damage: String? {
        if isOutOfOrder { return "their segments are out of order" }
        for box in boxes.values where box.stated > 1 && box.stated != box.found {
            return "\(box.found) bytes of \(box.stated)"
        }
        return nil
    }
}
