import ImageCodecs
import Testing

@Suite("PNG decoding")
struct PNGDecodingTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        var colourType: Int
        var depth: Int
        var isInterlaced: Bool
        var width: Int
        var height: Int
        var testDescription: String {
            "type \(colourType), \(depth) bits, \(isInterlaced ? "Adam7" : "plain"), \(width)x\(height)"
        }
    }

    static let kinds: [Kind] = {
        let depths = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]
        let sizes = [(1, 1), (3, 2), (9, 7), (17, 11)]
        return depths.sorted { $0.key < $1.key }.flatMap { type, depths in
            depths.flatMap { depth in
                [false, true].flatMap { interlaced in
                    sizes.map { Kind(colourType: type, depth: depth, isInterlaced: interlaced, width: $0.0, height: $0.1) }
                }
            }
        }
    }()

    static let channelCount = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]

    static func sample(_ x: Int, _ y: Int, _ channel: Int, depth: Int) -> Int {
        (x * 7919 + y * 104_729 + channel * 1_299_709 + 12_345) % (1 << depth)
    }

    static func builder(_ kind: Kind) -> PNGBuilder {
        let channels = channelCount[kind.colourType] ?? 1
        var builder = PNGBuilder(
            width: kind.width, height: kind.height, depth: kind.depth, colourType: kind.colourType,
            isInterlaced: kind.isInterlaced,
            samples: { x, y in (0..<channels).map { sample(x, y, $0, depth: kind.depth) } })
        if kind.colourType == 3 {
            builder.palette = (0..<(1 << kind.depth)).map { [UInt8($0), UInt8(255 - $0), UInt8($0 ^ 0x55)] }
        }
        return builder
    }

    /// The specification's scaling: v * 255 / maximum, to the nearest.
    static func eightBit(_ sample: Int, depth: Int) -> UInt8 {
        let maximum = (1 << depth) - 1
        return UInt8((sample * 255 * 2 + maximum) / (2 * maximum))
    }

    static func expected(_ kind: Kind) -> [UInt8] {
        (0..<kind.height).flatMap { y in
            (0..<kind.width).flatMap { x -> [UInt8] in
                func value(_ channel: Int) -> UInt8 {
                    eightBit(sample(x, y, channel, depth: kind.depth), depth: kind.depth)
                }
                let index = UInt8(sample(x, y, 0, depth: kind.depth) & 255)
                return switch kind.colourType {
                case 0: [value(0), value(0), value(0)]
                case 2: [value(0), value(1), value(2)]
                case 3: [index, 255 - index, index ^ 0x55]
                case 4: [value(0), value(0), value(0), value(1)]
                default: [value(0), value(1), value(2), value(3)]
                }
            }
        }
    }

    @Test("Every colour type, depth and interlace gives 8-bit RGB or RGBA", arguments: kinds)
    func everyKindGivesEightBitColour(_ kind: Kind) throws {
        let image = try decode(Self.builder(kind).build())
        #expect((image.width, image.height) == (kind.width, kind.height))
        #expect(image.channels == (kind.colourType >= 4 ? 4 : 3))
        #expect(image.bytes == Self.expected(kind))
    }

    @Test("The header says what is stored", arguments: kinds)
    func theHeaderDescribesTheStoredPNG(_ kind: Kind) throws {
        let header = try HeaderParser.parse(Self.builder(kind).build().span)
        let colourTypes: [Int: ImageHeader.ColourType] = [0: .grey, 2: .rgb, 3: .palette, 4: .greyAlpha, 6: .rgba]
        #expect(header.format == .png)
        #expect((header.width, header.height) == (kind.width, kind.height))
        #expect(header.bitDepth == kind.depth)
        #expect(header.colourType == colourTypes[kind.colourType])
        #expect(header.isInterlaced == kind.isInterlaced)
        #expect(header.hasAlpha == (kind.colourType >= 4))
    }

    @Test(arguments: [false, true])
    func aPaletteWithTransparencyGivesAlpha(_ isInterlaced: Bool) throws {
        var builder = PNGBuilder(
            width: 4, height: 1, depth: 2, colourType: 3, isInterlaced: isInterlaced, samples: { x, _ in [x] })
        builder.palette = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]
        builder.transparency = [0, 128]
        let file = builder.build()
        #expect(try decode(file).bytes == [1, 2, 3, 0, 4, 5, 6, 128, 7, 8, 9, 255, 10, 11, 12, 255])
        #expect(try HeaderParser.parse(file.span).hasAlpha)
    }

    @Test func transparentColoursAreMatchedAtFullDepth() throws {
        var grey = PNGBuilder(width: 3, height: 1, depth: 16, colourType: 0, samples: { x, _ in [[0x1234, 0x1235, 0xFFFF][x]] })
        grey.transparency = [0x12, 0x34]
        #expect(try decode(grey.build()).bytes == [18, 18, 18, 0, 18, 18, 18, 255, 255, 255, 255, 255])

        var colour = PNGBuilder(width: 2, height: 1, depth: 8, colourType: 2, samples: { x, _ in [9, 8, 7 + x] })
        colour.transparency = [0, 9, 0, 8, 0, 7]
        #expect(try decode(colour.build()).bytes == [9, 8, 7, 0, 9, 8, 8, 255])
    }

    @Test func trailingBytesOfAPNGAreCountedAndNotDamage() throws {
        let file = PNGBuilder.rgb().build()
        #expect(try facts(file).trailingBytes == 0)
        #expect(try facts(file + [1, 2, 3, 4, 5]).trailingBytes == 5)
    }

    /// Section 11.3.1.1: decoders must mask the other bits to 0 before the value is used.
    @Test(arguments: [false, true])
    func surplusBitsOfATransparentColourAreMasked(_ isInterlaced: Bool) throws {
        var grey = PNGBuilder(
            width: 2, height: 1, depth: 8, colourType: 0, isInterlaced: isInterlaced, samples: { x, _ in [0x12 + x] })
        grey.transparency = [0xFF, 0x12]
        #expect(try decode(grey.build()).bytes == [18, 18, 18, 0, 19, 19, 19, 255])
        var shades = PNGBuilder(
            width: 4, height: 1, depth: 2, colourType: 0, isInterlaced: isInterlaced, samples: { x, _ in [x] })
        shades.transparency = [0xAB, 0xFD]
        #expect(try decode(shades.build()).bytes == [0, 0, 0, 255, 85, 85, 85, 0, 170, 170, 170, 255, 255, 255, 255, 255])
        var colour = PNGBuilder(
            width: 2, height: 1, depth: 8, colourType: 2, isInterlaced: isInterlaced, samples: { x, _ in [9, 8, 7 + x] })
        colour.transparency = [1, 9, 2, 8, 0x80, 7]
        #expect(try decode(colour.build()).bytes == [9, 8, 7, 0, 9, 8, 8, 255])
    }

    /// An ancillary chunk that makes no sense takes nothing from the picture.
    @Test func invalidTransparencyIsNoted() throws {
        let rgb = PNGBuilder.rgb()
        var (odd, late) = (rgb, rgb)
        odd.transparency = [0, 1]
        late.chunksAfterData = PNGBuilder.chunk("tRNS", [0, 0, 0, 0, 0, 0])
        var rgba = Self.builder(.init(colourType: 6, depth: 8, isInterlaced: false, width: 3, height: 2))
        let pixels = try decode(rgba.build()).bytes
        rgba.transparency = [0, 0]
        var indexed = PNGBuilder(width: 2, height: 1, depth: 8, colourType: 3, samples: { x, _ in [x] })
        indexed.palette = [[1, 2, 3], [4, 5, 6]]
        indexed.transparency = [0, 0, 0]
        for (builder, expected) in [
            (odd, rgb.expectedRGB), (late, rgb.expectedRGB), (rgba, pixels), (indexed, [1, 2, 3, 4, 5, 6]),
        ] {
            let file = builder.build()
            #expect(try decode(file).bytes == expected)
            #expect(try HeaderParser.parse(file.span).hasAlpha == (builder.colourType == 6))
            #expect(MetadataReader.read(file.span).unreadable == ["tRNS"])
        }
    }

    /// As libvips 8.18 does with `fail_on=error` and with `fail_on=warning`: opaque black, and no complaint.
    @Test(arguments: [4, 8], [false, true])
    func anIndexBeyondThePaletteIsBlack(_ depth: Int, _ hasTransparency: Bool) throws {
        var builder = PNGBuilder(width: 4, height: 1, depth: depth, colourType: 3, samples: { x, _ in [[0, 1, 2, 9][x]] })
        builder.palette = [[10, 20, 30], [40, 50, 60]]
        builder.transparency = hasTransparency ? [128] : []
        let alpha: [[UInt8]] = hasTransparency ? [[128], [255], [255], [255]] : [[], [], [], []]
        let colours: [[UInt8]] = [[10, 20, 30], [40, 50, 60], [0, 0, 0], [0, 0, 0]]
        #expect(try decode(builder.build()).bytes == zip(colours, alpha).flatMap { $0 + $1 })
    }

    @Test func rowsCanBeReadFromForeignMemory() throws {
        let builder = PNGBuilder.rgb()
        let file = builder.build()
        let image = try unsafe file.withUnsafeBufferPointer { buffer in
            try unsafe ImageDecoder.decode(Span(_unsafeElements: buffer))
        }
        #expect(image.bytes == builder.expectedRGB)
    }
}
