public import ImageCodecs

/// A smaller picture made from a delivered one.
public struct EncodedDerivative: Sendable, Hashable, Codable {
    /// JPEG for an opaque picture, WebP for one with alpha.
    public var format: ImageFormat
    /// Width in pixels, after the orientation was applied.
    public var width: Int
    /// Height in pixels, after the orientation was applied.
    public var height: Int
    public var bytes: [UInt8]
}

/// All facts measured from a delivered picture, and its derivatives.
public struct InspectedPicture: Sendable, Hashable, Codable {
    /// The file's header. `width` and `height` are the stored pixels, which are what was paid for.
    public var header: ImageHeader
    /// The rotation or mirroring needed for display, from EXIF; upright if EXIF has none.
    public var orientation: Orientation
    /// Width in pixels after the orientation was applied.
    public var orientedWidth: Int
    /// Height in pixels after the orientation was applied.
    public var orientedHeight: Int
    /// Whether every pixel is opaque, regardless of what the header declares.
    public var isOpaque: Bool
    /// The number of bytes after the end of the picture.
    public var trailingBytes: Int
    public var thumbnail: EncodedDerivative
    public var preview: EncodedDerivative
    /// About 25 bytes; see `ThumbHash`.
    public var thumbHash: [UInt8]
    /// See `PerceptualHash`.
    public var perceptualHash: UInt64
    public var averageColour: SRGBColour
    /// The colour of the largest part of the picture. The average, in contrast, may be a colour that does not occur in it.
    public var dominantColour: SRGBColour
    /// The source of the colour space information.
    public var colourOrigin: ColourOrigin
    public var metadata: ImageMetadata
    /// Descriptions of everything omitted or guessed: unreadable metadata and unknown colour spaces.
    public var notes: [String]
    /// The settings and library versions used for the derivatives.
    public var recipe: DerivativeRecipe
}
