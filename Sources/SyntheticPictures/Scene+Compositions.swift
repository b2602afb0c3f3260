extension Scene {
    static func poster(_ width: Float, _ height: Float, _ palette: SceneColours, _ random: inout SplitMix64) -> Scene {
        var scene = Scene(grain: 1.8, mottle: 5)
        scene.add(sky(width, height, palette.paper, palette.paper.mixed(palette.skyBottom, 0.5)))
        let columns = random.int(3...5)
        let cell = width / Float(columns)
        let rows = max(1, Int((height / cell).rounded(.up)))
        for row in 0..<rows {
            for column in 0..<columns {
                let (left, top) = (Float(column) * cell, Float(row) * cell)
                let colours = palette.accents.shuffled(using: &random)
                scene.addTile(left, top, cell, colours, palette.paper, &random)
            }
        }
        return scene
    }

    private mutating func addTile(
        _ left: Float, _ top: Float, _ cell: Float, _ colours: [Colour], _ paper: Colour, _ random: inout SplitMix64
    ) {
        let (x, y) = (left + cell / 2, top + cell / 2)
        let tile = Shape.rectangle(left: left, top: top, right: left + cell, bottom: top + cell)
        let background = random.chance(0.45) ? paper : colours[0]
        add(Layer(tile, background.mixed(Colour(repeating: 255), 0.06), background, top: top, bottom: top + cell))
        let ink = background == paper ? colours[0] : paper
        switch random.int(0...5) {
        case 0:
            for step in 0..<4 {
                let radius = cell * (0.46 - 0.11 * Float(step))
                add(Layer(.disc(x: x, y: y, radius: radius), step % 2 == 0 ? ink : colours[1 + step / 2]))
            }
        case 1:
            for step in 0..<4 {
                let radius = cell * (0.44 - 0.1 * Float(step))
                let arch = Shape.arch(x: x, y: y, radius: radius, thickness: cell * 0.06, base: top + cell)
                add(Layer(arch, step % 2 == 0 ? ink : colours[2]))
            }
        case 2:
            add(Layer(.halfDisc(x: x, y: y, radius: cell * 0.46, isUpper: true), ink))
            add(Layer(.halfDisc(x: x, y: top + cell, radius: cell * 0.46, isUpper: true), colours[2]))
        case 3:
            let diagonal: Float = 0.70710678
            for (dx, dy) in [(diagonal, diagonal), (diagonal, -diagonal)] {
                add(Layer(.leaf(x: x, y: y, length: cell * 0.62, width: cell * 0.2, dx: dx, dy: dy), dy > 0 ? ink : colours[2]))
            }
            add(Layer(.disc(x: x, y: y, radius: cell * 0.075), colours[3]))
        case 4:
            add(Layer(.halfDisc(x: left + cell * 0.5, y: top, radius: cell * 0.5, isUpper: false), colours[1]))
            add(Layer(.halfDisc(x: left + cell * 0.5, y: top + cell, radius: cell * 0.5, isUpper: true), ink))
            add(Layer(.disc(x: x, y: y, radius: cell * 0.13), colours[3]))
        default:
            add(
                Layer(
                    .disc(x: x, y: y, radius: cell * 0.3), ink, ink.mixed(colours[1], 0.5), top: y - cell * 0.3,
                    bottom: y + cell * 0.3))
            add(Layer(.ring(x: x, y: y, radius: cell * 0.4, thickness: cell * 0.035), colours[2]))
        }
    }

    static func stillLife(_ width: Float, _ height: Float, _ palette: SceneColours, _ random: inout SplitMix64) -> Scene {
        let side = min(width, height)
        let wall = palette.paper.mixed(palette.ground[1], random.float(0.2..<0.6))
        let table = palette.ground.sampled(random.float(0.35..<0.8))
        let edge = height * random.float(0.66..<0.74)
        var scene = Scene(grain: 1.7, mottle: 3.5)
        scene.add(sky(width, height, wall.mixed(Colour(repeating: 255), 0.25), wall.mixed(palette.ground[2], 0.25)))
        let alcove = random.float(0.3..<0.7) * width
        let radius = side * random.float(0.24..<0.34)
        let shade = wall.mixed(palette.accents[random.int(0...3)], 0.5)
        scene.add(Layer(.disc(x: alcove, y: edge - radius * 1.15, radius: radius), shade.mixed(palette.paper, 0.2)))
        let panel = Shape.rectangle(left: alcove - radius, top: edge - radius * 1.15, right: alcove + radius, bottom: edge)
        scene.add(Layer(panel, shade.mixed(palette.paper, 0.2), shade, top: edge - radius, bottom: edge))
        scene.add(Layer(.glow(x: width * 0.16, y: height * 0.1, radius: side * 0.8), Colour(hex: 0xFFF7E2)).with(opacity: 0.4))
        let top = Shape.rectangle(left: 0, top: edge, right: width, bottom: height)
        scene.add(Layer(top, table.mixed(palette.paper, 0.3), table, top: edge, bottom: height).with(ripple: 3))

        // Insert shadows below all objects on the table, so that no shadow covers another object.
        let floor = scene.layers.count
        let count = random.int(3...4)
        let colours = palette.accents.shuffled(using: &random)
        for index in 0..<count {
            let x = width * (0.5 + (Float(index) - Float(count - 1) / 2) * 0.2 + random.float(-0.03..<0.03))
            let foot = edge + height * random.float(0.05..<0.15)
            if index == count - 1 {
                scene.addFruit(x: x, foot: foot, side: side, colours[index], above: floor, &random)
            } else {
                scene.addVessel(x: x, foot: foot, side: side, colours[index], palette, above: floor, &random)
            }
        }
        return scene
    }

    private mutating func addVessel(
        x: Float, foot: Float, side: Float, _ colour: Colour, _ palette: SceneColours, above floor: Int,
        _ random: inout SplitMix64
    ) {
        let tall = side * random.float(0.26..<0.46)
        let body = side * random.float(0.07..<0.105)
        let neck = body * random.float(0.25..<0.6)
        let lip = neck * random.float(1.1..<1.6)
        let waist = random.float(0.3..<0.65)
        let profile = (0..<max(2, Int(tall))).map { row -> Float in
            let place = Float(row) / tall
            if place < 0.05 { return lip }
            if place < 0.22 { return neck + (lip - neck) * max(0, 1 - (place - 0.05) * 11) }
            let around = (place - waist) / (place < waist ? waist - 0.22 : 1.25 - waist)
            return max(neck, body * (1 - around * around * 0.85))
        }
        let shadow = Shape.leaf(x: x + body * 1.3, y: foot, length: body * 3.2, width: body * 0.5, dx: 1, dy: 0)
        layers.insert(Layer(shadow, palette.ground.sampled(1).mixed(Colour(repeating: 0), 0.4)).with(opacity: 0.4), at: floor)
        if random.chance(0.55) { addTwig(x: x, y: foot - tall, side: side, palette, &random) }
        add(
            Layer(
                .vessel(x: x, top: foot - tall, halfWidths: profile), colour.mixed(palette.paper, 0.15),
                colour.mixed(Colour(repeating: 0), 0.12), top: foot - tall, bottom: foot
            ).with(sheen: 58))
    }

    private mutating func addTwig(x: Float, y: Float, side: Float, _ palette: SceneColours, _ random: inout SplitMix64) {
        let green = palette.accents[2].mixed(palette.ground[3], 0.4)
        for _ in 0..<random.int(6...10) {
            let lean = random.float(-0.8..<0.8)
            let norm = (lean * lean + 1).squareRoot()
            let (dx, dy) = (lean / norm, -1 / norm)
            let reach = side * random.float(0.06..<0.19)
            let length = side * random.float(0.05..<0.09)
            let leaf = Shape.leaf(x: x + dx * reach, y: y + dy * reach, length: length, width: length * 0.28, dx: dx, dy: dy)
            let stem = Shape.leaf(
                x: x + dx * reach / 2, y: y + dy * reach / 2, length: reach / 2 + 2, width: side * 0.0025, dx: dx, dy: dy)
            add(Layer(stem, green.mixed(Colour(repeating: 0), 0.35)))
            add(Layer(leaf, green.mixed(palette.paper, random.float(0..<0.35))))
        }
    }

    private mutating func addFruit(
        x: Float, foot: Float, side: Float, _ colour: Colour, above floor: Int, _ random: inout SplitMix64
    ) {
        for step in 0..<random.int(2...3) {
            let radius = side * random.float(0.045..<0.06)
            let place = x + (Float(step) - 0.8) * radius * 1.9
            let shadow = Shape.leaf(x: place + radius * 0.6, y: foot, length: radius * 1.8, width: radius * 0.36, dx: 1, dy: 0)
            layers.insert(Layer(shadow, Colour(hex: 0x1E1418)).with(opacity: 0.35), at: floor)
            add(Layer(.disc(x: place, y: foot - radius * 0.92, radius: radius), colour).with(sheen: 62))
        }
    }
}
