internal import CCodecShims

/// For each output position along one axis: which input positions count, and how much. Lanczos with three lobes.
struct LanczosWindows {
    /// Inputs an output reads; even, because the kernel takes them in pairs.
    let taps: Int
    /// The first input of each output. `first + taps` is at most the input count plus one: the spare input has weight 0.
    let first: [Int32]
    /// `taps` weights for each output; each set adds up to 1.
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

    /// The same windows for the integer kernels, or nil where 16 bits are too coarse: with hundreds of taps, a weight is only a
    /// few units of 2^-14.
    ///
    /// - Parameter step: Sets of weights are padded with zeros to a multiple of this.
    func integers(step: Int) -> IntegerWindows? {
        guard taps <= Self.maxIntegerTaps else { return nil }
        let padded = (taps + step - 1) / step * step
        var integers: [Int16] = []
        integers.reserveCapacity(first.count * padded)
        for start in stride(from: 0, to: weights.count, by: taps) {
            var values = weights[start..<start + taps].map { Int(($0 * Float(IntegerWindows.one)).rounded()) }
            // What rounding has added or lost goes to the largest weight, so that plain areas keep their level.
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
        // sin 3a = 3 sin a - 4 sin^3 a: one sine instead of two, in what is the larger part of a small picture's work.
        let third = Double.pi * x / 3
        let sine = Mathematics.sine(third)
        return sine * sine * (3 - 4 * sine * sine) / (3 * third * third)
    }
}

/// Windows with weights in units of 2^-14.
struct IntegerWindows {
    static let one = 1 << FIXATIVE_KERNEL_WEIGHT_BITS
    /// Of all weights of an output together; above it, a sum of 16-bit products could leave 32 bits.
    static let maxMagnitude = 2 * one - 1

    let taps: Int
    let first: [Int32]
    let weights: [Int16]
}
