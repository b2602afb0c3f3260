/// Formats that state their length or mark their end, apart from those whose structure is walked.
extension SniffedFile {
    /// Whether a file that is identified by its first bytes alone is shorter than it states.
    static func isShorterThanStated(_ bytes: Span<UInt8>, _ id: String) -> Bool {
        switch id {
        // ISO/IEC 18181-2 and ISO/IEC 15444-1, annex I: boxes. A JPEG XL codestream has none.
        case "jxl", "jp2": bytes.byte(at: 0) == 0 && isCutShort(bytes)
        // glTF 2.0, section 4.4: the length of the whole file.
        case "glb": bytes.littleEndian(4, at: 8).map { $0 > bytes.count } ?? true
        case "7z": isSevenZipCut(bytes)
        default: false
        }
    }

    /// 7zFormat.txt, "SignatureHeader": offset and size of the last header, counted from byte 32.
    private static func isSevenZipCut(_ bytes: Span<UInt8>) -> Bool {
        guard let offset = bytes.littleEndian(8, at: 12), let size = bytes.littleEndian(8, at: 20) else { return true }
        let room = bytes.count - 32
        return !(0...max(0, room) ~= offset && 0...max(0, room) ~= size && size <= room - offset)
    }

    /// The QOI specification: seven bytes 0 and one byte 1 mark the end. They do not occur within a picture.
    static func hasQOIEnd(_ bytes: Span<UInt8>) -> Bool {
        bytes.firstIndex(of: [0, 0, 0, 0, 0, 0, 0, 1], in: max(0, bytes.count - 4096)..<bytes.count) != nil
    }

    /// Whether the segment after the EBML header is longer than the file (RFC 9559). A live recording states no length.
    static func isMatroskaCut(_ bytes: Span<UInt8>) -> Bool {
        guard let header = elementSize(bytes, at: 4), let headerSize = header.size else { return false }
        let start = header.end + headerSize
        guard bytes.matches([0x18, 0x53, 0x80, 0x67], at: start), let segment = elementSize(bytes, at: start + 4),
            let size = segment.size
        else { return false }
        return size > bytes.count - segment.end
    }

    /// RFC 8794, section 4: the leading zeros of the first byte tell the length of the number. With all bits set it is unknown.
    private static func elementSize(_ bytes: Span<UInt8>, at offset: Int) -> (size: Int?, end: Int)? {
        guard let first = bytes.byte(at: offset), first > 0 else { return nil }
        let length = UInt8(first).leadingZeroBitCount + 1
        guard let number = bytes.bigEndian(length, at: offset) else { return nil }
        let mask = (1 << (7 * length)) - 1
        let size = number & mask
        return (size == mask ? nil : size, offset + length)
    }
}
