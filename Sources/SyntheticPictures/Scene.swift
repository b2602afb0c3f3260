/// An sRGB colour with three encoded components, 0 to 255.
typealias Colour = SIMD3<Float>

extension SIMD3<Float> {
    init(hex: UInt32) {
        self.init(Float(hex >> 16 & 255), Float(hex >> 8 & 255), Float(hex & 255))
    }

    func mixed(_ other: Colour, _ amount: Float) -> Colour { self + (other - self) * amount }
}

/// The area that a layer covers. All lengths are in pixels.
enum Shape {
    case disc(x: Float, y: Float, radius: Float)
    case ring(x: Float, y: Float, radius: Float, thickness: Float)
    /// A round arch whose legs reach down to `base`.
    case arch(x: Float, y: Float, radius: Float, thickness: Float, base: Float)
    /// The half of a disc above (or below) its centre.
    case halfDisc(x: Float, y: Float, radius: Float, isUpper: Bool)
    case rectangle(left: Float, top: Float, right: Float, bottom: Float)
    /// The intersection of two circles, pointing along `dx, dy` (a unit vector).
    case leaf(x: Float, y: Float, length: Float, width: Float, dx: Float, dy: Float)
    /// Everything below a line that has a height for each column.
    case ground(Line)
    /// A body of revolution: half of its width for each row, starting at `top`.
    case vessel(x: Float, top: Float, halfWidths: [Float])
    /// Light that fades out towards `radius`.
    case glow(x: Float, y: Float, radius: Float)
}

/// The upper edge of a ground: a height for each column, with the highest and lowest point.
struct Line {
    let heights: [Float]
    let highest: Float
    let lowest: Float

    init(_ heights: [Float]) {
        self.heights = heights
        highest = heights.min() ?? 0
        lowest = heights.max() ?? 0
    }
}

struct Layer {
    var shape: Shape
    /// The colour at `top`; it changes linearly to `lower` at `bottom`.
    var upper: Colour
    var lower: Colour
    var top: Float
    var bottom: Float
    var opacity: Float = 1
    /// Strength of the rounded shading in levels of 255: light from the upper left, shadow at the right edge.
    var sheen: Float = 0
    /// Strength of the wind ripples on a ground, in levels of 255.
    var ripple: Float = 0

    init(_ shape: Shape, _ upper: Colour, _ lower: Colour? = nil, top: Float = 0, bottom: Float = 1) {
        self.shape = shape
        self.upper = upper
        self.lower = lower ?? upper
        self.top = top
        self.bottom = max(bottom, top + 1)
    }

    func with(opacity: Float = 1, sheen: Float = 0, ripple: Float = 0) -> Layer {
        var layer = self
        layer.opacity = opacity
        layer.sheen = sheen
        layer.ripple = ripple
        return layer
    }
}

struct Scene {
    var layers: [Layer] = []
    /// Standard deviation of the grain, in levels of 255.
    var grain: Float = 1.6
    /// Strength of the soft, paper-like mottling, in levels of 255.
    var mottle: Float = 5

    static func make(width: Float, height: Float, random: inout SplitMix64) -> Scene {
        let palette = SceneColours.all[random.int(0...SceneColours.all.count - 1)]
        return switch random.int(0...3) {
        case 0: dunes(width, height, palette, &random)
        case 1: night(width, height, palette, &random)
        case 2: stillLife(width, height, palette, &random)
        default: poster(width, height, palette, &random)
        }
    }
}

struct SceneColours {
    /// Ordered from far and light to near and dark.
    var ground: [Colour]
    var skyTop: Colour
    var skyBottom: Colour
    var sun: Colour
    var accents: [Colour]
    var paper: Colour

    init(ground: [UInt32], sky: (UInt32, UInt32), sun: UInt32, accents: [UInt32], paper: UInt32) {
        self.ground = ground.map(Colour.init(hex:))
        skyTop = Colour(hex: sky.0)
        skyBottom = Colour(hex: sky.1)
        self.sun = Colour(hex: sun)
        self.accents = accents.map(Colour.init(hex:))
        self.paper = Colour(hex: paper)
    }

    static let all = [
        SceneColours(
            ground: [0xE9C9A4, 0xDDA274, 0xC77B4F, 0x9C5438, 0x5E3030], sky: (0xF3D9B8, 0xF9ECD6), sun: 0xE4572E,
            accents: [0xE4572E, 0xF2A541, 0x2E5E6B, 0x8FB8A8, 0x4A2C2A], paper: 0xF4EAD7),
        SceneColours(
            ground: [0xBFD3C6, 0x8DB0A2, 0x5B8A82, 0x34616A, 0x1C3B4A], sky: (0xF2C9A1, 0xFBE9D0), sun: 0xF6F1E4,
            accents: [0x1F6F78, 0xF0A35E, 0xD65A44, 0xEAD8B1, 0x27394D], paper: 0xEFEBDD),
        SceneColours(
            ground: [0xD8C2D8, 0xB394BF, 0x86699F, 0x5A4779, 0x2F2A52], sky: (0x7D7FB8, 0xF6C6C0), sun: 0xFFE9B8,
            accents: [0xE26D8A, 0xF5B971, 0x5D4A8A, 0x3F8E8C, 0x2A2540], paper: 0xF5E8E4),
        SceneColours(
            ground: [0xDCD9B6, 0xB9BC84, 0x8B9A5B, 0x5E7340, 0x36482B], sky: (0xA9CFD6, 0xEEF3E2), sun: 0xF7C948,
            accents: [0xD9822B, 0x5E7340, 0xF7C948, 0x7A3B2E, 0x2F4B4E], paper: 0xF3EFDF),
        SceneColours(
            ground: [0xC9D8E4, 0x93B3CC, 0x5F89AE, 0x365F88, 0x1B365A], sky: (0x27476E, 0xE8B7A0), sun: 0xFFD79A,
            accents: [0xEE6C4D, 0x3D5A80, 0x98C1D9, 0xF4D9A0, 0x22304A], paper: 0xEEF1F2),
        SceneColours(
            ground: [0xEBC3B3, 0xDB9A8B, 0xBD6B6B, 0x8C4356, 0x4D2440], sky: (0xF7D7C4, 0xFCEFE4), sun: 0xD6455D,
            accents: [0xD6455D, 0xF0B67F, 0x6B9080, 0x8C4356, 0xF2DDA4], paper: 0xF8ECE2),
    ]
}
