public import ImageCodecs

/// The transformation that displays stored pixels upright: the EXIF orientation (CIPA DC-008, section 4.6.4).
public enum Orientation: Int, Sendable, Hashable, Codable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case rotated180 = 3
    case flipped = 4
    /// Mirrored along the diagonal from the top left.
    case transposed = 5
    /// Needs a quarter turn clockwise.
    case rotated90 = 6
    /// Mirrored along the diagonal from the top right.
    case transversed = 7
    /// Needs a quarter turn counter-clockwise.
    case rotated270 = 8

    /// Whether width and height are exchanged.
    public var swapsSides: Bool { rawValue >= 5 }

    /// Returns the picture as it should be displayed.
    public func apply(to image: PixelImage) -> PixelImage {
        guard self != .upright else { return image }
        let (right, bottom) = (image.width - 1, image.height - 1)
        let (acrossStep, downStep) = (image.channels, image.stride)
        // The offset of the first source pixel, and the change of the source offset per output column and row.
        let (start, stepX, stepY) =
            switch self {
            case .upright: (0, acrossStep, downStep)
            case .mirrored: (right * acrossStep, -acrossStep, downStep)
            case .rotated180: (right * acrossStep + bottom * downStep, -acrossStep, -downStep)
            case .flipped: (bottom * downStep, acrossStep, -downStep)
            case .transposed: (0, downStep, acrossStep)
            case .rotated90: (bottom * downStep, -downStep, acrossStep)
            case .transversed: (right * acrossStep + bottom * downStep, -downStep, -acrossStep)
            case .rotated270: (right * acrossStep, downStep, -acrossStep)
            }
        let (width, height) = swapsSides ? (image.height, image.width) : (image.width, image.height)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(image.bytes.count)
        for y in 0..<height {
            var source = start + y * stepY
            for _ in 0..<width {
                for channel in 0..<image.channels { bytes.append(image.bytes[source + channel]) }
                source += stepX
            }
        }
        return PixelImage(width: width, height: height, channels: image.channels, bytes: bytes)
    }
}
