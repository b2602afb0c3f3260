internal import CPixelKernels
public import ImageCodecs

/// Resizes a picture while its rows arrive, in linear light and with premultiplied alpha.
///
/// Keeps only the rows needed for one output row, already resized to the output width. For a 3840x2160 picture and a 512-pixel
/// thumbnail this takes 0.2 MB, or 0.4 MB with alpha.
struct StreamingResizer {
    /// The part of a `LinearRow` that the resizer reads.
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
        // Reuse the windows for square pictures: these are common, and each weight costs two sines.
        let isSquare = source.width == source.height && target.width == target.height
        let rows = isSquare ? columns : LanczosWindows(from: source.height, to: target.height)
        // Enlarging makes integer rounding visible in dark areas. It is rare, so the slower float engine is used.
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

    /// Processes the next row of the source.
    ///
    /// - Parameters:
    ///   - encoded: The row as decoded.
    ///   - linear: The same row in linear light, shared with the other resizers.
    mutating func push(_ encoded: Span<UInt8>, _ linear: borrowing LinearRow) {
        // Move the engine out of `self` during the call, so that its buffers are modified in place and not copied.
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

    /// Returns the resized picture. Call it after the last row has been pushed.
    mutating func finish() -> PixelImage {
        switch engine {
        case .copy: break
        case .float(var floats): floats.finish(to: &bytes)
        case .integer(var integers): integers.finish(to: &bytes)
        }
        return PixelImage(width: width, height: height, channels: channels, bytes: bytes)
    }
}

/// Resizes pictures in memory.
public enum ImageResizer {
    /// Resizes to an exact size with Lanczos-3, in linear light, alpha premultiplied.
    ///
    /// - Parameters:
    ///   - image: sRGB, alpha not premultiplied.
    ///   - width: The new width in pixels, at least 1. The aspect ratio is not preserved automatically.
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

    /// The size whose long side is at most `side` pixels; never larger than the source and never below 1 pixel.
    public static func fitted(width: Int, height: Int, side: Int) -> (width: Int, height: Int) {
        let long = max(width, height)
        guard long > side else { return (width, height) }
        // Integer arithmetic rounds to the nearest pixel, with the same result on every machine.
        return (max(1, (2 * width * side + long) / (2 * long)), max(1, (2 * height * side + long) / (2 * long)))
    }
}
