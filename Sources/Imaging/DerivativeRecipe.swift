public import ImageCodecs

/// Everything that decides the bytes of a derivative. It is kept with the derivative, so that one can tell in years
/// whether making it again would give the same bytes.
public struct DerivativeRecipe: Sendable, Hashable, Codable {
    /// Raised whenever the code makes other bytes from the same picture and settings.
    public var version = 2
    /// Long side of the thumbnail, in pixels. A smaller picture is not enlarged.
    public var thumbnailSide = 512
    /// Long side of the preview, in pixels. A smaller picture is not enlarged.
    public var previewSide = 1280
    /// The only resizing filter of this version.
    public var filter = "lanczos3"
    /// Where the resizing calculates: linear light by the sRGB curve, alpha premultiplied.
    public var light = "linear-srgb-premultiplied"
    /// An embedded RGB profile is turned into sRGB: relative colorimetric, with black point compensation.
    public var colour = "srgb-relative-bpc"
    /// For pictures whose pixels are all opaque.
    public var opaque = JPEGSettings(quality: 82, chroma: .full)
    /// For pictures with a pixel that is not opaque.
    public var transparent = WebPSettings(quality: 82)
    /// Names and versions of the codec libraries of this process.
    public var libraries = CodecLibraries.versions.merging(ColourTransform.libraryVersion) { first, _ in first }

    public init() {}
}
