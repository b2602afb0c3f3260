import ImageCodecs
import Testing

@Suite("JPEG decoding")
struct JPEGTests {
    struct Kind: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var fixture: Fixture
        var colourType: ImageHeader.ColourType
        var isProgressive = false
    }

    static let kinds = [
        Kind(testDescription: "4:4:4", fixture: .jpegFull, colourType: .yCbCr),
        Kind(testDescription: "4:2:0", fixture: .jpegHalf, colourType: .yCbCr),
        Kind(testDescription: "4:2:2", fixture: .jpegHorizontal, colourType: .yCbCr),
        Kind(testDescription: "progressive", fixture: .jpegProgressive, colourType: .yCbCr, isProgressive: true),
        Kind(testDescription: "progressive by frequency", fixture: .jpegSpectral, colourType: .yCbCr, isProgressive: true),
        Kind(testDescription: "restart markers", fixture: .jpegRestart, colourType: .yCbCr),
        Kind(testDescription: "arithmetic coding", fixture: .jpegArithmetic, colourType: .yCbCr),
        Kind(testDescription: "RGB", fixture: .jpegRGB, colourType: .rgb),
        Kind(testDescription: "grey", fixture: .jpegGrey, colourType: .grey),
        Kind(testDescription: "Adobe CMYK", fixture: .jpegCMYK, colourType: .cmyk),
        Kind(testDescription: "Adobe YCCK", fixture: .jpegYCCK, colourType: .ycck),
        Kind(testDescription: "CMYK without a marker", fixture: .jpegPlainCMYK, colourType: .cmyk),
    ]

    @Test("Every kind decodes as in other programs", arguments: kinds)
    func everyKindOfJPEGDecodesAsInOtherPrograms(_ kind: Kind) throws {
        let image = try decode(kind.fixture.file)
        #expect((image.width, image.height, image.channels) == (19, 13, 3))
        #expect(image.bytes == kind.fixture.pixels)
    }

    @Test("The header says what is stored", arguments: kinds)
    func theHeaderDescribesTheStoredJPEG(_ kind: Kind) throws {
        let header = try HeaderParser.parse(kind.fixture.file.span)
        #expect((header.format, header.width, header.height, header.bitDepth) == (.jpeg, 19, 13, 8))
        #expect(header.colourType == kind.colourType)
        #expect(header.isInterlaced == kind.isProgressive)
        #expect(!header.hasAlpha && !header.isAnimated)
    }

    @Test("Every proper prefix is refused", arguments: kinds)
    func everyProperPrefixOfAJPEGIsRefused(_ kind: Kind) {
        for length in 0..<kind.fixture.file.count {
            let prefix = Array(kind.fixture.file.prefix(length))
            #expect(throws: CodecError.self, "\(length) bytes") { try decode(prefix) }
        }
    }

    /// JPEG has no checksum, so a changed byte may go unnoticed; it must only never do harm.
    @Test("A changed byte gives an error or a picture of the stated size", arguments: kinds)
    func aChangedByteOfAJPEGGivesAnErrorOrAPicture(_ kind: Kind) {
        for index in kind.fixture.file.indices {
            for mask: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                var damaged = kind.fixture.file
                damaged[index] ^= mask
                guard let image = try? decode(damaged, limits: ImageLimits(maxPixels: 1 << 20, maxSide: 4096, maxBytes: 4096))
                else { continue }
                #expect(image.bytes.count == image.width * image.height * 3)
            }
        }
    }

    @Test func aTruncatedJPEGIsTruncated() {
        let file = Fixture.jpegFull.file
        #expect(code { try decode(Array(file.dropLast(2))) } == .truncated)
        #expect(code { try decode(Array(file.prefix(file.count - 40))) } == .truncated)
    }

    /// libjpeg alone calls this a success: it warns, and fills the rest with grey.
    @Test func anEndMarkerInPlaceOfHalfTheDataIsDamage() {
        let file = Fixture.jpegFull.file
        #expect(code { try decode(Array(file.dropLast(60)) + [0xFF, 0xD9]) } == .damaged)
    }

    @Test func aMissingRestartMarkerIsDamage() throws {
        var file = Fixture.jpegRestart.file
        let marker = try #require(file.indices.dropLast().last { file[$0] == 0xFF && 0xD0...0xD7 ~= file[$0 + 1] })
        file[marker + 1] ^= 0x03
        #expect(code { try decode(file) } == .damaged)
    }

    @Test func trailingBytesOfAJPEGAreCountedAndNotDamage() throws {
        for fixture in [Fixture.jpegFull, .jpegProgressive] {
            #expect(try facts(fixture.file).trailingBytes == 0)
            #expect(try facts(fixture.file + [0, 1, 2]).trailingBytes == 3)
        }
    }

    @Test func twelveBitSamplesAreUnsupported() throws {
        var file = Fixture.jpegFull.file
        let frame = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
        file[frame + 4] = 12
        do throws(CodecError) {
            _ = try decode(file)
            Issue.record("decoded")
        } catch {
            #expect(error.code == .unsupported)
            #expect(error.description == "the JPEG is of an unsupported kind: 12 bits a sample")
        }
    }

    /// T.81, table B.1.
    @Test(arguments: [(0xC3, "a lossless JPEG (process 3)"), (0xC5, "a hierarchical JPEG (process 5)")] as [(UInt8, String)])
    func rareProcessesAreRefusedByName(_ marker: UInt8, _ name: String) throws {
        var file = Fixture.jpegFull.file
        let frame = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
        file[frame + 1] = marker
        do throws(CodecError) {
            _ = try decode(file)
            Issue.record("decoded")
        } catch {
            #expect((error.code, error.detail) == (.unsupported, name))
        }
    }

    @Test func aHeightDefinedAfterTheHeaderIsUnsupported() throws {
        var file = Fixture.jpegFull.file
        let frame = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
        (file[frame + 5], file[frame + 6]) = (0, 0)
        #expect(code { try decode(file) } == .unsupported)
    }

    @Test func aFileOfManyScansIsRefused() throws {
        // The last scan again and again: legal, small, and endless work. A few more scans are nothing unusual.
        let file = Fixture.jpegSpectral.file
        let scan = try #require(file.indices.dropLast().last { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
        func repeated(_ count: Int) -> [UInt8] {
            Array(file[..<scan]) + (0..<count).flatMap { _ in file[scan..<file.count - 2] } + [0xFF, 0xD9]
        }
        #expect(try decode(repeated(20)).bytes == Fixture.jpegSpectral.pixels)
        #expect(code { try decode(repeated(5000)) } == .limitExceeded)
    }
}
