internal import CPixelKernels

/// One source row in linear light, in the formats that the resizers read.
struct LinearRow {
    /// Premultiplied, four floats per pixel, plus one extra pixel of zeros.
    private(set) var floats: [Float] = []
    /// Three planes (red, green, blue) of `stride` integers each. Resizers also read the zeros after the row, with weight 0.
    private(set) var planes: [Int16] = []
    let stride: Int
    private let width: Int
    private let channels: Int

    init(width: Int, channels: Int, for resizers: [StreamingResizer]) {
        self.width = width
        self.channels = channels
        stride = width + 2 * FIXATIVE_KERNEL_TAP_STEP
        if resizers.contains(where: { $0.input == .floats }) { floats = [Float](repeating: 0, count: (width + 1) * 4) }
        if resizers.contains(where: { $0.input == .planes }) { planes = [Int16](repeating: 0, count: stride * 3) }
    }

    mutating func load(_ row: Span<UInt8>) {
        precondition(row.count == width * channels)
        unsafe row.withUnsafeBufferPointer { row in
            guard let base = row.baseAddress else { return }
            if !floats.isEmpty { unsafe fixative_kernel_linearize(base, width, channels, ToneCurve.linear, &floats) }
            if !planes.isEmpty {
                unsafe fixative_kernel_linearize_planes(base, width, ToneCurve.integers, &planes, stride)
            }
        }
    }
}
