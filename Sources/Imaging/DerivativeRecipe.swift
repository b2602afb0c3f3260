public import ImageCodecs

/// Everything that decides the bytes of a derivative. It is kept with the derivative, so that one can tell in years
/// whether making it again would give the same bytes.
public struct DerivativeRecipe: Sendable, Hashable, Codable {
    /// The code: raised whenever it makes other bytes from the same picture and settings.
    public var version = 3
    /// Long side of the thumbnail, in pixels. A smaller picture is not enlarged.
    public var thumbnailSide = 512
    /// Long side of the preview, in pixels. A smaller picture is not enlarged.
    public var previewSide = 1280
    /// The only resizing filter of this version.
    public var filter = "lanczos3"
    /// Where the resizing calculates: linear light by the sRGB curve, alpha premultiplied.
    public var light = "linear-srgb-premultiplied"
    /// Whatever the file declares is turned into sRGB: relative colorimetric, with black point compensation. Derivatives have
    /// no profile, which means sRGB.
    public var colour = "srgb-relative-bpc"
    /// Derivatives have no metadata but an XMP packet with the source type of the original, where it declares one.
    public var metadata = "xmp-digital-source-type"
    /// For pictures whose pixels are all opaque.
    public var opaque = JPEGSettings(quality: 82, chroma: .full)
    /// For pictures with a pixel that is not opaque. Against quality 82 with effort 4: five points of SSIMULACRA2 more, in half the
    /// time, for half as many bytes again (the table in Benchmarks/README.md).
    public var transparent = WebPSettings(quality: 90, effort: 2)
    /// Names and versions of the codec libraries of this process.
    public var libraries = CodecLibraries.versions.merging(ColourTransform.libraryVersion) { first, _ in first }

    public init() {}
}
