/// Options for writing a PNG.
public struct PNGSettings: Sendable, Hashable, Codable {
    /// The row filters libpng may choose from.
    public enum Filter: String, Sendable, Hashable, Codable {
        case none
        case sub
        case up
        case average
        case paeth
        /// libpng tries all five on each row.
        case adaptive
    }

    /// zlib's compression level, 0 (stored) to 9.
    public var level: Int
    public var filter: Filter

    public init(level: Int = 6, filter: Filter = .adaptive) {
        self.level = level
        self.filter = filter
    }
}

/// Options for writing a JPEG.
public struct JPEGSettings: Sendable, Hashable, Codable {
    public enum Chroma: String, Sendable, Hashable, Codable {
        /// 4:4:4.
        case full
        /// 4:2:0.
        case half
    }

    /// libjpeg's quality, 1 to 100.
    public var quality: Int
    public var chroma: Chroma
    /// Computes Huffman tables for the picture: about 5 % smaller, about a third slower.
    public var optimizesHuffman: Bool
    public var isProgressive: Bool

    public init(quality: Int = 82, chroma: Chroma = .full, optimizesHuffman: Bool = false, isProgressive: Bool = false) {
        self.quality = quality
        self.chroma = chroma
        self.optimizesHuffman = optimizesHuffman
        self.isProgressive = isProgressive
    }
}

/// Options for writing a WebP.
public struct WebPSettings: Sendable, Hashable, Codable {
    /// Colour quality from 0 to 100; for a lossless file, the compression effort.
    public var quality: Int
    /// Preserves every pixel exactly, including the colour of fully transparent pixels.
    public var isLossless: Bool
    /// libwebp's method, 0 (fast) to 6 (small).
    public var effort: Int

    public init(quality: Int = 82, isLossless: Bool = false, effort: Int = 4) {
        self.quality = quality
        self.isLossless = isLossless
        self.effort = effort
    }
}

/// Encodes pictures. The same pixels and settings always produce the same bytes; no dates or names are written.
public enum ImageEncoder {
    /// Writes a PNG of 8-bit RGB or RGBA.
    ///
    /// - Parameters:
    ///   - xmp: A packet to embed as iTXt, such as one of `XMPPacket`.
    /// - Throws: `CodecError` with `.outOfMemory`, or `.invalidRequest` for settings outside their range.
    public static func png(
        _ image: PixelImage, _ settings: PNGSettings = PNGSettings(), xmp: [UInt8]? = nil
    ) throws(CodecError) -> [UInt8] {
        try PNGWriter.encode(image, settings, xmp, refusingAllocation: nil)
    }

    /// Writes a JPEG. Alpha is dropped, not blended: composite the picture first if its transparency matters.
    ///
    /// - Parameters:
    ///   - profile: An ICC profile to embed, in bytes; nil means sRGB.
    ///   - xmp: A packet to embed as APP1, such as one of `XMPPacket`; at most 65,504 bytes.
    /// - Throws: `CodecError` with `.outOfMemory`, or `.invalidRequest` for a side above 65,500 pixels or wrong settings.
    public static func jpeg(
        _ image: PixelImage, _ settings: JPEGSettings = JPEGSettings(), profile: [UInt8]? = nil, xmp: [UInt8]? = nil
    ) throws(CodecError) -> [UInt8] {
        try JPEGWriter.encode(image, settings, profile, xmp, refusingAllocation: nil)
    }

    /// Writes a WebP, with alpha if the picture has it.
    ///
    /// - Parameters:
    ///   - xmp: A packet to embed, such as one of `XMPPacket`.
    /// - Throws: `CodecError` with `.outOfMemory`, or `.invalidRequest` for a side above 16,383 pixels or wrong settings.
    public static func webp(
        _ image: PixelImage, _ settings: WebPSettings = WebPSettings(), xmp: [UInt8]? = nil
    ) throws(CodecError) -> [UInt8] {
        try WebPWriter.encode(image, settings, xmp)
    }

    /// Like the public function; `refusingAllocation` makes libpng's n-th allocation fail.
    package static func png(_ image: PixelImage, refusingAllocation: Int) throws(CodecError) -> [UInt8] {
        try PNGWriter.encode(image, PNGSettings(), nil, refusingAllocation: refusingAllocation)
    }

    /// Like the public function; `refusingAllocation` makes libjpeg's n-th allocation fail.
    package static func jpeg(_ image: PixelImage, refusingAllocation: Int) throws(CodecError) -> [UInt8] {
        try JPEGWriter.encode(image, JPEGSettings(), nil, nil, refusingAllocation: refusingAllocation)
    }
}
