/// The properties of a picture that its header states before any pixel is decoded.
public struct ImageHeader: Sendable, Hashable, Codable {
    /// How samples are stored in the file. By default, rows are delivered as 8-bit RGB or RGBA for all of these.
    public enum ColourType: String, Sendable, Hashable, Codable {
        case grey
        case greyAlpha
        case rgb
        case rgba
        case palette
        case yCbCr
        case cmyk
        case ycck
    }

    public var format: ImageFormat
    /// Stored width in pixels; an EXIF orientation is not applied.
    public var width: Int
    /// Stored height in pixels; an EXIF orientation is not applied.
    public var height: Int
    /// Bits per sample: 1, 2, 4, 8 or 16 in PNG, 8 or 12 in JPEG, 8 in WebP. In a palette picture, the palette index is the
    /// sample.
    public var bitDepth: Int
    public var colourType: ColourType
    /// The file declares transparency; its pixels may still all be opaque.
    public var hasAlpha: Bool
    /// An Adam7 PNG or a progressive JPEG.
    public var isInterlaced: Bool
    /// The file is an animation. Only its first or default picture is decoded.
    public var isAnimated: Bool
    /// The number of frames, as declared (APNG) or counted (WebP); 1 for a still picture.
    public var frameCount: Int

    public init(
        format: ImageFormat, width: Int, height: Int, bitDepth: Int, colourType: ColourType, hasAlpha: Bool,
        isInterlaced: Bool = false, isAnimated: Bool = false, frameCount: Int = 1
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.bitDepth = bitDepth
        self.colourType = colourType
        self.hasAlpha = hasAlpha
        self.isInterlaced = isInterlaced
        self.isAnimated = isAnimated
        self.frameCount = frameCount
    }
}
