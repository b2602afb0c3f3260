import ImageCodecs
import Testing

@Suite("WebP decoding")
struct WebPTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var fixture: Fixture
        var size = (width: 19, height: 13)
        var channels = 3
        var frames = 1
    }

    static let kinds = [
        Kind(testDescription: "lossy", fixture: .webpLossy),
        Kind(testDescription: "lossless", fixture: .webpLossless),
        Kind(testDescription: "lossy with alpha", fixture: .webpLossyAlpha, channels: 4),
        Kind(testDescription: "lossless with alpha", fixture: .webpLosslessAlpha, channels: 4),
        Kind(testDescription: "animated", fixture: .webpAnimated, frames: 2),
        Kind(
            testDescription: "animated, first frame inside the canvas", fixture: .webpOffset, size: (23, 15), channels: 4,
            frames: 2),
    ]

    @Test("Every kind decodes as in other programs", arguments: kinds)
    func everyKindOfWebPDecodesAsInOtherPrograms(_ kind: Kind) throws {
        let image = try decode(kind.fixture.file)
        #expect((image.width, image.height, image.channels) == (kind.size.width, kind.size.height, kind.channels))
        #expect(image.bytes == kind.fixture.pixels)
    }

    @Test("The header says what is stored", arguments: kinds)
    func theHeaderDescribesTheStoredWebP(_ kind: Kind) throws {
        let header = try HeaderParser.parse(kind.fixture.file.span)
        #expect((header.format, header.width, header.height) == (.webp, kind.size.width, kind.size.height))
        #expect(header.isAnimated == (kind.frames > 1))
        #expect(header.frameCount == kind.frames)
    }

    @Test("Every proper prefix is refused", arguments: kinds)
    func everyProperPrefixOfAWebPIsRefused(_ kind: Kind) {
        for length in 0..<kind.fixture.file.count {
            let prefix = Array(kind.fixture.file.prefix(length))
            #expect(throws: CodecError.self, "\(length) bytes") { try decode(prefix) }
        }
    }

    @Test("A changed byte gives an error or a picture of the stated size", arguments: kinds)
    func aChangedByteOfAWebPGivesAnErrorOrAPicture(_ kind: Kind) {
        for index in kind.fixture.file.indices {
            for mask: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                var damaged = kind.fixture.file
                damaged[index] ^= mask
                guard let image = try? decode(damaged, limits: ImageLimits(maxPixels: 1 << 20, maxSide: 4096, maxBytes: 4096))
                else { continue }
                #expect(image.bytes.count == image.width * image.height * image.channels)
            }
        }
    }

    @Test func trailingBytesOfAWebPAreCountedAndNotDamage() throws {
        for kind in Self.kinds {
            #expect(try facts(kind.fixture.file).trailingBytes == 0)
            #expect(try facts(kind.fixture.file + [0, 1, 2]).trailingBytes == 3)
        }
    }

    @Test func aCanvasThatDiffersFromItsPictureIsDamage() {
        var file = Fixture.webpLossyAlpha.file
        #expect(Array(file[12..<16]) == Array("VP8X".utf8))
        file[24] += 1
        #expect(code { try HeaderParser.parse(file.span) } == .damaged)
        #expect(code { try decode(file) } == .damaged)
    }

    /// A file of these chunks, and stray bytes that are no chunk but within the container.
    static func container(_ chunks: [(name: String, body: [UInt8])], stray: [UInt8] = []) -> [UInt8] {
        func littleEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }
        let content = chunks.flatMap { chunk in
            Array(chunk.name.utf8) + littleEndian(chunk.body.count) + chunk.body
                + [UInt8](repeating: 0, count: chunk.body.count % 2)
        }
        return Array("RIFF".utf8) + littleEndian(4 + content.count + stray.count) + Array("WEBP".utf8) + content + stray
    }

    @Test func alphaDeclaredOnlyByTheContainerIsOpaque() throws {
        let body = Array(Fixture.webpLossless.file.dropFirst(20).prefix(149))
        let file = Self.container([("VP8X", [0x10, 0, 0, 0, 18, 0, 0, 12, 0, 0]), ("VP8L", body)])
        let image = try decode(file)
        #expect(image.channels == 4)
        #expect(image.isOpaque)
        #expect((try facts(file)).header.hasAlpha)
    }

    @Test func anInconsistentContainerIsDamage() throws {
        let body = Array(Fixture.webpLossless.file.dropFirst(20).prefix(149))
        #expect(try decode(Self.container([("VP8L", body)])).bytes == Fixture.webpLossless.pixels)
        // The bitstream would have to read on in the next chunk.
        let short = (1...8).map { Self.container([("VP8L", Array(body.dropLast($0))), ("AAAA", Array("AAAA".utf8))]) }
        let extended: [UInt8] = [0, 0, 0, 0, 18, 0, 0, 12, 0, 0]
        let others = [
            Self.container([("VP8L", body)], stray: [0, 0, 0, 0]),
            Self.container([("VP8X", extended), ("VP8L", body), ("VP8L", body)]),
        ]
        for file in short + others { #expect(throws: CodecError.self) { try decode(file) } }
    }
}
