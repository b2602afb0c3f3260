// ISO/IEC 14496-12 (boxes, brands), ISO/IEC 23008-12 (HEIF, `ispe`), QuickTime File Format.
extension SniffedFile {
    static func boxes(_ bytes: Span<UInt8>) -> SniffedFile? {
        guard let format = format(bytes) else { return nil }
        let isPicture = format.mediaType.hasPrefix("image/")
        return SniffedFile(format, isPicture ? largestExtent(bytes) : nil, isCut: isCutShort(bytes))
    }

    private static func format(_ bytes: Span<UInt8>) -> Format? {
        guard bytes.matches("ftyp", at: 4), let length = bytes.bigEndian(4, at: 0), 16...4096 ~= length else {
            // An old QuickTime file without a file type box.
            let olds = ["moov", "mdat", "wide", "free", "skip", "pnot"]
            guard let length = bytes.bigEndian(4, at: 0), length == 1 || length >= 8,
                olds.contains(where: { bytes.matches($0, at: 4) })
            else { return nil }
            return quickTime
        }
        let ends = stride(from: 16, to: min(length, bytes.count) - 3, by: 4)
        let brands = ([8] + ends).map { String(decoding: bytes.copy($0..<$0 + 4), as: UTF8.self) }
        for brand in brands {
            if let format = known[brand] { return format }
        }
        return Format("mp4", "video/mp4", "ISO media file")
    }

    private static let quickTime = Format("mov", "video/quicktime", "QuickTime video")

    /// Brands that identify the content. Generic brands such as `mif1` are not listed; then the compatible brands decide.
    private static let known: [String: Format] = {
        let avif = Format("avif", "image/avif", "AVIF")
        let heic = Format("heic", "image/heic", "HEIC")
        let video = Format("mp4", "video/mp4", "MP4 video")
        var known = [
            "avif": avif, "avis": avif, "qt  ": quickTime, "crx ": Format("cr3", "image/x-canon-cr3", "Canon raw file"),
            "M4A ": Format("m4a", "audio/mp4", "MP4 sound"), "M4B ": Format("m4a", "audio/mp4", "MP4 sound"),
            "heif": Format("heif", "image/heif", "HEIF"), "jxl ": Format("jxl", "image/jxl", "JPEG XL"),
        ]
        for brand in ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"] { known[brand] = heic }
        for brand in ["mp41", "mp42", "M4V ", "avc1", "dash", "3gp4", "3gp5", "3gp6"] { known[brand] = video }
        return known
    }()

    /// The largest `ispe` in the file's first 64 KiB: the picture itself, not its tiles or thumbnail.
    private static func largestExtent(_ bytes: Span<UInt8>) -> Size? {
        var largest: Size?
        var offset = 0
        let name = Array("ispe".utf8)
        let range = 0..<min(bytes.count, 65_536)
        while let found = bytes.firstIndex(of: name, in: offset..<range.upperBound) {
            offset = found + 4
            // A box of 20 bytes: length, name, version and flags, width, height.
            guard bytes.bigEndian(4, at: found - 4) == 20,
                let size = Size(bytes.bigEndian(4, at: found + 8), bytes.bigEndian(4, at: found + 12))
            else { continue }
            if largest.map({ $0.width * $0.height < size.width * size.height }) ?? true { largest = size }
        }
        return largest
    }

    /// Whether the last of the consecutive top-level boxes is truncated. A length of 0 extends to the end of the file; 1 means
    /// that a 64-bit length follows.
    static func isCutShort(_ bytes: Span<UInt8>) -> Bool {
        var offset = 0
        while let stated = bytes.bigEndian(4, at: offset) {
            if stated == 0 { return false }
            let length: Int?
            if stated == 1 {
                let high = bytes.bigEndian(4, at: offset + 8)
                length = high == 0 ? bytes.bigEndian(4, at: offset + 12) : nil
            } else {
                length = stated
            }
            // A length below the header size is not a box, so these bytes are not part of the file.
            guard let length else { return true }
            if length < 8 { return false }
            if length > bytes.count - offset { return true }
            offset += length
        }
        return false
    }
}
