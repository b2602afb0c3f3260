public import ImageCodecs

/// From the bytes of a delivered file to everything that is kept about it, in one pass over its pixels.
public enum PictureInspector {
    /// Decodes a picture strictly and makes its derivatives, hashes and metadata.
    ///
    /// The rows of the picture flow from the decoder into both resizers; the decoded picture as a whole is never held, except
    /// where its format leaves no choice (interlaced PNG, progressive JPEG, WebP). Blocks the calling thread for the time of
    /// the work, tens of milliseconds a megapixel: call it from an executor of its own.
    ///
    /// - Parameters:
    ///   - bytes: The whole file. It is not changed or kept.
    ///   - recipe: Sizes and settings of the derivatives.
    ///   - limits: Checked from the header, before memory for pixels is taken.
    /// - Throws: `CodecError` when the file is not wholly sound. Unreadable metadata is not thrown, but listed.
    public static func inspect(
        _ bytes: Span<UInt8>, recipe: DerivativeRecipe = DerivativeRecipe(), limits: ImageLimits = .default
    ) throws(CodecError) -> InspectedPicture {
        let (metadata, profile) = MetadataReader.readWithProfile(bytes)
        var derivatives = DerivativeSink(recipe, profile: metadata.profile?.isSRGB == true ? nil : profile)
        let facts = try ImageDecoder.decode(bytes, limits: limits, into: &derivatives)
        let orientation = metadata.exif?.orientation.flatMap(Orientation.init(rawValue:)) ?? .upright
        let isOpaque = derivatives.isOpaque

        let preview = try encode(orientation.apply(to: derivatives.takePreview()), isOpaque: isOpaque, recipe)
        let thumbnailImage = orientation.apply(to: derivatives.takeThumbnail())
        let thumbnail = try encode(thumbnailImage, isOpaque: isOpaque, recipe)
        let header = facts.header
        return InspectedPicture(
            header: header,
            orientation: orientation,
            orientedWidth: orientation.swapsSides ? header.height : header.width,
            orientedHeight: orientation.swapsSides ? header.width : header.height,
            isOpaque: isOpaque,
            trailingBytes: facts.trailingBytes,
            thumbnail: thumbnail,
            preview: preview,
            thumbHash: ThumbHash.hash(thumbnailImage),
            perceptualHash: PerceptualHash.hash(thumbnailImage),
            averageColour: SRGBColour(averageOf: thumbnailImage),
            metadata: metadata,
            recipe: recipe)
    }

    private static func encode(
        _ image: PixelImage, isOpaque: Bool, _ recipe: DerivativeRecipe
    ) throws(CodecError) -> Derivative {
        let bytes =
            isOpaque ? try ImageEncoder.jpeg(image, recipe.opaque) : try ImageEncoder.webp(image, recipe.transparent)
        return Derivative(format: isOpaque ? .jpeg : .webp, width: image.width, height: image.height, bytes: bytes)
    }
}

extension ImageMetadata.Profile {
    fileprivate var isSRGB: Bool { description?.hasPrefix("sRGB") == true }
}

/// Feeds each decoded row, turned into sRGB, to both resizers.
private struct DerivativeSink: RowSink, ~Copyable {
    private let thumbnailSide: Int
    private let previewSide: Int
    private let profile: [UInt8]?
    private var colour: ColourTransform?
    private var converted: [UInt8] = []
    private var thumbnail: StreamingResizer?
    private var preview: StreamingResizer?
    private var linear = LinearRow(width: 0, channels: 3, for: [])
    private var channels = 3
    private(set) var isOpaque = true

    init(_ recipe: DerivativeRecipe, profile: [UInt8]?) {
        precondition(recipe.thumbnailSide > 0 && recipe.previewSide > 0)
        thumbnailSide = recipe.thumbnailSide
        previewSide = recipe.previewSide
        self.profile = profile
    }

    mutating func begin(_ header: ImageHeader, channels: Int) {
        let source = (width: header.width, height: header.height)
        func resizer(_ side: Int) -> StreamingResizer {
            let target = ImageResizer.fitted(width: source.width, height: source.height, side: side)
            return StreamingResizer(from: source, to: target, channels: channels)
        }
        self.channels = channels
        thumbnail = resizer(thumbnailSide)
        preview = resizer(previewSide)
        linear = LinearRow(width: header.width, channels: channels, for: [thumbnail, preview].compactMap { $0 })
        colour = profile.flatMap { ColourTransform(profile: $0, channels: channels) }
        converted = [UInt8](repeating: 0, count: colour == nil ? 0 : header.width * channels)
    }

    mutating func receive(_ row: Span<UInt8>) {
        if channels == 4 && isOpaque { isOpaque = Self.isOpaque(row) }
        if colour == nil { return resize(row) }
        var sRGB: [UInt8] = []
        swap(&sRGB, &converted)
        colour?.convert(row, into: &sRGB)
        resize(sRGB.span)
        swap(&sRGB, &converted)
    }

    private mutating func resize(_ row: Span<UInt8>) {
        linear.load(row)
        thumbnail?.push(row, linear)
        preview?.push(row, linear)
    }

    mutating func takeThumbnail() -> PixelImage { Self.take(&thumbnail) }
    mutating func takePreview() -> PixelImage { Self.take(&preview) }

    private static func take(_ resizer: inout StreamingResizer?) -> PixelImage {
        guard var last = resizer.take() else { preconditionFailure("no picture was decoded") }
        return last.finish()
    }

    private static func isOpaque(_ row: Span<UInt8>) -> Bool {
        var alpha: UInt8 = 255
        for index in Swift.stride(from: 3, to: row.count, by: 4) { alpha &= row[index] }
        return alpha == 255
    }
}
