import ImageCodecs
import Testing

@Suite("Origin, quality and comments")
struct OriginMetadataTests {
    static let uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    static let namespace = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

    static func xmp(_ packet: String) -> ImageMetadata {
        MetadataTests.read(
            MetadataTests.png(PNGBuilder.chunk("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + Array(packet.utf8))))
    }

    /// The three ways of XMP, part 1, section 7.9, and whatever prefix and quotes a writer likes.
    @Test(arguments: [
        "<d xmlns:Iptc4xmpExt=\"\(namespace)\" Iptc4xmpExt:DigitalSourceType=\"\(uri)\"/>",
        "<d a:DigitalSourceType = '\(uri)' xmlns:a = '\(namespace)'/>",
        "<d xmlns:x=\"\(namespace)\"><x:DigitalSourceType>\n \(uri)\n</x:DigitalSourceType></d>",
        "<d xmlns:x=\"\(namespace)\"><x:DigitalSourceType rdf:resource=\"\(uri)\"/></d>",
    ])
    func theSourceTypeIsFoundInEveryNotation(_ packet: String) {
        #expect(Self.xmp(packet).digitalSourceType == DigitalSourceType(uri: Self.uri, origin: .xmp))
    }

    @Test(arguments: [
        "", "<d xmlns:o=\"http://example.org/\" o:DigitalSourceType=\"\(uri)\"/>",
        "<d xmlns:x=\"\(namespace)\" x:DigitalSourceType=\"a b\"/>", "<d xmlns:x=\"\(namespace)\" x:DigitalSourceType=\"&lt;\"/>",
        "<d xmlns:x=\"\(namespace)\" x:DigitalSourceType=\"\"/>", "<d xmlns:x=\"\(namespace)\" x:DigitalSourceType=\"unended",
        "<d xmlns:x=\"\(namespace)\" x:DigitalSourceType", "\"\(namespace)", "\(namespace)\" x:DigitalSourceType=\"\(uri)\"",
        "<d xmlns:x=\"\(namespace)\" x:DigitalSourceType=\"\(String(repeating: "a", count: 257))\"/>",
    ])
    func anInvalidSourceTypeIsIgnored(_ packet: String) {
        #expect(Self.xmp(packet).digitalSourceType == nil)
    }

    /// Bytes of a manifest store prove nothing until its signature is verified, which this room does not do.
    @Test func aSourceTypeInUnverifiedCredentialsIsNotRead() {
        let action = [0x71] + Array("digitalSourceType".utf8) + [0x66] + Array("active".utf8)
        let credentials = PNGBuilder.chunk("caBX", action)
        let alone = MetadataTests.read(MetadataTests.png(credentials))
        #expect(alone.digitalSourceType == nil && alone.contentCredentialsBytes == action.count)
        let packet = Array("<d xmlns:x=\"\(Self.namespace)\" x:DigitalSourceType=\"\(Self.uri)\"/>".utf8)
        let text = PNGBuilder.chunk("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + packet)
        for chunks in [credentials + text, text + credentials] {
            #expect(MetadataTests.read(MetadataTests.png(chunks)).digitalSourceType?.origin == .xmp)
        }
    }

    /// Fixtures are cjpeg's, and our writer is held against cjpeg elsewhere.
    @Test func theQualityOfALibjpegFileIsFoundExactly() throws {
        for fixture in [Fixture.jpegFull, .jpegHalf, .jpegProgressive] {
            #expect(MetadataTests.read(fixture.file).jpegQuality == JPEGQuality(estimate: 88, isExact: true))
        }
        for quality in 1...100 {
            let file = try ImageEncoder.jpeg(EncoderTests.rgb, JPEGSettings(quality: quality))
            #expect(MetadataTests.read(file).jpegQuality == JPEGQuality(estimate: quality, isExact: true))
        }
        #expect(MetadataTests.read(PNGBuilder.rgb().build()).jpegQuality == nil)
    }

    @Test func otherTablesGiveTheNearestQuality() throws {
        var file = try ImageEncoder.jpeg(EncoderTests.rgb, JPEGSettings(quality: 75))
        let table = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xDB })
        file[table + 5] += 1
        #expect(MetadataTests.read(file).jpegQuality == JPEGQuality(estimate: 75, isExact: false))
    }

    @Test(arguments: [true, false])
    func userCommentsAreReadInTheirEncodings(_ isBigEndian: Bool) {
        func exif(_ value: [UInt8]) -> ExifFields? {
            let number: (Int, Int) -> [UInt8] = { value, size in
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
                return isBigEndian ? bytes.reversed() : bytes
            }
            let entry = number(0x9286, 2) + number(7, 2) + number(value.count, 4) + number(26, 4)
            let head = (isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]) + number(42, 2) + number(8, 4)
            return MetadataTests.read(
                MetadataTests.png(PNGBuilder.chunk("eXIf", head + number(1, 2) + entry + number(0, 4) + value))
            ).exif
        }
        let wide = Array("größer".utf16)
        #expect(exif(Array("ASCII".utf8) + [0, 0, 0] + Array("a chair".utf8))?.userComment == "a chair")
        #expect(exif(Array("UNICODE".utf8) + [0] + wide.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })?.userComment == "größer")
        #expect(exif(Array("UNICODE".utf8) + [0] + wide.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })?.userComment == "größer")
        #expect(exif([1, 2, 3])?.userComment == nil)
    }

    @Test func escapingKeepsATextWithinItsLimit() throws {
        for (chunk, content) in [
            ("tEXt", [UInt8](repeating: 0x1B, count: 60_000)), ("tEXt", [UInt8](repeating: 0xE9, count: 60_000)),
        ] {
            let text = try #require(
                MetadataTests.read(MetadataTests.png(PNGBuilder.chunk(chunk, [0x6B, 0] + content))).texts.first)
            #expect((65_530...65_536).contains(text.value.utf8.count))
            #expect(text.isCut)
        }
        let umlauts = [UInt8](repeating: 0x61, count: 1) + Array(String(repeating: "ö", count: 40_000).utf8)
        let text = try #require(
            MetadataTests.read(MetadataTests.png(PNGBuilder.chunk("iTXt", [0x6B, 0, 0, 0, 0, 0] + umlauts))).texts.first)
        #expect(text.value == "a" + String(repeating: "ö", count: 32_767))
    }

    /// Section 5.6 of the PNG specification.
    @Test func colourChunksAfterThePictureAreIgnored() {
        let metadata = MetadataTests.read(MetadataTests.png([], after: PNGBuilder.chunk("gAMA", PNGBuilder.bigEndian(100_000))))
        #expect(metadata.colorimetry == nil)
        #expect(metadata.unreadable == ["gAMA"])
    }

    /// The readers of metadata survive any cut and any changed byte.
    @Test func damagedMetadataDoesNoHarm() throws {
        let type = try #require(DigitalSourceType(uri: Self.uri, origin: .xmp))
        let packet = XMPPacket.declaring(type)
        let profile = MetadataTests.profile(description: "P")
        let tiff = TIFFBuilder(isBigEndian: true).build(orientation: 6, texts: [0x010F: "F", 0x9286: "ASCII"])
        let chunks =
            PNGBuilder.chunk("iCCP", [0x70, 0, 0] + PNGBuilder.zlib(profile)) + PNGBuilder.chunk("eXIf", tiff)
            + PNGBuilder.chunk("zTXt", [0x6B, 0, 0] + PNGBuilder.zlib(Array("text".utf8)))
            + PNGBuilder.chunk("caBX", [0x71] + Array("digitalSourceType".utf8) + [0x64, 1, 2, 3, 4])
        let files = [
            MetadataTests.png(chunks), try ImageEncoder.jpeg(EncoderTests.rgb, profile: profile, xmp: packet),
            try ImageEncoder.webp(EncoderTests.rgba, xmp: packet),
        ]
        for file in files {
            for length in 0..<file.count { _ = MetadataReader.read(file.span.extracting(0..<length)) }
            for index in file.indices {
                for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
                    var changed = file
                    changed[index] ^= mask
                    let metadata = MetadataReader.read(changed.span)
                    #expect(metadata.texts.allSatisfy { $0.value.utf8.count <= 65_536 })
                }
            }
        }
    }
}
