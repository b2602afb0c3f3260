public import ImageCodecs

/// Everything that determines the bytes of a derivative. It is stored with the derivative. Years later it shows whether making
/// the derivative again would give the same bytes.
public struct DerivativeRecipe: Sendable, Hashable, Codable {
    /// The version of the code. Increase it whenever the same picture and settings give different bytes.
    public var version = 3
    /// Long side of the thumbnail, in pixels. A smaller picture is not enlarged.
    public var thumbnailSide = 512
    /// Long side of the preview, in pixels. A smaller picture is not enlarged.
    public var previewSide = 1280
    /// The only resizing filter of this version.
    public var filter = "lanczos3"
    /// The space in which resizing is computed: linear light by the sRGB curve, alpha premultiplied.
    public var light = "linear-srgb-premultiplied"
    /// Every declared colour space is converted to sRGB: relative colorimetric, with black point compensation. Derivatives have
    /// no profile, which means sRGB.
    public var colour = "srgb-relative-bpc"
    /// The only metadata in derivatives is an XMP packet with the source type of the original, if the original declares one.
    public var metadata = "xmp-digital-source-type"
    /// Settings for pictures in which every pixel is opaque.
    public var opaque = JPEGSettings(quality: 82, chroma: .full)
    /// Settings for pictures with at least one pixel that is not opaque. Compared with quality 82 and effort 4: five points more
    /// in SSIMULACRA2 and half the time, but 50 % more bytes (see the table in Benchmarks/README.md).
    public var transparent = WebPSettings(quality: 90, effort: 2)
    /// Names and versions of the codec libraries linked into this process.
    public var libraries = CodecLibraries.versions.merging(ColourTransform.libraryVersion) { first, _ in first }

    public init() {}
}
