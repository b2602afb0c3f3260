internal import CCodecShims
public import ImageCodecs

/// Resizes a picture while its rows arrive, in linear light and with premultiplied alpha.
///
/// Only the rows that one output row needs are kept, already at the output's width: for a 3840x2160 picture and a 512-pixel
/// thumbnail that is 0.2 MB, with alpha 0.4 MB.
struct StreamingResizer {
    /// What of a `LinearRow` is read.
    enum Input {
        case nothing
        case floats
        case planes
    }

    let width: Int
    let height: Int
    private let channels: Int
    private var engine: Engine
    private var bytes: [UInt8]

    private enum Engine {
        case copy
        case float(FloatEngine)
        case integer(IntegerEngine)
    }

    init(from source: (width: Int, height: Int), to target: (width: Int, height: Int), channels: Int) {
        (width, height) = target
        self.channels = channels
        bytes = []
        bytes.reserveCapacity(target.width * target.height * channels)
        if source == target {
            engine = .copy
            return
        }
        let columns = LanczosWindows(from: source.width, to: target.width)
        // Square pictures are common, and windows cost two sines a weight.
        let isSquare = source.width == source.height && target.width == target.height
        let rows = isSquare ? columns : LanczosWindows(from: source.height, to: target.height)
        // Enlarged darkness shows the rounding of integers, and is rare enough to take the slower way.
        let isReduced = target.width <= source.width && target.height <= source.height
        if channels == 3, isReduced, let across = columns.integers(step: FIXATIVE_KERNEL_TAP_STEP),
            let down = rows.integers(step: 2)
        {
            engine = .integer(IntegerEngine(columns: across, rows: down))
        } else {
            engine = .float(FloatEngine(columns: columns, rows: rows, channels: channels))
        }
    }

    var input: Input {
        switch engine {
        case .copy: .nothing
        case .float: .floats
        case .integer: .planes
        }
    }

    /// Takes the next row of the source.
    ///
    /// - Parameters:
    ///   - encoded: The row as decoded.
    ///   - linear: The same row in linear light, made for this resizer among others.
    mutating func push(_ encoded: Span<UInt8>, _ linear: borrowing LinearRow) {
        // The engine is taken out while it works, so that its buffers are changed in place and not copied.
        var working = Engine.copy
        swap(&working, &engine)
        switch consume working {
        case .copy:
            unsafe encoded.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        case .float(var floats):
            floats.push(linear, to: &bytes)
            engine = .float(floats)
        case .integer(var integers):
            integers.push(linear, to: &bytes)
            engine = .integer(integers)
        }
    }

    /// The resized picture, after the last row has been pushed.
    mutating func finish() -> PixelImage {
        switch engine {
        case .copy: break
        case .float(var floats): floats.finish(to: &bytes)
        case .integer(var integers): integers.finish(to: &bytes)
        }
        return PixelImage(width: width, height: height, channels: channels, bytes: bytes)
    }
}

/// Resizing of pictures that are in memory.
public enum ImageResizer {
    /// Resizes to an exact size with Lanczos-3, in linear light, alpha premultiplied.
    ///
    /// - Parameters:
    ///   - image: sRGB, alpha not premultiplied.
    ///   - width: The new width in pixels, at least 1; the aspect ratio is the caller's business.
    ///   - height: The new height in pixels, at least 1.
    public static func resize(_ image: PixelImage, width: Int, height: Int) -> PixelImage {
        var resizer = StreamingResizer(from: (image.width, image.height), to: (width, height), channels: image.channels)
        var linear = LinearRow(width: image.width, channels: image.channels, for: [resizer])
        for y in 0..<image.height {
            let row = image.bytes.span.extracting(y * image.stride..<(y + 1) * image.stride)
            linear.load(row)
            resizer.push(row, linear)
        }
        return resizer.finish()
    }

    /// The size with `side` pixels on the long side, never larger than the source and never below 1 pixel.
    public static func fitted(width: Int, height: Int, side: Int) -> (width: Int, height: Int) {
        let long = max(width, height)
        guard long > side else { return (width, height) }
        // Rounded to the nearest pixel in integers, so that no machine rounds another way.
        return (max(1, (2 * width * side + long) / (2 * long)), max(1, (2 * height * side + long) / (2 * long)))
    }
}
