/// What a file may claim before it is refused. Pixels, sides, bytes and frames are checked from the header, before memory for
/// pixels is taken; the others while metadata is read, before memory for the part that exceeds them is taken.
public struct ImageLimits: Sendable, Hashable, Codable {
    /// The limits by name, for the error that one of them causes.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case pixels
        case side
        case bytes
        case frames
        case ancillaryBytes
        case profileBytes
        case inflatedBytes
        case heldBytes
    }

    /// Largest width times height, in pixels.
    public var maxPixels: Int
    /// Largest width and largest height, in pixels.
    public var maxSide: Int
    /// Largest encoded file, in bytes.
    public var maxBytes: Int
    /// Most frames of an animation, declared or counted. Only the first one is decoded.
    public var maxFrames: Int
    /// Most bytes of chunks or segments that hold no picture: text, profiles, EXIF, XMP, Content Credentials. As stored.
    public var maxAncillaryBytes: Int
    /// Largest ICC profile, in bytes, inflated and joined.
    public var maxProfileBytes: Int
    /// Most bytes that all compressed text and profiles of a PNG may inflate to, together.
    public var maxInflatedBytes: Int

    /// Most bytes of a picture that has to be held whole: the samples of an interlaced PNG, the coefficients of a JPEG with several
    /// scans, the frames of a WebP.
    public var maxHeldBytes: Int

    /// Four times the area of the largest documented delivery, files that still fit a small box's memory, the largest profiles
    /// of printing presses, and workflows of generators in text chunks with much room to spare.
    public static let `default` = ImageLimits(maxPixels: 64 * 1000 * 1000, maxSide: 16_384, maxBytes: 256 * 1024 * 1024)

    /// - Parameter maxHeldBytes: 256 MB unless given, or four bytes a pixel when that is more.
    public init(
        maxPixels: Int, maxSide: Int, maxBytes: Int, maxFrames: Int = 4096, maxAncillaryBytes: Int = 16 * 1024 * 1024,
        maxProfileBytes: Int = 4 * 1024 * 1024, maxInflatedBytes: Int = 16 * 1024 * 1024, maxHeldBytes: Int? = nil
    ) {
        self.maxPixels = maxPixels
        self.maxSide = maxSide
        self.maxBytes = maxBytes
        self.maxFrames = maxFrames
        self.maxAncillaryBytes = maxAncillaryBytes
        self.maxProfileBytes = maxProfileBytes
        self.maxInflatedBytes = maxInflatedBytes
        let (fourAPixel, overflow) = maxPixels.multipliedReportingOverflow(by: 4)
        self.maxHeldBytes = maxHeldBytes ?? (overflow ? .max : max(256_000_000, fourAPixel))
    }

    func check(byteCount: Int, format: ImageFormat?) throws(CodecError) {
        guard byteCount <= maxBytes else {
            throw CodecError(
                .limitExceeded, format, "\(byteCount) bytes, above the limit of \(maxBytes)", limit: .bytes)
        }
    }

    /// - Parameter bytes: A pixel.
    func check(held bytes: Int, width: Int, height: Int, format: ImageFormat) throws(CodecError) {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        let (total, overflows) = pixels.multipliedReportingOverflow(by: bytes)
        guard !overflow, !overflows, total <= maxHeldBytes else {
            throw CodecError(
                .limitExceeded, format,
                "a picture that must be held whole: it takes \(bytes) bytes a pixel, above the limit of \(maxHeldBytes) in all",
                limit: .heldBytes)
        }
    }

    func check(_ header: ImageHeader) throws(CodecError) {
        let size = "\(header.width)x\(header.height) pixels"
        guard header.width <= maxSide, header.height <= maxSide else {
            throw CodecError(
                .limitExceeded, header.format, "\(size), above the limit of \(maxSide) a side", limit: .side)
        }
        let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
        guard !overflow, pixels <= maxPixels else {
            throw CodecError(
                .limitExceeded, header.format, "\(size), above the limit of \(maxPixels) in all", limit: .pixels)
        }
        guard header.frameCount <= maxFrames else {
            throw CodecError(
                .limitExceeded, header.format, "\(header.frameCount) frames, above the limit of \(maxFrames)", limit: .frames)
        }
    }
}
