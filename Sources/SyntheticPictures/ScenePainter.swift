internal import ImageCodecs

/// Paints a scene row by row, layer by layer, and adds grain.
///
/// A row is stored as one array of floats per channel, so that the loops vectorise.
struct ScenePainter {
    private let scene: Scene
    private let width: Int
    private let height: Int
    private let grain: Grain
    private var red: [Float]
    private var green: [Float]
    private var blue: [Float]
    private var mask: [Float]
    private var light: [Float]

    init(_ scene: Scene, width: Int, height: Int, random: inout SplitMix64) {
        self.scene = scene
        self.width = width
        self.height = height
        grain = Grain(width: width, height: height, grain: scene.grain, mottle: scene.mottle, random: &random)
        red = [Float](repeating: 0, count: width)
        green = red
        blue = red
        mask = red
        light = red
    }

    mutating func paint() -> PixelImage {
        var bytes = [UInt8](repeating: 0, count: width * height * 3)
        for row in 0..<height {
            let y = Float(row) + 0.5
            let first = scene.layers.lastIndex { $0.hidesWholeRow(y) } ?? 0
            for layer in scene.layers[first...] { paint(layer, row: y) }
            grain.finish(row, red, green, blue, light: &light, into: &bytes)
        }
        return PixelImage(width: width, height: height, channels: 3, bytes: bytes)
    }

    private mutating func paint(_ layer: Layer, row y: Float) {
        guard let columns = layer.shape.columns(inRow: y, width: width) else { return }
        layer.shape.cover(columns, row: y, mask: &mask)
        let place = min(max((y - layer.top) / (layer.bottom - layer.top), 0), 1)
        let colour = layer.upper.mixed(layer.lower, place)
        if layer.sheen == 0 && layer.ripple == 0 {
            blend(columns, colour, layer.opacity)
        } else {
            layer.shade(columns, row: y, light: &light)
            blendLit(columns, colour, layer.opacity)
        }
    }

    private mutating func blend(_ columns: Range<Int>, _ colour: Colour, _ opacity: Float) {
        for x in columns {
            let cover = mask[x] * opacity
            red[x] += (colour.x - red[x]) * cover
            green[x] += (colour.y - green[x]) * cover
            blue[x] += (colour.z - blue[x]) * cover
        }
    }

    private mutating func blendLit(_ columns: Range<Int>, _ colour: Colour, _ opacity: Float) {
        for x in columns {
            let cover = mask[x] * opacity
            red[x] += (colour.x + light[x] - red[x]) * cover
            green[x] += (colour.y + light[x] - green[x]) * cover
            blue[x] += (colour.z + light[x] - blue[x]) * cover
        }
    }
}

extension Shape {
    /// The columns that the shape may cover in the row with its middle at `y`; nil if there are none.
    func columns(inRow y: Float, width: Int) -> Range<Int>? {
        func span(_ x: Float, _ half: Float) -> Range<Int>? {
            let range = Int(x - half - 2)..<Int(x + half + 3)
            let clamped = range.clamped(to: 0..<width)
            return clamped.isEmpty ? nil : clamped
        }
        switch self {
        case .disc(let x, let cy, let radius), .glow(let x, let cy, let radius):
            return abs(y - cy) > radius + 1 ? nil : span(x, max(0, radius * radius - (y - cy) * (y - cy)).squareRoot() + 2)
        case .ring(let x, let cy, let radius, let thickness):
            return abs(y - cy) > radius + thickness ? nil : span(x, radius + thickness)
        case .arch(let x, let cy, let radius, let thickness, let base):
            return y < cy - radius - thickness || y > base ? nil : span(x, radius + thickness)
        case .halfDisc(let x, let cy, let radius, let isUpper):
            return abs(y - cy) > radius + 1 || (isUpper ? y > cy : y < cy) ? nil : span(x, radius)
        case .rectangle(let left, let top, let right, let bottom):
            return y < top - 1 || y > bottom + 1 ? nil : span((left + right) / 2, (right - left) / 2)
        case .leaf(let x, let cy, let length, let leafWidth, let dx, let dy):
            let reach = length * abs(dx) + leafWidth * abs(dy) + 1
            return abs(y - cy) > length * abs(dy) + leafWidth * abs(dx) + 1 ? nil : span(x, reach)
        case .ground(let line):
            return y < line.highest - 1 ? nil : 0..<min(width, line.heights.count)
        case .vessel(let x, let top, let halfWidths):
            let row = Int((y - top).rounded(.down))
            return halfWidths.indices.contains(row) ? span(x, halfWidths[row]) : nil
        }
    }

    /// Computes the coverage of each pixel, 0 to 1, approximated as the distance to the edge in pixels plus a half.
    func cover(_ columns: Range<Int>, row y: Float, mask: inout [Float]) {
        switch self {
        case .disc(let cx, let cy, let radius), .halfDisc(let cx, let cy, let radius, _):
            let scale = 0.5 / radius
            let inside = radius * radius - (y - cy) * (y - cy)
            for x in columns {
                let dx = Float(x) + 0.5 - cx
                mask[x] = unit((inside - dx * dx) * scale + 0.5)
            }
        case .ring(let cx, let cy, let radius, let thickness):
            coverRing(columns, cx, y - cy, radius, thickness, &mask)
        case .arch(let cx, let cy, let radius, let thickness, _):
            coverRing(columns, cx, min(0, y - cy), radius, thickness, &mask)
        case .rectangle(let left, let top, let right, let bottom):
            let vertical = unit(min(y - top, bottom - y) + 0.5)
            for x in columns {
                let middle = Float(x) + 0.5
                mask[x] = vertical * unit(min(middle - left, right - middle) + 0.5)
            }
        case .leaf(let cx, let cy, let length, let leafWidth, let ux, let uy):
            let radius = (length * length + leafWidth * leafWidth) / (2 * leafWidth)
            let offset = radius - leafWidth
            let scale = 0.5 / radius
            for x in columns {
                let (dx, dy) = (Float(x) + 0.5 - cx, y - cy)
                let along = dx * ux + dy * uy
                let across = abs(dy * ux - dx * uy) + offset
                mask[x] = unit((radius * radius - along * along - across * across) * scale + 0.5)
            }
        case .ground(let line):
            for x in columns { mask[x] = unit(y - line.heights[x] + 0.5) }
        case .vessel(let cx, let top, let halfWidths):
            let half = halfWidths[Int((y - top).rounded(.down))]
            for x in columns { mask[x] = unit(half - abs(Float(x) + 0.5 - cx) + 0.5) }
        case .glow(let cx, let cy, let radius):
            let scale = 1 / (radius * radius)
            for x in columns {
                let dx = Float(x) + 0.5 - cx
                let fade = unit(1 - (dx * dx + (y - cy) * (y - cy)) * scale)
                mask[x] = fade * fade
            }
        }
    }

    private func coverRing(
        _ columns: Range<Int>, _ cx: Float, _ dy: Float, _ radius: Float, _ thickness: Float, _ mask: inout [Float]
    ) {
        for x in columns {
            let dx = Float(x) + 0.5 - cx
            mask[x] = unit(thickness / 2 - abs((dx * dx + dy * dy).squareRoot() - radius) + 0.5)
        }
    }
}

extension Layer {
    /// Whether the layer covers the whole row, so that the layers below it are invisible there.
    fileprivate func hidesWholeRow(_ y: Float) -> Bool {
        guard case .ground(let line) = shape else { return false }
        return opacity == 1 && y > line.lowest + 1
    }

    /// Computes the amount added to the colour by light and ripples, in levels of 255.
    fileprivate func shade(_ columns: Range<Int>, row y: Float, light: inout [Float]) {
        switch shape {
        case .disc(let cx, let cy, let radius):
            let dy = (y - cy) / radius
            for x in columns {
                let dx = (Float(x) + 0.5 - cx) / radius
                let towards = (dx + 0.4) * (dx + 0.4) + (dy + 0.45) * (dy + 0.45)
                light[x] = sheen * (0.45 - towards * 0.62) + sheen * unit(1 - towards * 9) * 0.8
            }
        case .vessel(let cx, let top, let halfWidths):
            let scale = 1 / halfWidths[Int((y - top).rounded(.down))]
            for x in columns {
                let dx = (Float(x) + 0.5 - cx) * scale
                light[x] = sheen * (0.3 - (dx + 0.35) * (dx + 0.35) * 0.8 + unit(1 - (dx + 0.5) * (dx + 0.5) * 22) * 0.55)
            }
        case .ground(let line):
            for x in columns {
                let edge = line.heights[x]
                let wave = (y - edge) * 0.045 + Float(x) * 0.006 + edge * 0.03
                let part = wave - wave.rounded(.down)
                light[x] = ripple * (abs(part - 0.5) * 4 - 1)
            }
        default:
            for x in columns {
                let wave = y * 0.07 + Float(x) * 0.0013
                let part = wave - wave.rounded(.down)
                light[x] = ripple * (abs(part - 0.5) * 4 - 1)
            }
        }
    }
}

@inline(__always)
func unit(_ value: Float) -> Float { min(max(value, 0), 1) }
