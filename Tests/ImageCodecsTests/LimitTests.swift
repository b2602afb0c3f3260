import ImageCodecs
import Testing

@Suite("Limits of metadata")
struct LimitTests {
    static func refusal(_ file: [UInt8], _ change: (inout ImageLimits) -> Void) -> ImageLimits.Kind? {
        var limits = ImageLimits.default
        change(&limits)
        do throws(CodecError) {
            _ = try MetadataReader.read(file.span, limits: limits)
            return nil
        } catch {
            #expect(error.code == .limitExceeded)
            return error.limit
        }
    }

    @Test func theLimitsHaveTheDocumentedDefaults() {
        let limits = ImageLimits.default
        #expect((limits.maxPixels, limits.maxSide, limits.maxBytes) == (64_000_000, 16_384, 268_435_456))
        #expect((limits.maxFrames, limits.maxAncillaryBytes) == (4096, 16_777_216))
        #expect((limits.maxProfileBytes, limits.maxInflatedBytes) == (4_194_304, 16_777_216))
    }

    @Test func ancillaryBytesAreCountedOverAllChunks() {
        let chunks =
            PNGBuilder.chunk("tEXt", [0x6B, 0] + [UInt8](repeating: 0x61, count: 98)) + PNGBuilder.chunk("prVt", [1, 2])
        let file = MetadataTests.png(chunks)
        #expect(Self.refusal(file) { $0.maxAncillaryBytes = 102 } == nil)
        #expect(Self.refusal(file) { $0.maxAncillaryBytes = 101 } == .ancillaryBytes)
        #expect(Self.refusal(Fixture.jpegFull.file) { $0.maxAncillaryBytes = 100 } == .ancillaryBytes)
    }

    @Test func inflatedBytesAreCountedOverAllChunks() {
        let chunk = PNGBuilder.chunk("zTXt", [0x6B, 0, 0] + PNGBuilder.zlib([UInt8](repeating: 0x61, count: 1000)))
        let file = MetadataTests.png(chunk + chunk)
        #expect(Self.refusal(file) { $0.maxInflatedBytes = 2000 } == nil)
        #expect(Self.refusal(file) { $0.maxInflatedBytes = 1999 } == .inflatedBytes)
    }

    @Test func tooLargeProfilesAreRefusedInEachFormat() {
        let profile = MetadataTests.profile(description: "P")
        let png = MetadataTests.png(PNGBuilder.chunk("iCCP", [0x70, 0, 0] + PNGBuilder.zlib(profile)))
        let body = Array("ICC_PROFILE".utf8) + [0, 1, 1] + profile
        let jpeg =
            Array(Fixture.jpegFull.file[..<2]) + [0xFF, 0xE2] + PNGBuilder.bigEndian(body.count + 2).suffix(2) + body
            + Array(Fixture.jpegFull.file[2...])
        for file in [png, jpeg] {
            #expect(Self.refusal(file) { $0.maxProfileBytes = profile.count } == nil)
            #expect(Self.refusal(file) { $0.maxProfileBytes = profile.count - 1 } == .profileBytes)
        }
    }

    @Test func tooManyFramesAreRefused() {
        var limits = ImageLimits.default
        limits.maxFrames = 1
        #expect(code { try decode(Fixture.webpAnimated.file, limits: limits) } == .limitExceeded)
        limits.maxFrames = 2
        #expect(throws: Never.self) { try decode(Fixture.webpAnimated.file, limits: limits) }
    }

    @Test func readingMetadataStopsAtTheLimitWithoutAnError() {
        let long = PNGBuilder.chunk("tEXt", [0x6B, 0] + [UInt8](repeating: 0x61, count: 17 << 20))
        let metadata = MetadataTests.read(MetadataTests.png(PNGBuilder.chunk("tEXt", [0x6B, 0, 0x76]) + long))
        #expect(metadata.texts.map(\.value) == ["v"])
        #expect(metadata.unreadable == ["more than 16777216 bytes of metadata"])
    }
}
