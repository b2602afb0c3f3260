internal import CPixelKernels

/// The input positions and weights for each output position along one axis. Lanczos filter with three lobes.
struct LanczosWindows {
    /// Inputs per output; always even, because the kernel processes them in pairs.
    let taps: Int
    /// The first input of each output. `first + taps` exceeds the input count by at most one: that extra input has weight 0.
    let first: [Int32]
    /// `taps` weights per output; the weights of one output add up to 1.
    let weights: [Float]

    init(from source: Int, to target: Int) {
        let scale = Double(source) / Double(target)
        let stretch = max(scale, 1)
        let support = 3 * stretch
        let reach = min(source, Int((2 * support).rounded(.up)) + 1)
        let taps = reach + reach % 2
        var first: [Int32] = []
        var weights: [Float] = []
        weights.reserveCapacity(target * taps)
        for index in 0..<target {
            let centre = (Double(index) + 0.5) * scale
            let start = max(0, min(Int((centre - support).rounded(.down)), source - reach))
            let values = (0..<taps).map { tap in
                start + tap < source ? Self.lanczos((Double(start + tap) + 0.5 - centre) / stretch) : 0
            }
            let sum = values.reduce(0, +)
            first.append(Int32(start))
            weights.append(contentsOf: values.map { Float($0 / sum) })
        }
        self.taps = taps
        self.first = first
        self.weights = weights
    }

    /// Converts the windows for the integer kernels. Returns nil if 16 bits are too coarse: with hundreds of taps, a weight is
    /// only a few units of 2^-14.
    ///
    /// - Parameter step: The weights of each output are padded with zeros to a multiple of this number.
    func integers(step: Int) -> IntegerWindows? {
        guard taps <= Self.maxIntegerTaps else { return nil }
        let padded = (taps + step - 1) / step * step
        var integers: [Int16] = []
        integers.reserveCapacity(first.count * padded)
        for start in stride(from: 0, to: weights.count, by: taps) {
            var values = weights[start..<start + taps].map { Int(($0 * Float(IntegerWindows.one)).rounded()) }
            // Adds the rounding error to the largest weight, so that uniform areas keep their level.
            let centre = values.indices.max { values[$0] < values[$1] } ?? 0
            values[centre] += IntegerWindows.one - values.reduce(0, +)
            guard values.reduce(0, { $0 + abs($1) }) <= IntegerWindows.maxMagnitude else { return nil }
            integers.append(contentsOf: values.map { Int16(clamping: $0) })
            integers.append(contentsOf: repeatElement(0, count: padded - taps))
        }
        return IntegerWindows(taps: padded, first: first, weights: integers)
    }

    private static let maxIntegerTaps = 128

    private static func lanczos(_ x: Double) -> Double {
        if abs(x) >= 3 { return 0 }
        if abs(x) < 1e-9 { return 1 }
        // sin 3a = 3 sin a - 4 sin^3 a. This saves one of two sines, which dominate the cost for small pictures.
        let third = Double.pi * x / 3
        let sine = Mathematics.sine(third)
        return sine * sine * (3 - 4 * sine * sine) / (3 * third * third)
    }
}

/// Windows with weights in units of 2^-14.
struct IntegerWindows {
    static let one = 1 << FIXATIVE_KERNEL_WEIGHT_BITS
    /// The maximum sum of absolute weights per output; above it, a sum of 16-bit products could overflow 32 bits.
    static let maxMagnitude = 2 * one - 1

    let taps: Int
    let first: [Int32]
    let weights: [Int16]
}
