internal import CPixelKernels

/// Tracks which output rows can be computed. The window of the last rows may include one extra row after the source, with weight
/// 0.
private struct RowSchedule {
    let taps: Int
    let first: [Int32]
    private(set) var received = 0
    private(set) var written = 0
    /// The positions in the ring buffer of the rows for the next output row.
    private(set) var slots: [Int32]

    init(taps: Int, first: [Int32]) {
        self.taps = taps
        self.first = first
        slots = [Int32](repeating: 0, count: taps)
    }

    var nextSlot: Int { received % taps }
    var isComplete: Bool { written == first.count }
    var isRowDue: Bool { !isComplete && Int(first[written]) + taps <= received }

    mutating func receiveRow() { received += 1 }

    mutating func prepareRow() {
        let start = Int(first[written])
        for tap in 0..<taps { slots[tap] = Int32((start + tap) % taps) }
    }

    mutating func writeRow() { written += 1 }
}

/// Resizes in floats: any number of taps, with or without alpha.
struct FloatEngine {
    private let columns: LanczosWindows
    private let weights: [Float]
    private let channels: Int
    private let width: Int
    private var schedule: RowSchedule
    /// The last `taps` input rows, four floats per pixel, resized to the output width.
    private var ring: [Float]
    private var blended: [Float]

    init(columns: LanczosWindows, rows: LanczosWindows, channels: Int) {
        self.columns = columns
        self.channels = channels
        weights = rows.weights
        width = columns.first.count
        schedule = RowSchedule(taps: rows.taps, first: rows.first)
        ring = [Float](repeating: 0, count: rows.taps * width * 4)
        blended = [Float](repeating: 0, count: width * 4)
    }

    mutating func push(_ row: borrowing LinearRow, to bytes: inout [UInt8]) {
        let start = schedule.nextSlot * width * 4
        unsafe ring.withUnsafeMutableBufferPointer { ring in
            guard let base = ring.baseAddress else { return }
            unsafe fixative_kernel_resample_row(
                row.floats, columns.first, columns.weights, columns.taps, base + start, width)
        }
        schedule.receiveRow()
        while schedule.isRowDue { writeRow(to: &bytes) }
    }

    mutating func finish(to bytes: inout [UInt8]) {
        while !schedule.isComplete { writeRow(to: &bytes) }
    }

    private mutating func writeRow(to bytes: inout [UInt8]) {
        schedule.prepareRow()
        let (start, taps, offset) = (bytes.count, schedule.taps, schedule.written * schedule.taps)
        bytes.append(contentsOf: repeatElement(0, count: width * channels))
        unsafe weights.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            unsafe fixative_kernel_blend_rows(ring, schedule.slots, weights + offset, taps, &blended, width * 4)
        }
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe fixative_kernel_encode(blended, width, channels, ToneCurve.encoded, base + start)
        }
        schedule.writeRow()
    }
}

/// Resizes in 16-bit integers, without alpha.
struct IntegerEngine {
    private let columns: IntegerWindows
    private let weights: [Int16]
    private let width: Int
    private var schedule: RowSchedule
    /// The last `taps` input rows as interleaved red, green and blue, resized to the output width and padded for the kernels.
    private var ring: [Int16]
    private let stride: Int

    init(columns: IntegerWindows, rows: IntegerWindows) {
        self.columns = columns
        weights = rows.weights
        width = columns.first.count
        schedule = RowSchedule(taps: rows.taps, first: rows.first)
        // At least one value more than a row, rounded up to a multiple of 16.
        stride = (3 * width + 16) / 16 * 16
        ring = [Int16](repeating: 0, count: rows.taps * stride)
    }

    mutating func push(_ row: borrowing LinearRow, to bytes: inout [UInt8]) {
        let start = schedule.nextSlot * stride
        unsafe ring.withUnsafeMutableBufferPointer { ring in
            guard let base = ring.baseAddress else { return }
            unsafe fixative_kernel_resample_planes(
                row.planes, row.stride, columns.first, columns.weights, columns.taps, base + start, width)
        }
        schedule.receiveRow()
        while schedule.isRowDue { writeRow(to: &bytes) }
    }

    mutating func finish(to bytes: inout [UInt8]) {
        while !schedule.isComplete { writeRow(to: &bytes) }
    }

    private mutating func writeRow(to bytes: inout [UInt8]) {
        schedule.prepareRow()
        let (start, taps, offset) = (bytes.count, schedule.taps, schedule.written * schedule.taps)
        bytes.append(contentsOf: repeatElement(0, count: width * 3))
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            guard let target = bytes.baseAddress else { return }
            unsafe weights.withUnsafeBufferPointer { weights in
                guard let weights = weights.baseAddress else { return }
                unsafe fixative_kernel_blend_encode(
                    ring, stride, schedule.slots, weights + offset, taps, ToneCurve.encodedIntegers, target + start, width * 3)
            }
        }
        schedule.writeRow()
    }
}
