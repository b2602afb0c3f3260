import ImageCodecs
import Imaging
import Testing

@Suite("Metadata of derivatives")
struct OriginTests {
    static let uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

    /// The key and value of a source type, as a C2PA action has them, without a signature (RFC 8949, section 3.1).
    static let credentials: [UInt8] = {
        let key: [UInt8] = [0x71] + Array("digitalSourceType".utf8)
        let value: [UInt8] = [0x78, 70] + Array(uri.utf8)
        return [UInt8](repeating: 0, count: 40) + key + value
    }()

    static let packet = Array(
        """
        <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="" xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" i:DigitalSourceType="\(uri)"/>
        </rdf:RDF></x:xmpmeta>
        """.utf8)

    static func files(_ pixel: [Int]) throws -> [[UInt8]] {
        let image = picture(24, 16) { _, _ in pixel }
        let text = HandMade.chunk("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + packet)
        let type = pixel.count == 4 ? 6 : 2
        var files = [
            HandMade.png(type: type, pixel: pixel, chunks: text),
            try webp(image, flags: 0x04, after: webpChunk("XMP ", packet)),
        ]
        if pixel.count == 3 {
            let jpeg = try ImageEncoder.jpeg(image)
            let segment = HandMade.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/".utf8) + [0] + packet)
            files.append(Array(jpeg[..<2]) + segment + Array(jpeg[2...]))
        }
        return files
    }

    @Test(arguments: [[200, 100, 50], [200, 100, 50, 90]])
    func derivativesKeepTheSourceTypeOfTheOriginal(_ pixel: [Int]) throws {
        for file in try Self.files(pixel) {
            let picture = try PictureInspector.inspect(file.span)
            #expect(picture.metadata.digitalSourceType?.uri == Self.uri)
            for derivative in [picture.thumbnail, picture.preview] {
                #expect(derivative.format == (pixel.count == 4 ? .webp : .jpeg))
                let found = MetadataReader.read(derivative.bytes.span)
                #expect(found.digitalSourceType == DigitalSourceType(uri: Self.uri, origin: .xmp))
                #expect(found.exif == nil && found.texts.isEmpty && found.profile == nil && found.unreadable.isEmpty)
                let header = try HeaderParser.parse(derivative.bytes.span)
                #expect((header.width, header.height) == (derivative.width, derivative.height))
                #expect(try ImageDecoder.decode(derivative.bytes.span).channels == pixel.count)
            }
        }
    }

    /// What is in a manifest counts only after its signature was verified. The caller says so.
    @Test func onlyAVerifiedManifestGivesDerivativesItsSourceType() throws {
        let file = HandMade.png(type: 2, pixel: [200, 100, 50], chunks: HandMade.chunk("caBX", Self.credentials))
        let unverified = try PictureInspector.inspect(file.span)
        #expect(unverified.metadata.digitalSourceType == nil)
        #expect(MetadataReader.read(unverified.thumbnail.bytes.span).digitalSourceType == nil)
        let type = try #require(DigitalSourceType(uri: Self.uri, origin: .contentCredentials))
        let verified = try PictureInspector.inspect(file.span, declared: type)
        #expect(verified.metadata.digitalSourceType == type)
        #expect(MetadataReader.read(verified.preview.bytes.span).digitalSourceType?.uri == Self.uri)
    }

    /// Other programs read the XMP packet first.
    @Test func theXMPPacketOverridesAVerifiedManifest() throws {
        let text = HandMade.chunk("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + Self.packet)
        let other = try #require(DigitalSourceType(uri: "http://example.org/other", origin: .contentCredentials))
        let picture = try PictureInspector.inspect(HandMade.png(type: 2, pixel: [1, 2, 3], chunks: text).span, declared: other)
        #expect(picture.metadata.digitalSourceType == DigitalSourceType(uri: Self.uri, origin: .xmp))
    }

    @Test func derivativesCarryNoOtherMetadata() throws {
        let secret = HandMade.chunk("tEXt", Array("prompt".utf8) + [0] + Array("a secret".utf8))
        for pixel in [[200, 100, 50], [200, 100, 50, 90]] {
            let chunks = HandMade.iCCP(ColourTests.displayP3) + secret + HandMade.chunk("eXIf", OrientationTests.tiff(.mirrored))
            let picture = try PictureInspector.inspect(
                HandMade.png(type: pixel.count == 4 ? 6 : 2, pixel: pixel, chunks: chunks).span)
            for derivative in [picture.thumbnail, picture.preview] {
                var expected = ImageMetadata()
                let found = MetadataReader.read(derivative.bytes.span)
                expected.jpegQuality = found.jpegQuality
                #expect(found == expected)
                #expect(derivative.format == .webp || found.jpegQuality?.estimate == 82)
            }
        }
    }

    @Test func theSameFileAndRecipeGiveTheSameBytes() throws {
        for pixel in [[200, 100, 50], [200, 100, 50, 90]] {
            for file in try Self.files(pixel) {
                let (one, other) = (try PictureInspector.inspect(file.span), try PictureInspector.inspect(file.span))
                #expect(one.thumbnail.bytes == other.thumbnail.bytes)
                #expect(one.preview.bytes == other.preview.bytes)
                #expect(one.recipe == other.recipe)
            }
        }
    }

    @Test func theXMPPacketIsWrittenInAllThreeFormats() throws {
        let type = try #require(DigitalSourceType(uri: Self.uri, origin: .xmp))
        let image = picture(24, 16) { x, y in [x * 9, y * 9, 7] }
        let packet = XMPPacket.declaring(type)
        for file in [
            try ImageEncoder.png(image, xmp: packet), try ImageEncoder.jpeg(image, xmp: packet),
            try ImageEncoder.webp(image, WebPSettings(isLossless: true), xmp: packet),
        ] {
            #expect(MetadataReader.read(file.span).digitalSourceType == type)
            let decoded = try ImageDecoder.decode(file.span)
            #expect((decoded.width, decoded.height) == (24, 16))
            if ImageFormat.sniff(file.span) != .jpeg { #expect(decoded == image) }
        }
    }

    @Test func theDominantColourIsThatOfTheLargestPart() {
        // Two thirds near one colour at the edge of a cell, the rest spread over many.
        let image = picture(90, 60) { x, y in x < 60 ? [127 + x % 2, 64, 200] : [(x * 37 + y * 91) % 256, (y * 53) % 256, x] }
        let found = SRGBColour(dominantOf: image)
        #expect(abs(Int(found.red) - 127) <= 2 && abs(Int(found.green) - 64) <= 2 && abs(Int(found.blue) - 200) <= 2)
        let hidden = picture(60, 60) { x, _ in x < 50 ? [255, 0, 0, 0] : [0, 0, 255, 255] }
        #expect(SRGBColour(dominantOf: hidden) == SRGBColour(red: 0, green: 0, blue: 255))
        #expect(SRGBColour(dominantOf: picture(3, 3) { _, _ in [9, 9, 9, 0] }) == SRGBColour(red: 0, green: 0, blue: 0))
    }
}
