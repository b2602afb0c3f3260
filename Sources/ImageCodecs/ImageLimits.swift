/// Upper limits for files. Pixels, sides, bytes and frames are checked from the header, before pixel memory is allocated. The
/// other limits are checked while metadata is read, before the allocation that would exceed them.
public struct ImageLimits: Sendable, Hashable, Codable {
    /// Names a limit in the error it causes.
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
    /// Largest file, in bytes, as stored.
    public var maxBytes: Int
    /// Largest number of frames of an animation, declared or counted. Only the first frame is decoded.
    public var maxFrames: Int
    /// Maximum total bytes, as stored, of chunks or segments that hold no picture: text, profiles, EXIF, XMP, Content Credentials.
    public var maxAncillaryBytes: Int
    /// Largest ICC profile, in bytes, after its parts are joined and inflated.
    public var maxProfileBytes: Int
    /// Maximum total bytes to which the compressed texts and profiles of a PNG may inflate.
    public var maxInflatedBytes: Int

    /// Maximum bytes of picture data held in memory at once: the samples of an interlaced PNG, the coefficients of a JPEG with
    /// several scans, or the frames of a WebP.
    public var maxHeldBytes: Int

    /// The default limits leave room in every direction. The area is four times the largest documented delivery. A file still
    /// fits the memory of a small machine. Profiles may be as large as those for printing presses, and text chunks may hold a
    /// generator's whole workflow.
    public static let `default` = ImageLimits(maxPixels: 64 * 1000 * 1000, maxSide: 16_384, maxBytes: 256 * 1024 * 1024)

    /// - Parameter maxHeldBytes: By default 256 MB, or four bytes per pixel of `maxPixels` if that is more.
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

    /// - Parameter bytes: Bytes held per pixel.
    func check(held bytes: Int, width: Int, height: Int, format: ImageFormat) throws(CodecError) {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        let (total, overflows) = pixels.multipliedReportingOverflow(by: bytes)
        guard !overflow, !overflows, total <= maxHeldBytes else {
            throw CodecError(
                .limitExceeded, format,
                "the whole picture must be in memory: at \(bytes) bytes a pixel, it exceeds the limit of \(maxHeldBytes) bytes",
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
