/// Adds fine noise and soft mottling, and converts floats to bytes.
struct Grain {
    private let width: Int
    private let mottle: Float
    /// Random values with a roughly normal distribution. Each row reads them from a different start position.
    private let noise: [Float]
    private let starts: [Int]
    /// Coarse noise: one interpolated row for every `cell` rows of the picture.
    private let lattice: [Float]
    private let cell: Int

    private static let period = 16_384

    init(width: Int, height: Int, grain: Float, mottle: Float, random: inout SplitMix64) {
        self.width = width
        self.mottle = mottle
        cell = max(4, min(width, height) / 40)
        var noise = (0..<Self.period).map { _ in
            (random.float(-1..<1) + random.float(-1..<1) + random.float(-1..<1)) * grain
        }
        while noise.count < Self.period + width { noise.append(noise[noise.count - Self.period]) }
        self.noise = noise
        starts = (0..<height * 3).map { _ in random.int(0...Self.period - 1) }

        let rows = height / cell + 2
        var lattice: [Float] = []
        lattice.reserveCapacity(rows * width)
        for _ in 0..<rows {
            let points = (0..<width / cell + 3).map { _ in random.float(-1..<1) }
            for x in 0..<width {
                let (index, part) = (x / cell, Float(x % cell) / Float(cell))
                let weight = part * part * (3 - 2 * part)
                lattice.append(points[index] + (points[index + 1] - points[index]) * weight)
            }
        }
        self.lattice = lattice
    }

    /// Adds noise to one row and writes it as RGB bytes.
    func finish(
        _ row: Int, _ red: [Float], _ green: [Float], _ blue: [Float], light: inout [Float], into bytes: inout [UInt8]
    ) {
        let part = Float(row % cell) / Float(cell)
        let weight = part * part * (3 - 2 * part)
        let upper = row / cell * width
        let (common, warm, cool) = (starts[row * 3], starts[row * 3 + 1], starts[row * 3 + 2])
        for x in 0..<width {
            let above = lattice[upper + x]
            let soft = above + (lattice[upper + width + x] - above) * weight
            light[x] = soft * mottle + noise[common + x] + 0.5
        }
        var target = row * width * 3
        for x in 0..<width {
            bytes[target] = byte(red[x] + light[x] + noise[warm + x] * 0.35)
            bytes[target + 1] = byte(green[x] + light[x])
            bytes[target + 2] = byte(blue[x] + light[x] + noise[cool + x] * 0.35)
            target += 3
        }
    }

    @inline(__always)
    private func byte(_ value: Float) -> UInt8 { UInt8(min(max(value, 0), 255)) }
}
