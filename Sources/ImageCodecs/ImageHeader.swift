/// What a file says about its picture before any pixel is decoded.
public struct ImageHeader: Sendable, Hashable, Codable {
    /// How samples are stored in the file. Rows are delivered as 8-bit RGB or RGBA whatever it is.
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
    /// Bits a sample: 1, 2, 4, 8 or 16 in PNG, 8 or 12 in JPEG, 8 in WebP. A palette's index counts as the sample.
    public var bitDepth: Int
    public var colourType: ColourType
    /// The file declares transparency; its pixels may still all be opaque.
    public var hasAlpha: Bool
    /// An Adam7 PNG or a progressive JPEG.
    public var isInterlaced: Bool
    /// Only the first or default picture of an animation is decoded.
    public var isAnimated: Bool
    /// Frames of an animation, as declared (APNG) or counted (WebP); 1 for a still picture.
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
