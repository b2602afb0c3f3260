/// What a file may claim before it is refused. Checked from the header, before memory for pixels is taken.
public struct ImageLimits: Sendable, Hashable {
    /// Largest width times height, in pixels.
    public var maxPixels: Int
    /// Largest width and largest height, in pixels.
    public var maxSide: Int
    /// Largest encoded file, in bytes.
    public var maxBytes: Int

    /// Four times the area of the largest documented delivery, and files that still fit a small box's memory.
    public static let `default` = ImageLimits(maxPixels: 64 * 1000 * 1000, maxSide: 16_384, maxBytes: 256 * 1024 * 1024)

    public init(maxPixels: Int, maxSide: Int, maxBytes: Int) {
        self.maxPixels = maxPixels
        self.maxSide = maxSide
        self.maxBytes = maxBytes
    }

    func check(byteCount: Int, format: ImageFormat?) throws(CodecError) {
        guard byteCount <= maxBytes else {
            throw CodecError(.limitExceeded, format, "\(byteCount) bytes, above the limit of \(maxBytes)")
        }
    }

    func check(_ header: ImageHeader) throws(CodecError) {
        let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
        guard header.width <= maxSide, header.height <= maxSide, !overflow, pixels <= maxPixels else {
            throw CodecError(
                .limitExceeded, header.format,
                "\(header.width)x\(header.height) pixels, above the limit of \(maxSide) a side or \(maxPixels) in all")
        }
    }
}
