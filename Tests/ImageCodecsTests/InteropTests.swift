import Foundation
import ImageCodecs
import Testing

/// Our files in other programs' hands, and theirs in ours.
@Suite("Interoperation with other programs")
struct InteropTests {
    static let image: PixelImage = {
        var bytes: [UInt8] = []
        for y in 0..<67 {
            for x in 0..<101 {
                bytes += [UInt8((x * x + y) & 255), UInt8((x * 3 ^ y * 5) & 255), UInt8((x + y * 2) & 255)]
            }
        }
        return PixelImage(width: 101, height: 67, channels: 3, bytes: bytes)
    }()

    @Test func pngcheckFindsNoFault() throws {
        let file = try ImageEncoder.png(Self.image)
        guard let output = try ExternalTool.run("pngcheck", ["-q", "{in}"], input: file) else { return }
        #expect(output.status == 0)
    }

    @Test func djpegDecodesOurJPEGToThePixelsWeDecode() throws {
        for settings in [JPEGSettings(), JPEGSettings(quality: 60, chroma: .half), JPEGSettings(isProgressive: true)] {
            let file = try ImageEncoder.jpeg(Self.image, settings)
            guard let output = try ExternalTool.run("djpeg", ["-ppm", "{in}"], input: file) else { return }
            #expect(output.bytes == Array("P6\n101 67\n255\n".utf8) + (try decode(file).bytes))
        }
    }

    @Test func dwebpDecodesOurWebPToThePixelsWeDecode() throws {
        for settings in [WebPSettings(), WebPSettings(isLossless: true)] {
            let file = try ImageEncoder.webp(Self.image, settings)
            guard let output = try ExternalTool.run("dwebp", ["-quiet", "-ppm", "{in}", "-o", "-"], input: file) else { return }
            #expect(output.bytes == Array("P6\n101 67\n255\n".utf8) + (try decode(file).bytes))
        }
    }

    @Test func weDecodeTheOutputOfCjpegAndCwebp() throws {
        let portable = Array("P6\n101 67\n255\n".utf8) + Self.image.bytes
        if let jpeg = try ExternalTool.run("cjpeg", ["-quality", "82", "-sample", "1x1", "{in}"], input: portable) {
            #expect(jpeg.bytes == (try ImageEncoder.jpeg(Self.image)))
        }
        let png = try ImageEncoder.png(Self.image)
        if let webp = try ExternalTool.run("cwebp", ["-quiet", "-lossless", "{in}", "-o", "-"], input: png) {
            #expect(try decode(webp.bytes) == Self.image)
        }
    }

    @Test func pillowReadsTheSamePixelsFromAnInterlacedPalettePNG() throws {
        let kind = PNGDecodingTests.Kind(colourType: 3, depth: 4, isInterlaced: true, width: 17, height: 11)
        let file = PNGDecodingTests.builder(kind).build()
        let script = """
            import sys
            from PIL import Image
            sys.stdout.buffer.write(Image.open(sys.argv[1]).convert('RGB').tobytes())
            """
        guard let output = try ExternalTool.run("python3", ["-c", script, "{in}"], input: file, needs: "PIL") else { return }
        #expect(output.bytes == (try decode(file).bytes))
    }
}
