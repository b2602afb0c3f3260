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
    func everyProperPrefixIsRefused(_ file: [UInt8]) {
        for length in 0..<file.count {
            #expect(throws: CodecError.self, "\(length) of \(file.count) bytes") { try decode(Array(file.prefix(length))) }
        }
    }

    @Test("No changed byte goes unnoticed", arguments: files)
    func noChangedByteGoesUnnoticed(_ file: [UInt8]) {
        for index in file.indices {
            for mask: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
                var damaged = file
                damaged[index] ^= mask
                #expect(throws: CodecError.self, "byte \(index) xor \(mask)") { try decode(damaged) }
            }
        }
    }

    @Test func aCutFileIsTruncated() {
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

    @Test func aWrongCRCInAnAncillaryChunkIsDamage() {
        for name in ["tEXt", "caBX", "iCCP", "prVt"] {
            var builder = PNGBuilder.rgb()
            var chunk = PNGBuilder.chunk(name, [65, 0, 66])
            chunk[chunk.count - 1] ^= 1
            builder.chunksBeforeData = chunk
            #expect(code { try decode(builder.build()) } == .damaged, "\(name) before the data")
            builder.chunksBeforeData = []
            builder.chunksAfterData = chunk
            #expect(code { try decode(builder.build()) } == .damaged, "\(name) after the data")
        }
    }

    @Test func nonsenseInMetadataWithARightCRCIsNoDamage() throws {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = ["iCCP", "eXIf", "zTXt", "gAMA", "sRGB", "cHRM", "pHYs"].flatMap {
            PNGBuilder.chunk($0, [1, 2, 3])
        }
        #expect(try decode(builder.build()).bytes == builder.expectedRGB)
    }

    @Test func anUnknownCriticalChunkIsDamage() {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = PNGBuilder.chunk("NeWc", [1])
        #expect(code { try decode(builder.build()) } == .damaged)
    }

    static func file(_ builder: PNGBuilder, _ data: some Sequence<UInt8>) -> [UInt8] {
        let header =
            PNGBuilder.bigEndian(builder.width) + PNGBuilder.bigEndian(builder.height)
            + [UInt8(builder.depth), UInt8(builder.colourType), 0, 0, 0]
        return PNGBuilder.signature + PNGBuilder.chunk("IHDR", header) + PNGBuilder.chunk("IDAT", Array(data))
            + PNGBuilder.chunk("IEND", [])
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
