public import ImageCodecs

/// A smaller picture made from a delivered one.
public struct Derivative: Sendable, Hashable, Codable {
    /// JPEG for an opaque picture, WebP for one with alpha.
    public var format: ImageFormat
    /// Width in pixels, as it should be seen: the orientation has been applied.
    public var width: Int
    /// Height in pixels, as it should be seen: the orientation has been applied.
    public var height: Int
    public var bytes: [UInt8]
}

/// All that is measured of, and made from, one delivered picture.
public struct InspectedPicture: Sendable, Hashable, Codable {
    /// The facts of the file. Its `width` and `height` are the stored pixels, which is what was paid for.
    public var header: ImageHeader
    /// How the stored pixels must be turned; from EXIF, else upright.
    public var orientation: Orientation
    /// Width in pixels after the orientation.
    public var orientedWidth: Int
    /// Height in pixels after the orientation.
    public var orientedHeight: Int
    /// No pixel is transparent, whatever the header declares.
    public var isOpaque: Bool
    /// Bytes after the end of the picture.
    public var trailingBytes: Int
    public var thumbnail: Derivative
    public var preview: Derivative
    /// About 25 bytes; see `ThumbHash`.
    public var thumbHash: [UInt8]
    /// See `PerceptualHash`.
    public var perceptualHash: UInt64
    public var averageColour: SRGBColour
    /// What most of the picture looks like, where the average may be a colour that it does not have.
    public var dominantColour: SRGBColour
    /// What told how the colours are meant.
    public var colourOrigin: ColourOrigin
    public var metadata: ImageMetadata
    /// What was left out or guessed, in words: metadata that could not be read, colours that could not be known.
    public var notes: [String]
    /// What the derivatives were made with.
    public var recipe: DerivativeRecipe
}
