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

    private static func lanczos(_ x: Double) -> Double {
        if abs(x) >= 3 { return 0 }
        if abs(x) < 1e-9 { return 1 }
        let angle = Double.pi * x
        return 3 * Mathematics.sine(angle) * Mathematics.sine(angle / 3) / (angle * angle)
    }
}
