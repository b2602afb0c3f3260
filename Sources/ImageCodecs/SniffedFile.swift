/// A file of a format that is not decoded here, identified by its first bytes and its container structure.
struct SniffedFile {
    /// The names of a format.
    struct Format: Equatable {
        /// Short, like a file extension.
        var id: String
        var mediaType: String
        /// As used in a sentence.
        var name: String

        init(_ id: String, _ mediaType: String, _ name: String) {
            (self.id, self.mediaType, self.name) = (id, mediaType, name)
        }
    }

    /// Sides of 1 to 2^31 - 1 pixels, the limit of PNG, so that their product does not overflow.
    struct Size: Equatable {
        let width: Int
        let height: Int

        init?(_ width: Int?, _ height: Int?) {
            guard let width, let height, 1...0x7FFF_FFFF ~= width, 1...0x7FFF_FFFF ~= height else { return nil }
            (self.width, self.height) = (width, height)
        }
    }

    var format: Format
    var size: Size?
    /// Whether the file is incomplete: it is shorter than the length that it states, or its end marker is missing.
    var isCut = false

    init(_ format: Format, _ size: Size? = nil, isCut: Bool = false) {
        self.format = format
        self.size = size
        self.isCut = isCut
    }

    /// Returns nil for any format not in the tables below. Compressed streams (gzip, zstd) are excluded on purpose: such a stream
    /// may be a web page whose host did not declare the content encoding.
    init?(_ bytes: Span<UInt8>) {
        let found =
            Self.picture(bytes) ?? Self.boxes(bytes) ?? Self.riff(bytes) ?? Self.sound(bytes) ?? Self.document(bytes)
            ?? Self.plainTable(bytes) ?? Self.svg(bytes)
        guard let found else { return nil }
        self = found
    }

    // MARK: Formats whose header is parsed

    private static func picture(_ bytes: Span<UInt8>) -> SniffedFile? {
        if bytes.matches("GIF87a", at: 0) || bytes.matches("GIF89a", at: 0) {
            return SniffedFile(
                Format("gif", "image/gif", "GIF"), Size(bytes.littleEndian(2, at: 6), bytes.littleEndian(2, at: 8)),
                isCut: !hasGIFTrailer(bytes))
        }
        if bytes.matches("BM", at: 0), let header = bytes.littleEndian(4, at: 14),
            [12, 40, 52, 56, 64, 108, 124].contains(header)
        {
            let stated = bytes.littleEndian(4, at: 2) ?? 0
            return SniffedFile(Format("bmp", "image/bmp", "BMP"), bitmapSize(bytes, header), isCut: stated > bytes.count)
        }
        if bytes.matches([0x49, 0x49, 0x2A, 0], at: 0) || bytes.matches([0x4D, 0x4D, 0, 0x2A], at: 0) {
            let isBigEndian = bytes[0] == 0x4D
            let start = number(bytes, 4, at: 4, isBigEndian) ?? bytes.count
            return SniffedFile(
                Format("tiff", "image/tiff", "TIFF"), directorySize(bytes, start, isBigEndian), isCut: start > bytes.count - 2)
        }
        if let count = bytes.littleEndian(2, at: 4), 1...256 ~= count, bytes.matches([0, 0, 1, 0], at: 0), bytes.byte(at: 9) == 0
        {
            return SniffedFile(Format("ico", "image/vnd.microsoft.icon", "icon"), iconSize(bytes, count))
        }
        if bytes.matches("8BPS", at: 0), bytes.bigEndian(2, at: 4) == 1 {
            return SniffedFile(
                Format("psd", "image/vnd.adobe.photoshop", "Photoshop file"),
                Size(bytes.bigEndian(4, at: 18), bytes.bigEndian(4, at: 14)))
        }
        // Netpbm: `P`, a number, white space, then a number or a comment.
        if let kind = bytes.byte(at: 1), 0x31...0x37 ~= kind, bytes.byte(at: 0) == 0x50,
            let space = bytes.byte(at: 2), [0x20, 0x09, 0x0A, 0x0D].contains(space), let next = bytes.byte(at: 3),
            next == 0x23 || 0x30...0x39 ~= next || kind == 0x37
        {
            return SniffedFile(Format("pnm", "image/x-portable-anymap", "Netpbm picture"))
        }
        if bytes.matches("qoif", at: 0) {
            return SniffedFile(
                Format("qoi", "image/qoi", "QOI"), Size(bytes.bigEndian(4, at: 4), bytes.bigEndian(4, at: 8)),
                isCut: !hasQOIEnd(bytes))
        }
        return nil
    }

    /// Whether the blocks reach the trailer (GIF89a specification, sections 18 to 27). Bytes after it are not part of the file.
    private static func hasGIFTrailer(_ bytes: Span<UInt8>) -> Bool {
        func table(_ flags: Int) -> Int { flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1) }
        guard let flags = bytes.byte(at: 10) else { return false }
        var offset = 13 + table(flags)
        while let introducer = bytes.byte(at: offset) {
            switch introducer {
            case 0x3B: return true
            case 0x21: offset += 2
            case 0x2C:
                guard let flags = bytes.byte(at: offset + 9) else { return false }
                offset += 11 + table(flags)
            // The end of an unknown block cannot be determined.
            default: return true
            }
            while let length = bytes.byte(at: offset), length > 0 { offset += 1 + length }
            offset += 1
        }
        return false
    }

    private static func bitmapSize(_ bytes: Span<UInt8>, _ header: Int) -> Size? {
        if header == 12 { return Size(bytes.littleEndian(2, at: 18), bytes.littleEndian(2, at: 20)) }
        // A negative height means that the rows are stored top to bottom.
        let height = bytes.littleEndian(4, at: 22).map { abs(Int(Int32(truncatingIfNeeded: $0))) }
        return Size(bytes.littleEndian(4, at: 18), height)
    }

    private static func number(_ bytes: Span<UInt8>, _ size: Int, at offset: Int, _ isBigEndian: Bool) -> Int? {
        isBigEndian ? bytes.bigEndian(size, at: offset) : bytes.littleEndian(size, at: offset)
    }

    /// The size from ImageWidth and ImageLength in the first directory (TIFF 6.0, section 2).
    private static func directorySize(_ bytes: Span<UInt8>, _ start: Int, _ isBigEndian: Bool) -> Size? {
        guard let count = number(bytes, 2, at: start, isBigEndian) else { return nil }
        var found: [Int: Int] = [:]
        for index in 0..<count {
            let entry = start + 2 + 12 * index
            guard let tag = number(bytes, 2, at: entry, isBigEndian), let type = number(bytes, 2, at: entry + 2, isBigEndian)
            else {
                break
            }
            guard tag == 256 || tag == 257, type == 3 || type == 4 else { continue }
            found[tag] = number(bytes, type == 3 ? 2 : 4, at: entry + 8, isBigEndian)
        }
        return Size(found[256], found[257])
    }

    /// The size of the largest picture; a side stored as 0 means 256.
    private static func iconSize(_ bytes: Span<UInt8>, _ count: Int) -> Size? {
        (0..<count).compactMap { index -> Size? in
            let sides = [0, 1].map { bytes.byte(at: 6 + 16 * index + $0).map { $0 == 0 ? 256 : $0 } }
            return Size(sides[0], sides[1])
        }.max { $0.width * $0.height < $1.width * $1.height }
    }

    private static func riff(_ bytes: Span<UInt8>) -> SniffedFile? {
        guard bytes.matches("RIFF", at: 0), let size = bytes.littleEndian(4, at: 4) else { return nil }
        let formats = [
            "WAVE": Format("wav", "audio/wav", "WAVE file"), "AVI ": Format("avi", "video/x-msvideo", "AVI video"),
            "ACON": Format("ani", "application/x-navi-animation", "animated cursor"),
        ]
        // Programs that write to a pipe state a size of zero or the maximum.
        let isCut = size != 0xFFFF_FFFF && size > bytes.count - 8
        return formats.first { bytes.matches($0.key, at: 8) }.map { SniffedFile($0.value, isCut: isCut) }
    }

    private static func sound(_ bytes: Span<UInt8>) -> SniffedFile? {
        if bytes.matches("OggS", at: 0) {
            let isVideo = bytes.firstIndex(of: Array("theora".utf8), in: 0..<512) != nil
            return SniffedFile(isVideo ? Format("ogv", "video/ogg", "Ogg video") : Format("ogg", "audio/ogg", "Ogg file"))
        }
        if bytes.matches("FORM", at: 0), bytes.matches("AIFF", at: 8) || bytes.matches("AIFC", at: 8) {
            let isCut = bytes.bigEndian(4, at: 4).map { $0 > bytes.count - 8 } ?? true
            return SniffedFile(Format("aiff", "audio/aiff", "AIFF file"), isCut: isCut)
        }
        if bytes.matches("ID3", at: 0), bytes.count > 10 { return SniffedFile(Format("mp3", "audio/mpeg", "MP3")) }
        // MP3 by ISO 11172-3, section 2.4.1.3: layer III with a valid bit rate and sampling rate. AAC by ISO 13818-7 (ADTS):
        // layer 0.
        if let second = bytes.byte(at: 1), let third = bytes.byte(at: 2), bytes.byte(at: 0) == 0xFF, second & 0xE0 == 0xE0,
            bytes.count > 128
        {
            let (version, layer) = (second >> 3 & 3, second >> 1 & 3)
            if layer == 1, version != 1, 1...14 ~= third >> 4, third >> 2 & 3 != 3 {
                return SniffedFile(Format("mp3", "audio/mpeg", "MP3"))
            }
            if second & 0xF6 == 0xF0, third >> 2 & 15 < 13 { return SniffedFile(Format("aac", "audio/aac", "AAC file")) }
        }
        return nil
    }

    private static func document(_ bytes: Span<UInt8>) -> SniffedFile? {
        if bytes.matches("%PDF-", at: 0) {
            let tail = max(0, bytes.count - 4096)..<bytes.count
            return SniffedFile(
                Format("pdf", "application/pdf", "PDF"), isCut: bytes.firstIndex(of: Array("%%EOF".utf8), in: tail) == nil)
        }
        // APPNOTE.TXT 4.3.16: the end of central directory record, followed by a comment of at most 65,535 bytes.
        if bytes.matches([0x50, 0x4B, 3, 4], at: 0) || bytes.matches([0x50, 0x4B, 5, 6], at: 0) {
            let tail = max(0, bytes.count - 65_557)..<bytes.count
            return SniffedFile(
                Format("zip", "application/zip", "ZIP archive"), isCut: bytes.firstIndex(of: [0x50, 0x4B, 5, 6], in: tail) == nil)
        }
        if bytes.matches([0x1A, 0x45, 0xDF, 0xA3], at: 0) {
            let isWebM = bytes.firstIndex(of: Array("webm".utf8), in: 0..<64) != nil
            return SniffedFile(
                isWebM ? Format("webm", "video/webm", "WebM video") : Format("mkv", "video/matroska", "Matroska video"),
                isCut: isMatroskaCut(bytes))
        }
        return nil
    }

    // MARK: Formats identified by their first bytes alone

    private static func plainTable(_ bytes: Span<UInt8>) -> SniffedFile? {
        table.first { bytes.matches($0.0, at: 0) }.map { SniffedFile($0.1, isCut: isShorterThanStated(bytes, $0.1.id)) }
    }

    private static let table: [([UInt8], Format)] = [
        ([0xFF, 0x0A], Format("jxl", "image/jxl", "JPEG XL")),
        ([0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A], Format("jxl", "image/jxl", "JPEG XL")),
        ([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A], Format("jp2", "image/jp2", "JPEG 2000")),
        ([0xFF, 0x4F, 0xFF, 0x51], Format("j2c", "image/j2c", "JPEG 2000 codestream")),
        ([0x49, 0x49, 0xBC], Format("jxr", "image/jxr", "JPEG XR")),
        ([0x49, 0x49, 0x2B, 0], Format("tiff", "image/tiff", "BigTIFF")),
        ([0x4D, 0x4D, 0, 0x2B], Format("tiff", "image/tiff", "BigTIFF")),
        ([0, 0, 2, 0, 1, 0], Format("cur", "image/vnd.microsoft.icon", "cursor")),
        ([0x8A, 0x4D, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Format("mng", "video/x-mng", "MNG")),
        ([0x8B, 0x4A, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Format("jng", "image/x-jng", "JNG")),
        ([0x76, 0x2F, 0x31, 0x01], Format("exr", "image/x-exr", "OpenEXR")),
        (Array("#?RADIANCE".utf8), Format("hdr", "image/vnd.radiance", "Radiance HDR")),
        (Array("DDS ".utf8), Format("dds", "image/vnd-ms.dds", "DDS")),
        (Array("FLIF".utf8), Format("flif", "image/flif", "FLIF")),
        (Array("farbfeld".utf8), Format("ff", "image/x-farbfeld", "farbfeld")),
        ([0x42, 0x50, 0x47, 0xFB], Format("bpg", "image/bpg", "BPG")),
        (Array("gimp xcf ".utf8), Format("xcf", "image/x-xcf", "GIMP file")),
        (Array("%!PS-Adobe".utf8), Format("ps", "application/postscript", "PostScript file")),
        (Array("fLaC".utf8), Format("flac", "audio/flac", "FLAC")),
        (Array("MThd".utf8), Format("mid", "audio/midi", "MIDI file")),
        (Array("#!AMR".utf8), Format("amr", "audio/AMR", "AMR file")),
        (Array("caff".utf8), Format("caf", "audio/x-caf", "CAF file")),
        (Array("wvpk".utf8), Format("wv", "audio/x-wavpack", "WavPack file")),
        (Array(".snd".utf8), Format("au", "audio/basic", "AU file")),
        (Array("FLV\u{1}".utf8), Format("flv", "video/x-flv", "Flash video")),
        ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], Format("wmv", "video/x-ms-asf", "Windows Media file")),
        ([0, 0, 1, 0xBA], Format("mpg", "video/mpeg", "MPEG video")),
        ([0, 0, 1, 0xB3], Format("mpg", "video/mpeg", "MPEG video")),
        (Array("glTF".utf8), Format("glb", "model/gltf-binary", "glTF model")),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], Format("7z", "application/x-7z-compressed", "7z archive")),
        (Array("Rar!\u{1A}\u{7}".utf8), Format("rar", "application/vnd.rar", "RAR archive")),
    ]
}
