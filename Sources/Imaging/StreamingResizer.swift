internal import CCodecShims
public import ImageCodecs

/// Resizes a picture while its rows arrive, in linear light and with premultiplied alpha.
///
/// Only the rows that one output row needs are kept, already at the output's width: for a 3840x2160 picture and a 512-pixel
/// thumbnail that is 0.4 MB.
struct StreamingResizer {
    let width: Int
    let height: Int
    private let channels: Int
    private let isCopy: Bool
    private let columns: LanczosWindows
    private let rows: LanczosWindows
    /// The last `rows.taps` input rows, four floats a pixel, at the output's width.
    private var ring: [Float]
    private var blended: [Float]
    private var slots: [Int32]
    private var received = 0
    private var written = 0
    private var bytes: [UInt8]

    init(from source: (width: Int, height: Int), to target: (width: Int, height: Int), channels: Int) {
        (width, height) = target
        self.channels = channels
        isCopy = source == target
        columns = LanczosWindows(from: isCopy ? 1 : source.width, to: isCopy ? 1 : target.width)
        rows = LanczosWindows(from: isCopy ? 1 : source.height, to: isCopy ? 1 : target.height)
        ring = isCopy ? [] : [Float](repeating: 0, count: rows.taps * target.width * 4)
        blended = isCopy ? [] : [Float](repeating: 0, count: target.width * 4)
        slots = [Int32](repeating: 0, count: rows.taps)
        bytes = []
        bytes.reserveCapacity(target.width * target.height * channels)
    }

    /// Whether `push` looks at `linear` at all.
    var needsLinearRows: Bool { !isCopy }

    /// Takes the next row of the source.
    ///
    /// - Parameters:
    ///   - encoded: The row as decoded.
    ///   - linear: The same row from `LinearRow`, with one spare pixel at its end.
    mutating func push(_ encoded: Span<UInt8>, _ linear: [Float]) {
        if isCopy {
            unsafe encoded.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
            return
        }
        let slot = received % rows.taps
        unsafe ring.withUnsafeMutableBufferPointer { ring in
            guard let base = ring.baseAddress else { return }
            unsafe fixative_kernel_resample_row(
                linear, columns.first, columns.weights, columns.taps, base + slot * width * 4, width)
        }
        received += 1
        while written < height, Int(rows.first[written]) + rows.taps <= received { writeRow() }
    }

    /// The resized picture, after the last row has been pushed.
    mutating func finish() -> PixelImage {
        // A window that reaches the spare input never fills up; what it waits for has weight 0.
        while !isCopy && written < height { writeRow() }
        return PixelImage(width: width, height: height, channels: channels, bytes: bytes)
    }

    private mutating func writeRow() {
        let first = Int(rows.first[written])
        for tap in 0..<rows.taps { slots[tap] = Int32((first + tap) % rows.taps) }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: width * channels))
        unsafe rows.weights.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            unsafe fixative_kernel_blend_rows(ring, slots, weights + written * rows.taps, rows.taps, &blended, width * 4)
        }
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe fixative_kernel_encode(blended, width, channels, ToneCurve.encoded, base + start)
        }
        written += 1
    }
}

/// One source row as the kernels want it: linear, premultiplied, four floats a pixel, and one spare pixel of zeros.
struct LinearRow {
    private(set) var values: [Float]
    private let width: Int
    private let channels: Int

    init(width: Int, channels: Int) {
        self.width = width
        self.channels = channels
        values = [Float](repeating: 0, count: (width + 1) * 4)
    }

    mutating func load(_ row: Span<UInt8>) {
        precondition(row.count == width * channels)
        unsafe row.withUnsafeBufferPointer { row in
            guard let base = row.baseAddress else { return }
            unsafe fixative_kernel_linearize(base, width, channels, ToneCurve.linear, &values)
        }
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
        var linear = LinearRow(width: image.width, channels: image.channels)
        for y in 0..<image.height {
            let row = image.bytes.span.extracting(y * image.stride..<(y + 1) * image.stride)
            if resizer.needsLinearRows { linear.load(row) }
            resizer.push(row, linear.values)
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
