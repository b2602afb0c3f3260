import CCodecShims
import ImageCodecs
import Testing

@Suite("Limits and refusals")
struct BoundaryTests {
    static let files = [PNGBuilder.rgb(width: 19, height: 13).build(), Fixture.jpegFull.file, Fixture.webpLossless.file]

    @Test(arguments: files)
    func eachLimitHoldsExactly(_ file: [UInt8]) throws {
        let exact = ImageLimits(maxPixels: 19 * 13, maxSide: 19, maxBytes: file.count)
        #expect(try decode(file, limits: exact).width == 19)
        for change in [\ImageLimits.maxPixels, \.maxSide, \.maxBytes] {
            var limits = exact
            limits[keyPath: change] -= 1
            #expect(code { try decode(file, limits: limits) } == .limitExceeded)
        }
    }

    @Test func aHugeClaimedSizeIsRefusedBeforeTheSinkBegins() {
        var builder = PNGBuilder.rgb()
        builder.samples = { _, _ in [0, 0, 0] }
        var file = builder.build()
        let header = PNGBuilder.bigEndian(0x7FFF_FFFF) + PNGBuilder.bigEndian(0x7FFF_FFFF) + [8, 2, 0, 0, 0]
        file.replaceSubrange(8..<33, with: PNGBuilder.chunk("IHDR", header))
        var sink = CountingSink()
        #expect(code { try ImageDecoder.decode(file.span, into: &sink) } == .limitExceeded)
        #expect(!sink.hasBegun)
    }

    @Test func bytesThatAreNotAPictureAreUnrecognized() {
        for text in ["", "G", "GIF89a", "<html>expired</html>", "RIFF....WAVE"] {
            #expect(code { try decode(Array(text.utf8)) } == .unrecognized)
            #expect(ImageFormat.sniff(Array(text.utf8).span) == nil)
        }
    }

    @Test func aHeaderReadDifferentlyByTwoReadersIsDamage() {
        var reader = OtherSize()
        var sink = CountingSink()
        let header = ImageHeader(format: .png, width: 4, height: 5, bitDepth: 8, colourType: .rgb, hasAlpha: false)
        #expect(code { try ImageDecoder.deliver(from: &reader, header, 0, into: &sink) } == .damaged)
        #expect(!sink.hasBegun)
    }

    private struct OtherSize: RowReader {
        func layout() -> RowLayout { RowLayout(width: 5, height: 4, channels: 3) }
        func deliverRow<Sink: RowSink & ~Copyable>(to sink: inout Sink) {}
        func finish() -> Int { 0 }
    }

    @Test(arguments: [
        PNGBuilder.rgb().build(), PNGBuilder.rgb(isInterlaced: true).build(), Fixture.jpegFull.file, Fixture.jpegProgressive.file,
        Fixture.jpegCMYK.file,
    ])
    func eachRefusedAllocationOfADecoderIsReported(_ file: [UInt8]) throws {
        var refused = 0
        while refused < 500 {
            var sink = CountingSink()
            let found = code { try ImageDecoder.decode(file.span, limits: .default, into: &sink, refusingAllocation: refused) }
            if found == nil { break }
            #expect(found == .outOfMemory, "allocation \(refused)")
            refused += 1
        }
        #expect((3..<500).contains(refused))
    }

    @Test func rowBuffersMayBeExactOrLargerButNotSmaller() {
        let file = PNGBuilder.rgb(width: 9, height: 7).build()
        let limits = fixative_limits(max_side: 100, max_pixels: 10_000, max_held_bytes: 0)
        for (capacity, status) in [(27, FIXATIVE_OK), (100, FIXATIVE_OK), (26, FIXATIVE_MISUSE), (0, FIXATIVE_MISUSE)] {
            let found = unsafe file.withUnsafeBytes { bytes in
                let reader = unsafe fixative_png_reader_create(bytes.baseAddress, bytes.count, limits, -1)
                defer { unsafe fixative_png_reader_destroy(reader) }
                guard let reader = unsafe reader else { return FIXATIVE_NO_MEMORY }
                var header = fixative_png_header()
                guard unsafe fixative_png_reader_header(reader, &header) == FIXATIVE_OK else { return FIXATIVE_DAMAGED }
                var row = [UInt8](repeating: 0xEE, count: capacity + 1)
                let status = unsafe fixative_png_reader_row(reader, &row, capacity)
                return row.dropFirst(27).allSatisfy { $0 == 0xEE } ? status : FIXATIVE_DAMAGED
            }
            #expect(found == status, "\(capacity) bytes")
        }
    }

    @Test func jpegRowBuffersMayBeExactOrLargerButNotSmaller() {
        let file = Fixture.jpegFull.file
        let limits = fixative_limits(max_side: 100, max_pixels: 10_000, max_held_bytes: 0)
        for (capacity, status) in [(57, FIXATIVE_OK), (100, FIXATIVE_OK), (56, FIXATIVE_MISUSE), (0, FIXATIVE_MISUSE)] {
            let found = unsafe file.withUnsafeBytes { bytes in
                let reader = unsafe fixative_jpeg_reader_create(bytes.baseAddress, bytes.count, limits, -1)
                defer { unsafe fixative_jpeg_reader_destroy(reader) }
                guard let reader = unsafe reader else { return FIXATIVE_NO_MEMORY }
                var header = fixative_jpeg_header()
                guard unsafe fixative_jpeg_reader_header(reader, &header) == FIXATIVE_OK else { return FIXATIVE_DAMAGED }
                var row = [UInt8](repeating: 0xEE, count: capacity + 1)
                let status = unsafe fixative_jpeg_reader_row(reader, &row, capacity)
                return row.dropFirst(57).allSatisfy { $0 == 0xEE } ? status : FIXATIVE_DAMAGED
            }
            #expect(found == status, "\(capacity) bytes")
        }
    }

    @Test func aWriterRefusesMissingRows() {
        let settings = fixative_png_settings(width: 4, height: 4, channels: 3, level: 1, filters: 0x08)
        let pixels = [UInt8](repeating: 0, count: 47)
        let writer = unsafe fixative_png_writer_create(settings, -1)
        defer { unsafe fixative_png_writer_destroy(writer) }
        guard let writer = unsafe writer else { return }
        #expect(unsafe fixative_png_writer_rows(writer, pixels, 12, 47, 4) == FIXATIVE_MISUSE)
        #expect(unsafe fixative_png_writer_rows(writer, pixels, 11, 47, 1) == FIXATIVE_MISUSE)
        #expect(unsafe fixative_png_writer_rows(writer, pixels, 12, 47, 3) == FIXATIVE_OK)
        #expect(unsafe fixative_png_writer_rows(writer, pixels, 12, 47, 2) == FIXATIVE_MISUSE)
    }

    @Test("The header parser survives any bytes")
    func theHeaderParserSurvivesAnyBytes() {
        var state: UInt64 = 1
        func random() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        let seeds = [
            PNGBuilder.rgb().build(), Fixture.jpegProgressive.file, Fixture.webpLossyAlpha.file, Fixture.webpOffset.file,
        ]
        for _ in 0..<5_000 {
            var bytes = seeds[random() % seeds.count]
            for _ in 0..<(1 + random() % 8) { bytes[random() % min(bytes.count, 80)] = UInt8(random() & 255) }
            bytes.removeLast(random() % bytes.count)
            guard let header = try? HeaderParser.parse(bytes.span) else { continue }
            #expect(header.width > 0 && header.height > 0 && header.frameCount > 0)
            _ = MetadataReader.read(bytes.span)
        }
    }
}
