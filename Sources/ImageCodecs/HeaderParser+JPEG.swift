// ITU-T T.81, annex B; Adobe's APP14 segment for the colour transform, interpreted as in libjpeg and other decoders.
extension HeaderParser {
    static func parseJPEG(_ bytes: Span<UInt8>) throws(CodecError) -> ImageHeader {
        var segments = JPEGSegments()
        var adobeTransform: Int?
        while true {
            let segment = try segments.next(in: bytes)
            switch segment.marker {
            case 0xEE where bytes.matches("Adobe", at: segment.body.lowerBound) && segment.body.count >= 12:
                adobeTransform = Int(bytes[segment.body.lowerBound + 11])
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                try refuseRareProcess(segment.marker)
                return try frameHeader(bytes, segment, adobeTransform)
            case 0xF7:
                throw CodecError(.unsupported, .jpeg, "a JPEG-LS picture")
            case 0xD9, 0xDA:
                throw CodecError(.damaged, .jpeg, "no frame header comes before the picture")
            default:
                break
            }
        }
    }

    /// Throws for every process that is not baseline, extended sequential or progressive (T.81, table B.1).
    private static func refuseRareProcess(_ marker: Int) throws(CodecError) {
        switch marker {
        case 0xC3, 0xCB: throw CodecError(.unsupported, .jpeg, "a lossless JPEG (process \(marker - 0xC0))")
        case 0xC5...0xC7, 0xCD...0xCF: throw CodecError(.unsupported, .jpeg, "a hierarchical JPEG (process \(marker - 0xC0))")
        default: return
        }
    }

    private static func frameHeader(
        _ bytes: Span<UInt8>, _ segment: JPEGSegments.Segment, _ adobeTransform: Int?
    ) throws(CodecError) -> ImageHeader {
        let start = segment.body.lowerBound
        guard segment.body.count >= 6 else { throw CodecError(.damaged, .jpeg, "the frame header is too short") }
        let (precision, components) = (Int(bytes[start]), Int(bytes[start + 5]))
        guard segment.body.count == 6 + 3 * components, components > 0 else {
            throw CodecError(.damaged, .jpeg, "the frame header has the wrong length")
        }
        guard let height = bytes.bigEndian(2, at: start + 1), let width = bytes.bigEndian(2, at: start + 3), width > 0 else {
            throw CodecError(.damaged, .jpeg, "the frame header gives an impossible size")
        }
        guard precision == 8 else { throw CodecError(.unsupported, .jpeg, "\(precision) bits a sample") }
        guard height > 0 else { throw CodecError(.unsupported, .jpeg, "the height comes after the picture (DNL)") }

        let ids = (0..<components).map { bytes[start + 6 + 3 * $0] }
        let colourType: ImageHeader.ColourType
        switch components {
        case 1: colourType = .grey
        case 3: colourType = adobeTransform == 0 || ids == Array("RGB".utf8) ? .rgb : .yCbCr
        case 4: colourType = adobeTransform == 2 ? .ycck : .cmyk
        default: throw CodecError(.unsupported, .jpeg, "\(components) components")
        }
        return ImageHeader(
            format: .jpeg, width: width, height: height, bitDepth: precision, colourType: colourType, hasAlpha: false,
            isInterlaced: [0xC2, 0xC6, 0xCA, 0xCE].contains(segment.marker))
    }
}

/// Iterates over the marker segments of a JPEG up to the first scan.
struct JPEGSegments {
    struct Segment {
        var marker: Int
        /// The segment's data, without marker and length.
        var body: Range<Int>
    }

    private var offset = 2

    mutating func next(in bytes: Span<UInt8>) throws(CodecError) -> Segment {
        guard let prefix = bytes.byte(at: offset) else { throw Self.endsTooSoon }
        guard prefix == 0xFF else { throw CodecError(.damaged, .jpeg, "stray bytes between segments") }
        while bytes.byte(at: offset) == 0xFF { offset += 1 }
        guard let marker = bytes.byte(at: offset) else { throw Self.endsTooSoon }
        offset += 1
        if marker == 0x01 || 0xD0...0xD9 ~= marker { return Segment(marker: marker, body: offset..<offset) }
        guard let length = bytes.bigEndian(2, at: offset) else { throw Self.endsTooSoon }
        guard length >= 2 else { throw CodecError(.damaged, .jpeg, "a segment is shorter than its own length field") }
        guard bytes.count - offset >= length else { throw Self.endsTooSoon }
        let body = (offset + 2)..<(offset + length)
        offset += length
        return Segment(marker: marker, body: body)
    }

    private static var endsTooSoon: CodecError { CodecError(.truncated, .jpeg, "the file ends before the picture begins") }
}
