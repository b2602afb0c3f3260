import ImageCodecs
import Imaging

/// Does with the bytes what the archive does with a delivery, and traps where the results contradict each other.
///
/// Codecs and shims are watched by AddressSanitizer; what it cannot see is checked here: a header that a full decode needs but
/// the parser refuses, rows that are missing, derivatives that do not decode, texts above their limit.
///
/// - Parameters:
///   - bytes: `count` bytes, without room behind them.
///   - count: The length in bytes.
///   - format: 0 PNG, 1 JPEG, 2 WebP.
/// - Returns: 0, or -1 when the bytes are not of that format and not worth keeping.
@c(fixative_fuzz_archive)
public func archive(_ bytes: UnsafePointer<UInt8>?, _ count: Int, _ format: Int32) -> Int32 {
    let bytes = unsafe UnsafeBufferPointer(start: bytes, count: count)
    let span = unsafe Span(_unsafeElements: bytes)
    guard ImageFormat.sniff(span) == ImageFormat(fuzzed: format) else { return -1 }
    FuzzedDelivery.check(span)
    return 0
}

/// Tells what a file is that was refused, and traps where the answer makes no sense.
///
/// - Returns: 0, or -1 when it was not refused.
@c(fixative_fuzz_refused)
public func refused(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = unsafe UnsafeBufferPointer(start: bytes, count: count)
    let span = unsafe Span(_unsafeElements: bytes)
    // So small that most seeds are above them.
    let limits = ImageLimits(maxPixels: 64, maxSide: 16, maxBytes: 1 << 20)
    do {
        _ = try ImageDecoder.decode(span, limits: limits)
        return -1
    } catch {
        guard case .unread(let file) = RefusedFile(span, refusedFor: error) else { return 0 }
        precondition(error.code != .damaged && error.code != .truncated, "damage was taken for a whole file")
        precondition(!file.format.isEmpty && file.mediaType.contains("/") && !file.reason.isEmpty, "a file without a name")
        for side in [file.width, file.height].compactMap({ $0 }) {
            precondition(1...0x7FFF_FFFF ~= side, "an impossible size")
        }
        precondition((file.width == nil) == (file.height == nil), "half a size")
        return 0
    }
}

extension ImageFormat {
    fileprivate init?(fuzzed number: Int32) {
        switch number {
        case 0: self = .png
        case 1: self = .jpeg
        case 2: self = .webp
        default: return nil
        }
    }
}

enum FuzzedDelivery {
    /// A picture of more pixels is refused, so that an input costs milliseconds. Time under the real limits is measured apart.
    static let limits = ImageLimits(maxPixels: 512 * 1024, maxSide: 16_384, maxBytes: 1 << 20)
    /// Pictures of at most this many pixels go through the whole inspection.
    static let inspectedPixels = 16 * 1024
    /// Small enough that most of those are really resized.
    static let recipe = {
        var recipe = DerivativeRecipe()
        (recipe.thumbnailSide, recipe.previewSide) = (12, 40)
        return recipe
    }()

    static func check(_ bytes: Span<UInt8>) {
        let header = try? HeaderParser.parse(bytes)
        MetadataReader.read(bytes).check()
        guard let header else {
            precondition((try? ImageDecoder.decode(bytes, limits: limits)) == nil, "decoded without a header")
            return
        }
        if header.width * header.height <= inspectedPixels {
            inspect(bytes, header)
        } else {
            decode(bytes, header)
        }
    }

    private static func decode(_ bytes: Span<UInt8>, _ header: ImageHeader) {
        var sink = RowCounter()
        let facts = try? ImageDecoder.decode(bytes, limits: limits, into: &sink)
        precondition(sink.rows <= header.height, "more rows than the header says")
        guard let facts else { return }
        precondition(facts.header == header && sink.rows == header.height && sink.channels == facts.channels, "rows are missing")
        precondition((0..<bytes.count).contains(facts.trailingBytes), "trailing bytes out of nowhere")
    }

    private static func inspect(_ bytes: Span<UInt8>, _ header: ImageHeader) {
        let decoded = try? ImageDecoder.decode(bytes, limits: limits)
        do {
            let picture = try PictureInspector.inspect(bytes, recipe: recipe, limits: limits)
            precondition(decoded != nil, "inspected, but not decoded")
            precondition(picture.header == header, "two headers of one picture")
            precondition(!picture.isOpaque || decoded?.isOpaque == true, "alpha was overlooked")
            precondition(picture.thumbHash.count <= 25, "a ThumbHash is longer than its specification allows")
            picture.metadata.check()
            check(picture.thumbnail, of: picture, side: recipe.thumbnailSide)
            check(picture.preview, of: picture, side: recipe.previewSide)
        } catch {
            // Limits on metadata concern the inspection alone.
            precondition(decoded == nil || error.code == .limitExceeded, "decoded, but not inspected: \(error)")
        }
    }

    private static func check(_ derivative: EncodedDerivative, of picture: InspectedPicture, side: Int) {
        let size = ImageResizer.fitted(width: picture.orientedWidth, height: picture.orientedHeight, side: side)
        guard let image = try? ImageDecoder.decode(derivative.bytes.span) else {
            preconditionFailure("a derivative is no picture")
        }
        precondition(image.width == derivative.width && image.height == derivative.height, "a derivative's size is misstated")
        precondition(size == (image.width, image.height), "a derivative has the wrong size")
    }
}

extension ImageMetadata {
    fileprivate func check() {
        for text in texts + [xmp].compactMap({ $0 }) {
            // 64 KiB of text, of which each byte may have become an escape.
            precondition(text.value.utf8.count <= 64 * 1024 * 6, "a text is above its limit")
            let isPrintable = text.value.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\t" || $0 == "\n" }
            precondition(isPrintable, "a control character was not escaped")
        }
    }
}

private struct RowCounter: RowSink {
    var channels = 0
    var rows = 0
    private var rowBytes = 0

    mutating func begin(_ header: ImageHeader, channels: Int) {
        self.channels = channels
        rowBytes = header.width * channels
    }

    mutating func receive(_ row: Span<UInt8>) {
        precondition(row.count == rowBytes, "a row has the wrong length")
        rows += 1
    }
}
