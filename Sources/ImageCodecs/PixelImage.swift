/// A whole picture in memory: 8-bit RGB or RGBA, top to bottom, alpha not premultiplied.
public struct PixelImage: Sendable, Hashable {
    /// Width in pixels, at least 1.
    public let width: Int
    /// Height in pixels, at least 1.
    public let height: Int
    /// Bytes per pixel: 3 (red, green, blue) or 4 (red, green, blue, alpha).
    public let channels: Int
    /// `height` rows of `stride` bytes each, without gaps.
    public var bytes: [UInt8]

    /// Bytes per row.
    public var stride: Int { width * channels }

    /// Creates a picture from its pixel bytes.
    ///
    /// - Precondition: Sizes are positive, `channels` is 3 or 4, and `bytes` has exactly `width * height * channels` entries.
    public init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
        precondition(width > 0 && height > 0 && (channels == 3 || channels == 4))
        precondition(bytes.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }

    /// Whether every pixel has alpha 255, or the picture has no alpha.
    public var isOpaque: Bool {
        guard channels == 4 else { return true }
        var alpha: UInt8 = 255
        for index in Swift.stride(from: 3, to: bytes.count, by: 4) { alpha &= bytes[index] }
        return alpha == 255
    }
}
