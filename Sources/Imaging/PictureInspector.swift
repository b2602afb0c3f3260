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
        var derivatives = DerivativeSink(thumbnailSide: recipe.thumbnailSide, previewSide: recipe.previewSide)
        let facts = try ImageDecoder.decode(bytes, limits: limits, into: &derivatives)
        let metadata = MetadataReader.read(bytes)
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

/// Feeds each decoded row to both resizers.
private struct DerivativeSink: RowSink {
    private let thumbnailSide: Int
    private let previewSide: Int
    private var thumbnail: StreamingResizer?
    private var preview: StreamingResizer?
    private var linear = LinearRow(width: 0, channels: 3)
    private var needsLinear = false
    private var channels = 3
    private(set) var isOpaque = true

    init(thumbnailSide: Int, previewSide: Int) {
        precondition(thumbnailSide > 0 && previewSide > 0)
        self.thumbnailSide = thumbnailSide
        self.previewSide = previewSide
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
        linear = LinearRow(width: header.width, channels: channels)
        needsLinear = [thumbnail, preview].contains { $0?.needsLinearRows == true }
    }

    mutating func receive(_ row: Span<UInt8>) {
        if channels == 4 && isOpaque { isOpaque = Self.isOpaque(row) }
        if needsLinear { linear.load(row) }
        thumbnail?.push(row, linear.values)
        preview?.push(row, linear.values)
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
