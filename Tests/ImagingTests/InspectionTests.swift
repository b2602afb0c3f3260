import ImageCodecs
import Imaging
import Testing

@Suite("Inspection of a delivered picture")
struct InspectionTests {
    static func gradient(_ width: Int, _ height: Int) -> PixelImage {
        picture(width, height) { x, y in [x * 255 / width, y * 255 / height, 128 + (x / 16 + y / 16) % 2 * 60] }
    }

    static func inspect(_ image: PixelImage) throws -> InspectedPicture {
        let file = try ImageEncoder.png(image, PNGSettings(level: 1))
        return try PictureInspector.inspect(file.span)
    }

    @Test(arguments: [
        (1600, 900, 512, 288, 1280, 720), (700, 1400, 256, 512, 640, 1280), (1000, 600, 512, 307, 1000, 600),
        (300, 200, 300, 200, 300, 200), (1, 1, 1, 1, 1, 1), (2000, 2, 512, 1, 1280, 1),
    ])
    func derivativesFitTheirLongSide(
        _ width: Int, _ height: Int, _ thumbnailWidth: Int, _ thumbnailHeight: Int, _ previewWidth: Int, _ previewHeight: Int
    ) throws {
        let inspected = try Self.inspect(Self.gradient(width, height))
        #expect((inspected.header.width, inspected.header.height) == (width, height))
        #expect((inspected.thumbnail.width, inspected.thumbnail.height) == (thumbnailWidth, thumbnailHeight))
        #expect((inspected.preview.width, inspected.preview.height) == (previewWidth, previewHeight))
        for derivative in [inspected.thumbnail, inspected.preview] {
            let image = try ImageDecoder.decode(derivative.bytes.span)
            #expect((image.width, image.height) == (derivative.width, derivative.height))
            #expect(ImageFormat.sniff(derivative.bytes.span) == derivative.format)
        }
    }

    @Test func anOpaquePictureGivesFullChromaJPEG() throws {
        let inspected = try Self.inspect(Self.gradient(600, 400))
        #expect(inspected.isOpaque)
        for derivative in [inspected.thumbnail, inspected.preview] {
            #expect(derivative.format == .jpeg)
            let bytes = derivative.bytes
            let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
            // Three components, each sampled 1x1 (T.81, B.2.2).
            #expect([9, 11, 14, 17].map { bytes[frame + $0] } == [3, 0x11, 0x11, 0x11])
        }
    }

    @Test func aFullyOpaqueAlphaChannelGivesJPEG() throws {
        let inspected = try Self.inspect(picture(60, 40) { x, y in [x, y, 9, 255] })
        #expect(inspected.header.hasAlpha)
        #expect(inspected.isOpaque)
        #expect(inspected.thumbnail.format == .jpeg)
    }

    @Test func oneTransparentPixelGivesWebPWithAlpha() throws {
        let inspected = try Self.inspect(picture(600, 40) { x, y in [x, y, 9, x < 300 ? 255 : 40] })
        #expect(!inspected.isOpaque)
        for derivative in [inspected.thumbnail, inspected.preview] {
            #expect(derivative.format == .webp)
            let image = try ImageDecoder.decode(derivative.bytes.span)
            #expect(image.channels == 4)
            #expect(image.bytes[3] == 255)
            #expect(abs(Int(image.bytes[image.bytes.count - 1]) - 40) <= 2)
        }
        #expect(inspected.thumbHash[2] & 0x80 != 0)
    }

    @Test func theSameFileAlwaysGivesTheSameResult() throws {
        let file = try ImageEncoder.png(Self.gradient(700, 500))
        let (one, other) = (try PictureInspector.inspect(file.span), try PictureInspector.inspect(file.span))
        #expect(one == other)
    }

    @Test(arguments: ImageFormat.allCases)
    func theDeliveryFormatHardlyChangesTheDerivatives(_ format: ImageFormat) throws {
        let image = Self.gradient(800, 600)
        let file =
            switch format {
            case .png: try ImageEncoder.png(image)
            case .jpeg: try ImageEncoder.jpeg(image, JPEGSettings(quality: 95, isProgressive: true))
            case .webp: try ImageEncoder.webp(image, WebPSettings(isLossless: true))
            }
        let inspected = try PictureInspector.inspect(file.span)
        let reference = try Self.inspect(image)
        #expect(inspected.header.format == format)
        #expect(PerceptualHash.distance(inspected.perceptualHash, reference.perceptualHash) <= 2)
        #expect(inspected.thumbHash.count == reference.thumbHash.count)
    }

    @Test func trailingBytesAreCounted() throws {
        let file = try ImageEncoder.png(Self.gradient(20, 10)) + [1, 2, 3]
        #expect(try PictureInspector.inspect(file.span).trailingBytes == 3)
    }

    @Test func aDamagedPictureIsNotInspected() throws {
        var file = try ImageEncoder.png(Self.gradient(200, 100))
        file[file.count - 20] ^= 1
        #expect(throws: CodecError.self) { try PictureInspector.inspect(file.span) }
        let empty: [UInt8] = []
        #expect(throws: CodecError.self) { try PictureInspector.inspect(empty.span) }
    }

    @Test func theRecipeNamesItsSettingsAndLibraries() throws {
        let recipe = try Self.inspect(Self.gradient(20, 10)).recipe
        #expect((recipe.thumbnailSide, recipe.previewSide) == (512, 1280))
        #expect(recipe.opaque == JPEGSettings(quality: 82, chroma: .full))
        #expect(recipe.filter == "lanczos3")
        #expect(recipe.version >= 3)
        #expect(Set(recipe.libraries.keys) == ["libpng", "libjpeg-turbo", "libwebp", "lcms2"])
        #expect(recipe.libraries.values.allSatisfy { $0.split(separator: ".").count >= 2 })
    }
}
