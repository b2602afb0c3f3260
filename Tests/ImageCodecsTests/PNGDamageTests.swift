import ImageCodecs
import Testing

@Suite("PNG damage")
struct PNGDamageTests {
    static let files: [[UInt8]] = [
        PNGBuilder.rgb().build(),
        PNGBuilder.rgb(isInterlaced: true).build(),
        PNGDecodingTests.builder(.init(colourType: 3, depth: 4, isInterlaced: false, width: 9, height: 7)).build(),
        PNGDecodingTests.builder(.init(colourType: 6, depth: 16, isInterlaced: true, width: 5, height: 3)).build(),
    ]

    @Test("Every proper prefix is refused", arguments: files)
    func everyProperPrefixOfAPNGIsRefused(_ file: [UInt8]) {
        for length in 0..<file.count {
            #expect(throws: CodecError.self, "\(length) of \(file.count) bytes") { try decode(Array(file.prefix(length))) }
        }
    }

    @Test("Every changed byte is detected", arguments: files)
    func everyChangedByteOfAPNGIsDetected(_ file: [UInt8]) {
        for index in file.indices {
            for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
                var damaged = file
                damaged[index] ^= mask
                #expect(throws: CodecError.self, "byte \(index) xor \(mask)") { try decode(damaged) }
            }
        }
    }

    @Test func aCutPNGIsTruncated() {
        let file = Self.files[0]
        #expect(code { try decode(Array(file.dropLast(5))) } == .truncated)
        #expect(code { try decode(Array(file.prefix(file.count / 2))) } == .truncated)
    }

    @Test func aWrongAdlerSumUnderARightCRCIsDamage() {
        let builder = PNGBuilder.rgb()
        #expect(code { try decode(Self.file(builder, PNGBuilder.zlib(builder.scanlines(), adler: 1))) } == .damaged)
    }

    @Test func aMissingAdlerSumIsDamage() {
        let builder = PNGBuilder.rgb()
        #expect(code { try decode(Self.file(builder, PNGBuilder.zlib(builder.scanlines()).dropLast(4))) } == .damaged)
    }

    @Test func missingAndSurplusRowsAreDamage() {
        let builder = PNGBuilder.rgb()
        let rows = builder.scanlines()
        #expect(code { try decode(Self.file(builder, PNGBuilder.zlib(rows.dropLast(28)))) } == .damaged)
        #expect(code { try decode(Self.file(builder, PNGBuilder.zlib(rows + rows.prefix(28)))) } == .damaged)
    }

    /// Such a chunk says nothing about the pixels. What it carries is left out, with a note.
    @Test func aWrongCRCInAnAncillaryChunkIsOnlyNoted() throws {
        for name in ["tEXt", "caBX", "iCCP", "prVt", "acTL"] {
            var builder = PNGBuilder.rgb()
            var chunk = PNGBuilder.chunk(name, [65, 0, 66, 67, 0, 0, 0, 1])
            chunk[chunk.count - 1] ^= 1
            builder.chunksBeforeData = chunk
            #expect(try decode(builder.build()).bytes == builder.expectedRGB, "\(name) before the data")
            let metadata = MetadataReader.read(builder.build().span)
            #expect(metadata.texts.isEmpty && metadata.profile == nil, "\(name)")
            #expect(!(metadata.unreadable + metadata.contradictions).isEmpty, "\(name)")
            builder.chunksBeforeData = []
            builder.chunksAfterData = chunk
            #expect(try decode(builder.build()).bytes == builder.expectedRGB, "\(name) after the data")
        }
    }

    /// Transparency is part of the pixels.
    @Test func aWrongCRCOfTransparencyIsDamageWhereItHasAnEffect() throws {
        var chunk = PNGBuilder.chunk("tRNS", [0, 1, 0, 2, 0, 3])
        chunk[chunk.count - 1] ^= 1
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = chunk
        #expect(code { try decode(builder.build()) } == .damaged)
        builder.chunksBeforeData = []
        builder.chunksAfterData = chunk
        #expect(try decode(builder.build()).bytes == builder.expectedRGB)
    }

    @Test func invalidMetadataWithAValidCRCIsNotDamage() throws {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = [
            "iCCP", "eXIf", "zTXt", "gAMA", "sRGB", "cHRM", "pHYs", "sBIT", "bKGD", "hIST", "tIME", "tRNS", "acTL",
        ].flatMap {
            PNGBuilder.chunk($0, [1, 2, 3])
        }
        #expect(try decode(builder.build()).bytes == builder.expectedRGB)
    }

    @Test func anUnknownCriticalChunkIsDamage() {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = PNGBuilder.chunk("NeWc", [1])
        #expect(code { try decode(builder.build()) } == .damaged)
    }

    /// Whether data behind the compressed stream are found must not depend on how they are spread over chunks.
    @Test("Data after the compressed stream is damage", arguments: [false, true])
    func dataAfterTheCompressedStreamIsDamage(_ isInterlaced: Bool) throws {
        let builder = PNGBuilder.rgb(isInterlaced: isInterlaced)
        let stream = PNGBuilder.zlib(builder.scanlines())
        let hidden = Array("hidden".utf8)
        let text = PNGBuilder.chunk("tEXt", [65, 0, 66])
        func file(_ parts: [[UInt8]], then: [UInt8] = []) -> [UInt8] {
            Self.file(builder, chunks: parts.flatMap { PNGBuilder.chunk("IDAT", $0) } + then)
        }
        #expect(try decode(file([stream])).bytes == builder.expectedRGB)
        // Section 11.2.3 allows empty IDAT chunks. Nothing hides in them.
        #expect(try decode(file([[], stream, [], []])).bytes == builder.expectedRGB)
        #expect(try decode(file(stream.map { [$0] })).bytes == builder.expectedRGB)
        let spreads = [
            file([stream + hidden]), file([stream, hidden]), file([stream, [], hidden]), file([stream, [0]]),
            file([Array(stream.dropLast(2)), stream.suffix(2) + hidden]),
            file([Array(stream.dropLast(2)), stream.suffix(2), hidden]),
            file([stream], then: text + PNGBuilder.chunk("IDAT", hidden)),
            file([stream], then: text + PNGBuilder.chunk("IDAT", [])),
            file([Array(stream.prefix(20))], then: text + PNGBuilder.chunk("IDAT", Array(stream.dropFirst(20)))),
            file([stream], then: PNGBuilder.chunk("IDAT", stream)),
        ]
        for (index, spread) in spreads.enumerated() { #expect(code { try decode(spread) } == .damaged, "spread \(index)") }
    }

    @Test func anAncillaryChunkMayBeAsLargeAsDocumented() throws {
        for name in ["tEXt", "caBX"] {
            var builder = PNGBuilder.rgb()
            builder.chunksBeforeData = PNGBuilder.chunk(name, [65, 0] + [UInt8](repeating: 66, count: 9_000_000))
            #expect(try decode(builder.build()).bytes == builder.expectedRGB)
            builder.isInterlaced = true
            #expect(try decode(builder.build()).bytes == builder.expectedRGB)
        }
    }

    @Test("Critical chunks that break the order are damage", arguments: ["PLTE", "IHDR", "IEND"])
    func criticalChunksOutOfOrderAreDamage(_ name: String) {
        var indexed = PNGDecodingTests.builder(.init(colourType: 3, depth: 4, isInterlaced: false, width: 9, height: 7))
        let palette = PNGBuilder.chunk("PLTE", indexed.palette.flatMap { $0 })
        let extra = [
            "PLTE": palette, "IEND": PNGBuilder.chunk("IEND", [1]), "IHDR": Array(PNGBuilder.rgb().build()[8..<33]),
        ]
        indexed.chunksAfterData = extra[name] ?? []
        #expect(code { try decode(indexed.build()) } == .damaged, "after the data")
        indexed.chunksAfterData = []
        indexed.chunksBeforeData = extra[name] ?? []
        #expect(code { try decode(indexed.build()) } == .damaged, "before the data")
    }

    static func file(_ builder: PNGBuilder, _ data: some Sequence<UInt8>) -> [UInt8] {
        file(builder, chunks: PNGBuilder.chunk("IDAT", Array(data)))
    }

    static func file(_ builder: PNGBuilder, chunks: [UInt8]) -> [UInt8] {
        let header =
            PNGBuilder.bigEndian(builder.width) + PNGBuilder.bigEndian(builder.height)
            + [UInt8(builder.depth), UInt8(builder.colourType), 0, 0, builder.isInterlaced ? 1 : 0]
        return PNGBuilder.signature + PNGBuilder.chunk("IHDR", header) + chunks + PNGBuilder.chunk("IEND", [])
    }
}

/// The code of the error that `body` throws, or nil.
func code<Value>(_ body: () throws -> Value) -> CodecError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? CodecError)?.code
    }
}
