import ImageCodecs
import Testing

@Suite("Encoding")
struct EncoderTests {
    static let rgb = PixelImage(width: 19, height: 13, channels: 3, bytes: Fixture.colours)
    static let rgba: PixelImage = {
        var bytes: [UInt8] = []
        for pixel in 0..<19 * 13 {
            bytes += Fixture.colours[pixel * 3..<pixel * 3 + 3]
            bytes.append(UInt8(pixel))
        }
        return PixelImage(width: 19, height: 13, channels: 4, bytes: bytes)
    }()

    @Test(arguments: [0, 1, 6, 9], [PNGSettings.Filter.none, .sub, .up, .average, .paeth, .adaptive])
    func aPNGKeepsEveryPixel(_ level: Int, _ filter: PNGSettings.Filter) throws {
        for image in [Self.rgb, Self.rgba] {
            let file = try ImageEncoder.png(image, PNGSettings(level: level, filter: filter))
            #expect(try decode(file) == image)
        }
    }

    @Test func aLosslessWebPKeepsEveryPixel() throws {
        for image in [Self.rgb, Self.rgba] {
            #expect(try decode(try ImageEncoder.webp(image, WebPSettings(isLossless: true))) == image)
        }
    }

    /// The fixtures are cjpeg's files of the same pixels, quality and sampling.
    @Test func aJPEGEqualsTheOutputOfCjpeg() throws {
        #expect(try ImageEncoder.jpeg(Self.rgb, JPEGSettings(quality: 88, chroma: .full)) == Fixture.jpegFull.file)
        #expect(try ImageEncoder.jpeg(Self.rgb, JPEGSettings(quality: 88, chroma: .half)) == Fixture.jpegHalf.file)
        let progressive = JPEGSettings(quality: 88, chroma: .half, isProgressive: true)
        #expect(try ImageEncoder.jpeg(Self.rgb, progressive) == Fixture.jpegProgressive.file)
    }

    @Test func aJPEGOmitsAlpha() throws {
        #expect(try ImageEncoder.jpeg(Self.rgba) == ImageEncoder.jpeg(Self.rgb))
    }

    @Test func optimizedTablesChangeOnlyTheSize() throws {
        let plain = try ImageEncoder.jpeg(Self.rgb)
        let optimized = try ImageEncoder.jpeg(Self.rgb, JPEGSettings(optimizesHuffman: true))
        #expect(optimized.count < plain.count)
        #expect(try decode(optimized) == decode(plain))
    }

    @Test func aProfileIsEmbeddedAndFoundAgain() throws {
        var profile = [UInt8](repeating: 7, count: 70_000)
        profile.replaceSubrange(16..<20, with: "RGB ".utf8)
        profile.replaceSubrange(36..<40, with: "acsp".utf8)
        let file = try ImageEncoder.jpeg(Self.rgb, profile: profile)
        let found = MetadataReader.read(file.span).profile
        #expect(found?.byteCount == 70_000)
        #expect(found?.colourSpace == "RGB")
        #expect(try decode(file) == decode(ImageEncoder.jpeg(Self.rgb)))
    }

    @Test func theSamePictureAlwaysGivesTheSameBytes() throws {
        for image in [Self.rgb, Self.rgba] {
            #expect(try ImageEncoder.png(image) == ImageEncoder.png(image))
            #expect(try ImageEncoder.jpeg(image) == ImageEncoder.jpeg(image))
            #expect(try ImageEncoder.webp(image) == ImageEncoder.webp(image))
        }
    }

    @Test func settingsOutOfRangeAreRefused() {
        #expect(code { try ImageEncoder.png(Self.rgb, PNGSettings(level: 10)) } == .invalidRequest)
        #expect(code { try ImageEncoder.jpeg(Self.rgb, JPEGSettings(quality: 0)) } == .invalidRequest)
        #expect(code { try ImageEncoder.jpeg(Self.rgb, JPEGSettings(quality: 101)) } == .invalidRequest)
        #expect(code { try ImageEncoder.webp(Self.rgb, WebPSettings(quality: 101)) } == .invalidRequest)
        #expect(code { try ImageEncoder.webp(Self.rgb, WebPSettings(effort: 7)) } == .invalidRequest)
    }

    @Test func aPictureTooWideForTheFormatIsRefused() {
        let wide = PixelImage(width: 70_000, height: 1, channels: 3, bytes: [UInt8](repeating: 0, count: 210_000))
        #expect(code { try ImageEncoder.jpeg(wide) } == .invalidRequest)
        #expect(code { try ImageEncoder.webp(wide) } == .invalidRequest)
    }

    @Test func eachRefusedAllocationOfAnEncoderIsReported() {
        for refused in 0..<3 {
            #expect(code { try ImageEncoder.png(Self.rgb, refusingAllocation: refused) } == .outOfMemory)
            #expect(code { try ImageEncoder.jpeg(Self.rgb, refusingAllocation: refused) } == .outOfMemory)
        }
    }
}
