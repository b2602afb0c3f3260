extension Scene {
    static func dunes(_ width: Float, _ height: Float, _ palette: SceneColours, _ random: inout SplitMix64) -> Scene {
        let side = min(width, height)
        var scene = Scene(grain: 1.6, mottle: 2.5)
        scene.add(sky(width, height, palette.skyTop, palette.skyBottom))
        let sunX = random.float(0.2..<0.8) * width
        let sunY = random.float(0.2..<0.42) * height
        let radius = random.float(0.09..<0.17) * side
        scene.add(
            Layer(.glow(x: sunX, y: sunY, radius: radius * 4), palette.sun.mixed(palette.skyBottom, 0.4)).with(opacity: 0.55))
        scene.add(
            Layer(
                .disc(x: sunX, y: sunY, radius: radius), palette.sun, palette.sun.mixed(palette.skyBottom, 0.35),
                top: sunY - radius, bottom: sunY + radius))
        for index in 0..<random.int(1...3) {
            let y = sunY + (Float(index) - 0.6) * radius * 0.9
            let x = sunX + random.float(-1.4..<1.4) * radius
            let band = Shape.leaf(x: x, y: y, length: radius * random.float(1.8..<3.4), width: radius * 0.22, dx: 1, dy: 0)
            scene.add(Layer(band, palette.skyBottom).with(opacity: 0.7))
        }
        let count = random.int(5...7)
        for index in 0..<count {
            let depth = Float(index) / Float(count - 1)
            let base = height * (0.46 + 0.44 * depth)
            let line = Terrain.smooth(
                width: width, base: base, swing: side * (0.045 + 0.075 * depth), waves: random.float(0.7..<1.6) + 1 - depth,
                random: &random)
            let colour = palette.ground.sampled(depth)
            let top = line.highest
            let lit = colour.mixed(palette.skyBottom, 0.42 * (1 - depth) + 0.12)
            scene.add(
                Layer(.ground(line), lit, colour.mixed(palette.ground.sampled(1), 0.35), top: top, bottom: top + height * 0.36)
                    .with(ripple: 3 + 4 * depth))
        }
        return scene
    }

    static func night(_ width: Float, _ height: Float, _ palette: SceneColours, _ random: inout SplitMix64) -> Scene {
        let side = min(width, height)
        let deep = palette.ground.sampled(1).mixed(Colour(hex: 0x0B1026), 0.65)
        let glow = palette.skyBottom.mixed(palette.accents[0], 0.25)
        var scene = Scene(grain: 1.8, mottle: 2)
        scene.add(sky(width, height * 0.75, deep, glow.mixed(deep, 0.25)))
        for _ in 0..<random.int(90...160) {
            let size = random.float(0.0006..<0.0022) * side
            let star = Shape.disc(x: random.float(0..<1) * width, y: random.float(0..<0.5) * height, radius: max(0.6, size))
            scene.add(Layer(star, Colour(hex: 0xFFF6E0)).with(opacity: random.float(0.35..<0.95)))
        }
        let moonX = random.float(0.2..<0.8) * width
        let moonY = random.float(0.16..<0.34) * height
        let radius = random.float(0.05..<0.1) * side
        scene.add(Layer(.glow(x: moonX, y: moonY, radius: radius * 5), palette.sun).with(opacity: 0.35))
        scene.add(Layer(.disc(x: moonX, y: moonY, radius: radius), Colour(hex: 0xFFF8E7)).with(sheen: 26))
        let count = random.int(4...6)
        for index in 0..<count {
            let depth = Float(index) / Float(count - 1)
            let base = height * (0.5 + 0.36 * depth)
            let line = Terrain.ridge(width: width, base: base, swing: side * (0.16 - 0.05 * depth), random: &random)
            let colour = palette.ground.sampled(0.25 + 0.75 * depth).mixed(deep, 0.2 + 0.6 * depth)
            let top = line.highest
            scene.add(
                Layer(.ground(line), colour, colour.mixed(glow, 0.5 * (1 - depth)), top: top, bottom: base + height * 0.14)
                    .with(ripple: 2))
        }
        return scene
    }

    static func sky(_ width: Float, _ height: Float, _ upper: Colour, _ lower: Colour) -> Layer {
        Layer(.ground(Line([Float](repeating: -1, count: Int(width)))), upper, lower, top: 0, bottom: height)
    }

    mutating func add(_ layer: Layer) { layers.append(layer) }
}

/// Outlines of hills and mountains, one height per column.
enum Terrain {
    static func smooth(width: Float, base: Float, swing: Float, waves: Float, random: inout SplitMix64) -> Line {
        var line = [Float](repeating: base, count: Int(width))
        for octave in 0..<3 {
            let scale = Float(1 << octave)
            let noise = CurveNoise(random: &random)
            let phase = random.float(0..<16)
            for x in line.indices {
                line[x] += swing / (scale * scale * 0.8) * noise.value(at: phase + Float(x) / width * waves * scale * 2)
            }
        }
        return Line(line)
    }

    static func ridge(width: Float, base: Float, swing: Float, random: inout SplitMix64) -> Line {
        var line = [Float](repeating: base, count: Int(width))
        var amplitude = swing
        for octave in 0..<7 {
            let noise = CurveNoise(random: &random)
            let phase = random.float(0..<16)
            let frequency = Float(2 << octave) * 1.1
            for x in line.indices {
                let value = noise.value(at: phase + Float(x) / width * frequency)
                line[x] += amplitude * (octave < 3 ? abs(value) * 2 - 0.8 : value)
            }
            amplitude *= 0.47
        }
        return Line(line)
    }
}

/// One-dimensional smooth noise, -1 to 1, with period 32.
struct CurveNoise {
    private var values: [Float]

    init(random: inout SplitMix64) {
        values = (0..<32).map { _ in random.float(-1..<1) }
    }

    func value(at position: Float) -> Float {
        let cell = position.rounded(.down)
        let part = position - cell
        let index = Int(cell)
        let weight = part * part * (3 - 2 * part)
        let (from, to) = (values[index & 31], values[(index + 1) & 31])
        return from + (to - from) * weight
    }
}

extension [Colour] {
    /// The colour at `position`, from 0 (first) to 1 (last), interpolated between neighbours.
    func sampled(_ position: Float) -> Colour {
        let place = Swift.min(Swift.max(position, 0), 1) * Float(count - 1)
        let index = Swift.min(Int(place), count - 2)
        return self[index].mixed(self[index + 1], place - Float(index))
    }
}
