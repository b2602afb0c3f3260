public import ImageCodecs

/// Measures a delivered picture and makes its derivatives, in one pass over its pixels.
public enum PictureInspector {
    /// Decodes a picture strictly and makes its derivatives, hashes and metadata.
    ///
    /// Rows go from the decoder directly to both resizers. The decoded picture is never in memory as a whole, except for formats
    /// that require it (interlaced PNG, progressive JPEG, WebP). The call blocks its thread for tens of milliseconds per
    /// megapixel: run it on a dedicated executor.
    ///
    /// - Parameters:
    ///   - bytes: The whole file. The bytes are not retained.
    ///   - recipe: Sizes and settings of the derivatives.
    ///   - limits: Checked against the header, before pixel memory is allocated.
    ///   - declared: The source type of the picture if its XMP packet declares none, from a manifest that was verified. The
    ///     derivatives repeat it.
    /// - Throws: `CodecError` if the file is not completely valid. Unreadable metadata is not thrown, but listed.
    public static func inspect(
        _ bytes: Span<UInt8>, recipe: DerivativeRecipe = DerivativeRecipe(), limits: ImageLimits = .default,
        declared: DigitalSourceType? = nil
    ) throws(CodecError) -> InspectedPicture {
        let checked = try ImageDecoder.checkedHeader(bytes, limits)
        var (metadata, profile) = try MetadataReader.read(bytes, limits: limits)
        metadata.digitalSourceType = metadata.digitalSourceType ?? declared
        var colour = ColourReading(checked, metadata, profile: profile)
        let (origin, notes) = (colour.origin, Self.notes(metadata) + colour.notes)
        let samples = colour.transform == nil ? SampleDelivery.display : .stored
        var derivatives = DerivativeSink(recipe, colour.transform.take())
        let facts = try ImageDecoder.decode(
            bytes, limits: limits, into: &derivatives, samples: samples, refusingAllocation: nil)
        let orientation = metadata.exif?.orientation.flatMap(Orientation.init(rawValue:)) ?? .upright
        let isOpaque = derivatives.isOpaque

        let xmp = metadata.digitalSourceType.map(XMPPacket.declaring)
        let preview = try encode(orientation.apply(to: derivatives.takePreview()), xmp, isOpaque: isOpaque, recipe)
        let thumbnailImage = orientation.apply(to: derivatives.takeThumbnail())
        let thumbnail = try encode(thumbnailImage, xmp, isOpaque: isOpaque, recipe)
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
            dominantColour: SRGBColour(dominantOf: thumbnailImage),
            colourOrigin: origin,
            metadata: metadata,
            notes: notes,
            recipe: recipe)
    }

    private static func notes(_ metadata: ImageMetadata) -> [String] {
        metadata.unreadable.map { "not read: \($0)" } + metadata.contradictions
    }

    private static func encode(
        _ image: PixelImage, _ xmp: [UInt8]?, isOpaque: Bool, _ recipe: DerivativeRecipe
    ) throws(CodecError) -> EncodedDerivative {
        let bytes =
            isOpaque
            ? try ImageEncoder.jpeg(image, recipe.opaque, xmp: xmp) : try ImageEncoder.webp(image, recipe.transparent, xmp: xmp)
        return EncodedDerivative(format: isOpaque ? .jpeg : .webp, width: image.width, height: image.height, bytes: bytes)
    }
}

/// Passes each decoded row, converted to sRGB, to both resizers.
private struct DerivativeSink: RowSink, ~Copyable {
    private let thumbnailSide: Int
    private let previewSide: Int
    private var colour: ColourTransform?
    private var converted: [UInt8] = []
    private var thumbnail: StreamingResizer?
    private var preview: StreamingResizer?
    private var linear = LinearRow(width: 0, channels: 3, for: [])
    private var channels = 3
    private(set) var isOpaque = true

    init(_ recipe: DerivativeRecipe, _ colour: consuming ColourTransform?) {
        precondition(recipe.thumbnailSide > 0 && recipe.previewSide > 0)
        thumbnailSide = recipe.thumbnailSide
        previewSide = recipe.previewSide
        self.colour = colour
    }

    mutating func begin(_ header: ImageHeader, channels: Int) throws(CodecError) {
        let channels = try prepareColour(header, channels: channels)
        let source = (width: header.width, height: header.height)
        func resizer(_ side: Int) -> StreamingResizer {
            let target = ImageResizer.fitted(width: source.width, height: source.height, side: side)
            return StreamingResizer(from: source, to: target, channels: channels)
        }
        self.channels = channels
        thumbnail = resizer(thumbnailSide)
        preview = resizer(previewSide)
        linear = LinearRow(width: header.width, channels: channels, for: [thumbnail, preview].compactMap { $0 })
    }

    /// Prepares the colour transform and returns the number of channels that the resizers will receive.
    private mutating func prepareColour(_ header: ImageHeader, channels: Int) throws(CodecError) -> Int {
        guard var transform = colour.take() else { return channels }
        let layout = ColourTransform.Layout(channels: channels, sampleBytes: header.bitDepth == 16 ? 2 : 1)
        guard transform.prepare(layout) else { throw CodecError(.outOfMemory, header.format, "Little CMS ran out of memory") }
        let output = transform.outputChannels
        converted = [UInt8](repeating: 0, count: header.width * output)
        colour = consume transform
        return output
    }

    mutating func receive(_ row: Span<UInt8>) {
        if colour == nil { return resize(row) }
        var sRGB: [UInt8] = []
        swap(&sRGB, &converted)
        colour?.convert(row, into: &sRGB)
        resize(sRGB.span)
        swap(&sRGB, &converted)
    }

    private mutating func resize(_ row: Span<UInt8>) {
        if channels == 4 && isOpaque { isOpaque = Self.isOpaque(row) }
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
