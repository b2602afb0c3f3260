// EXIF 2.32 section 4.7, the XMP specification part 3, ICC.1 annex B.4, and C2PA (JUMBF in APP11).
extension MetadataReader {
    static func readJPEG(_ bytes: Span<UInt8>, into metadata: inout ImageMetadata) -> [UInt8]? {
        var profile = JPEGProfile()
        var segments = JPEGSegments()
        while let segment = try? segments.next(in: bytes), segment.marker != 0xDA, segment.marker != 0xD9 {
            let start = segment.body.lowerBound
            switch segment.marker {
            case 0xE1 where segment.body.count >= 6 && bytes.matches([0x45, 0x78, 0x69, 0x66, 0, 0], at: start):
                metadata.addExif(bytes.copy(start + 6..<segment.body.upperBound), from: "APP1 Exif")
            case 0xE1 where bytes.matches("http://ns.adobe.com/xap/1.0/", at: start) && metadata.xmp == nil:
                metadata.xmp = xmp(bytes.copy(start + 29..<max(start + 29, segment.body.upperBound)))
            case 0xE2 where bytes.matches("ICC_PROFILE", at: start):
                profile.add(bytes, segment.body)
            case 0xEB where bytes.matches("JP", at: start):
                metadata.contentCredentialsBytes = (metadata.contentCredentialsBytes ?? 0) + segment.body.count
            case 0xFE:
                let comment = bytes.copy(segment.body)
                metadata.add("Comment", MetadataText.utf8(comment), isCut: false)
            default:
                break
            }
        }
        guard let whole = profile.whole() else {
            if !profile.isEmpty { metadata.couldNotRead("APP2 ICC_PROFILE") }
            return nil
        }
        metadata.profile = ImageMetadata.Profile(icc: whole)
        return whole
    }
}

/// A profile spread over numbered segments, in any order.
private struct JPEGProfile {
    private var parts: [Int: [UInt8]] = [:]
    private var count = 0
    private var byteCount = 0

    var isEmpty: Bool { parts.isEmpty }

    mutating func add(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        guard body.count > 14, byteCount + body.count <= MetadataReader.maxProfileBytes else { return }
        let number = Int(bytes[body.lowerBound + 12])
        count = Int(bytes[body.lowerBound + 13])
        parts[number] = bytes.copy(body.lowerBound + 14..<body.upperBound)
        byteCount += body.count
    }

    func whole() -> [UInt8]? {
        guard count > 0, parts.count == count else { return nil }
        var profile: [UInt8] = []
        for number in 1...count {
            guard let part = parts[number] else { return nil }
            profile += part
        }
        return profile
    }
}
