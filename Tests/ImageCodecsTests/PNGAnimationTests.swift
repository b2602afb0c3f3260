import ImageCodecs
import Testing

/// PNG, third edition, sections 11.3.6, 12 and 13.1: on an error of the animation, the static picture is shown.
@Suite("PNG animation")
struct PNGAnimationTests {
    static func control(_ frames: Int) -> [UInt8] { PNGBuilder.chunk("acTL", PNGBuilder.bigEndian(frames) + [0, 0, 0, 0]) }

    static func frame(_ sequence: Int, width: Int = 9, height: Int = 7, x: Int = 0, y: Int = 0, dispose: UInt8 = 0) -> [UInt8] {
        PNGBuilder.chunk(
            "fcTL", [sequence, width, height, x, y].flatMap(PNGBuilder.bigEndian) + [0, 1, 0, 25, dispose, 0])
    }

    static func data(_ sequence: Int) -> [UInt8] {
        let rows = PNGBuilder.rgb().scanlines()
        return PNGBuilder.chunk("fdAT", PNGBuilder.bigEndian(sequence) + PNGBuilder.zlib(rows))
    }

    static func file(_ before: [UInt8], after: [UInt8] = []) -> [UInt8] { MetadataTests.png(before, after: after) }

    @Test func anAnimatedPNGGivesItsDefaultImageAndFrameCount() throws {
        let two = Self.file(Self.control(2) + Self.frame(0), after: Self.frame(1, width: 4, height: 3, x: 5, y: 4) + Self.data(2))
        let one = Self.file(Self.control(1), after: Self.frame(0) + Self.data(1) + Self.data(2))
        for (file, frames) in [(two, 2), (one, 1)] {
            let header = try HeaderParser.parse(file.span)
            #expect(header.isAnimated && header.frameCount == frames)
            #expect(try decode(file).bytes == PNGBuilder.rgb().expectedRGB)
            #expect(MetadataReader.read(file.span).contradictions.isEmpty)
        }
        var limits = ImageLimits.default
        limits.maxFrames = 1
        #expect(code { try decode(two, limits: limits) } == .limitExceeded)
    }

    static let senseless: [(problem: String, file: [UInt8])] = {
        var broken = control(1)
        broken[broken.count - 1] ^= 1
        return [
            ("2147483649 frames are declared", file(control(0x8000_0001))),
            ("0 frames are declared", file(control(0))),
            ("5000 frames are declared, 0 are there", file(control(5000))),
            ("3 frames are declared, 1 are there", file(control(3) + frame(0))),
            ("acTL has the wrong length", file(PNGBuilder.chunk("acTL", [0, 0, 0, 1]))),
            ("acTL comes twice", file(control(1) + control(1) + frame(0))),
            ("acTL comes after the picture", file([], after: control(1) + frame(0) + data(1))),
            ("acTL has a wrong CRC", file(broken + frame(0))),
            ("fcTL without acTL", file(frame(0))),
            ("the chunks of the animation are out of sequence", file(control(1) + frame(1))),
            ("the chunks of the animation are out of sequence", file(control(2) + frame(0), after: frame(2) + data(1))),
            ("a frame has no data", file(control(3) + frame(0), after: frame(1) + frame(2) + data(3))),
            ("the last frame has no data", file(control(2) + frame(0), after: frame(1))),
            ("fdAT without fcTL", file(control(1) + frame(0), after: data(1))),
            ("a frame lies outside the picture", file(control(1), after: frame(0, x: 1) + data(1))),
            ("a frame lies outside the picture", file(control(1), after: frame(0, width: 0) + data(1))),
            ("a frame lies outside the picture", file(control(1), after: frame(0, width: 0xFFFF_FFFF) + data(1))),
            ("the first frame is not the picture", file(control(1) + frame(0, width: 8))),
            ("two fcTL come before the picture", file(control(2) + frame(0) + frame(1))),
            ("fcTL contains an unknown operation", file(control(1) + frame(0, dispose: 3))),
            ("fcTL has the wrong length", file(control(1) + PNGBuilder.chunk("fcTL", [0, 0, 0, 0]))),
        ]
    }()

    @Test("Invalid animation control gives a still picture with a note", arguments: 0..<senseless.count)
    func invalidAnimationControlGivesAStillPicture(_ index: Int) throws {
        let (problem, file) = Self.senseless[index]
        let header = try HeaderParser.parse(file.span)
        #expect(!header.isAnimated && header.frameCount == 1)
        #expect(try decode(file).bytes == PNGBuilder.rgb().expectedRGB)
        #expect(
            MetadataReader.read(file.span).contradictions == [
                "the animation is not valid (\(problem)): treated as a still picture"
            ])
    }
}
