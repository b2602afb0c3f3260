import Foundation
import ImageCodecs
import Testing

@Suite("Metadata")
struct MetadataTests {
    static func png(_ chunks: [UInt8], after: [UInt8] = []) -> [UInt8] {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = chunks
        builder.chunksAfterData = after
        return builder.build()
    }

    static func read(_ bytes: [UInt8]) -> ImageMetadata { MetadataReader.read(bytes.span) }

    @Test func textChunksOfAllThreeKindsAreRead() {
        let text = PNGBuilder.chunk("tEXt", Array("Title".utf8) + [0, 0x43, 0x61, 0x66, 0xE9])
        let packed = PNGBuilder.chunk("zTXt", Array("prompt".utf8) + [0, 0] + PNGBuilder.zlib(Array("a red chair".utf8)))
        let international = PNGBuilder.chunk(
            "iTXt", Array("Comment".utf8) + [0, 0, 0] + Array("de".utf8) + [0] + Array("Notiz".utf8) + [0] + Array("größer".utf8))
        let packedInternational = PNGBuilder.chunk(
            "iTXt", Array("Note".utf8) + [0, 1, 0, 0, 0] + PNGBuilder.zlib(Array("日本".utf8)))
        let texts = Self.read(Self.png(text + packed, after: international + packedInternational)).texts
        #expect(texts.map(\.keyword) == ["Title", "prompt", "Comment", "Note"])
        #expect(texts.map(\.value) == ["Café", "a red chair", "größer", "日本"])
        #expect(texts.allSatisfy { !$0.isCut })
    }

    @Test func longAndInflatingTextsAreCut() throws {
        let long = [UInt8](repeating: 0x61, count: 200_000)
        for chunk in [
            PNGBuilder.chunk("tEXt", [0x6B, 0] + long), PNGBuilder.chunk("zTXt", [0x6B, 0, 0] + PNGBuilder.zlib(long)),
        ] {
            let text = try #require(Self.read(Self.png(chunk)).texts.first)
            #expect(text.value.utf8.count == 65_536)
            #expect(text.isCut)
        }
    }

    @Test func aSignatureBeyondItsSegmentIsIgnored() {
        // APP1 of one byte, "E"; the rest of "Exif" lies where the next segment should begin.
        let file = [0xFF, 0xD8, 0xFF, 0xE1, 0, 3] + Array("Exif".utf8) + [UInt8](repeating: 0, count: 40)
        #expect(Self.read(file) == ImageMetadata())
    }

    @Test func controlCharactersAreEscapedAndBrokenTextIsRepaired() throws {
        let raw: [UInt8] = [0x1B, 0x5B, 0x33, 0x31, 0x6D, 0x09, 0x0A, 0xE2, 0x80, 0xAE, 0xFF]
        let text = try #require(Self.read(Self.png(PNGBuilder.chunk("iTXt", [0x6B, 0, 0, 0, 0, 0] + raw))).texts.first)
        #expect(text.value == "\\u{1B}[31m\t\n\\u{202E}\u{FFFD}")
    }

    @Test func noMoreThan64TextsAreKept() {
        let chunks = (0..<100).flatMap { PNGBuilder.chunk("tEXt", [0x6B, 0, UInt8(48 + $0 % 10)]) }
        let metadata = Self.read(Self.png(chunks))
        #expect(metadata.texts.count == 64)
        #expect(metadata.unreadable == ["more than 64 texts"])
    }

    @Test func unreadableChunksAreNamedAndDoNotStopTheRest() {
        let chunks = ["zTXt", "iTXt", "eXIf", "iCCP", "gAMA"].flatMap { PNGBuilder.chunk($0, [1, 2, 3]) }
        let metadata = Self.read(Self.png(chunks + PNGBuilder.chunk("tEXt", [0x6B, 0, 0x76])))
        #expect(metadata.unreadable == ["zTXt", "iTXt", "eXIf", "iCCP", "gAMA"])
        #expect(metadata.texts.map(\.value) == ["v"])
    }

    @Test func colorimetryAndContentCredentialsAreFound() {
        let chunks =
            PNGBuilder.chunk("gAMA", PNGBuilder.bigEndian(45_455)) + PNGBuilder.chunk("cHRM", [UInt8](repeating: 1, count: 32))
            + PNGBuilder.chunk("sRGB", [1]) + PNGBuilder.chunk("cICP", [12, 13, 0, 1])
            + PNGBuilder.chunk("caBX", [UInt8](repeating: 9, count: 321))
        let metadata = Self.read(Self.png(chunks))
        #expect(metadata.colorimetry?.gamma == 45_455)
        #expect(metadata.colorimetry?.hasChromaticities == true)
        #expect(metadata.colorimetry?.sRGBIntent == 1)
        #expect(metadata.colorimetry?.codePoints == [12, 13, 0, 1])
        #expect(metadata.contentCredentialsBytes == 321)
    }

    @Test(arguments: [true, false])
    func exifFieldsAreReadInBothByteOrders(_ isBigEndian: Bool) throws {
        let tiff = TIFFBuilder(isBigEndian: isBigEndian).build(
            orientation: 6, texts: [0x010F: "Fixative", 0x0131: "v1", 0x9003: "2026:11:22 10:00:00"])
        let png = Self.png(PNGBuilder.chunk("eXIf", tiff))
        let app1: [UInt8] = [0xFF, 0xE1] + PNGBuilder.bigEndian(tiff.count + 8).suffix(2) + Array("Exif".utf8) + [0, 0] + tiff
        let jpeg = Fixture.jpegFull.file.prefix(2) + app1 + Fixture.jpegFull.file.dropFirst(2)
        for file in [png, Array(jpeg)] {
            let exif = try #require(Self.read(file).exif)
            #expect(exif.orientation == 6)
            #expect(exif.make == "Fixative")
            #expect(exif.software == "v1")
            #expect(exif.dateTimeOriginal == "2026:11:22 10:00:00")
            #expect(exif.artist == nil)
            #expect(try decode(file).width > 0)
        }
    }

    @Test func truncatedExifIsReadAsFarAsPossible() {
        let tiff = TIFFBuilder(isBigEndian: false).build(orientation: 3, texts: [0x010F: "Fixative", 0x9003: "2026"])
        for length in 0..<tiff.count {
            let exif = Self.read(Self.png(PNGBuilder.chunk("eXIf", Array(tiff.prefix(length))))).exif
            #expect(exif?.orientation == nil || exif?.orientation == 3)
        }
    }

    @Test func anInvalidOrientationIsIgnored() {
        let tiff = TIFFBuilder(isBigEndian: true).build(orientation: 9, texts: [:])
        #expect(Self.read(Self.png(PNGBuilder.chunk("eXIf", tiff))).exif?.orientation == nil)
    }

    @Test func aProfileIsNamedAndDescribed() throws {
        let profile = Self.profile(description: "Display P3")
        let chunk = PNGBuilder.chunk("iCCP", Array("ICC Profile".utf8) + [0, 0] + PNGBuilder.zlib(profile))
        let found = try #require(Self.read(Self.png(chunk)).profile)
        #expect(found.name == "ICC Profile")
        #expect(found.description == "Display P3")
        #expect(found.colourSpace == "RGB")
        #expect(found.byteCount == profile.count)
    }

    @Test func jpegXMPCommentsAndCredentialsAreFound() {
        func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
            [0xFF, marker] + PNGBuilder.bigEndian(body.count + 2).suffix(2) + body
        }
        let segments =
            segment(0xE1, Array("http://ns.adobe.com/xap/1.0/".utf8) + [0] + Array("<x/>".utf8))
            + segment(0xFE, Array("made by hand".utf8)) + segment(0xEB, Array("JP".utf8) + [UInt8](repeating: 0, count: 98))
        let file = Array(Fixture.jpegFull.file.prefix(2) + segments + Fixture.jpegFull.file.dropFirst(2))
        let metadata = Self.read(file)
        #expect(metadata.xmp?.value == "<x/>")
        #expect(metadata.texts.map(\.value) == ["made by hand"])
        #expect(metadata.contentCredentialsBytes == 100)
    }

    @Test func aDamagedCredentialIsMarkedAndNotTrusted() throws {
        func box(_ stated: Int) -> [UInt8] {
            PNGBuilder.bigEndian(stated) + Array("jumb".utf8) + [0x71] + Array("digitalSourceType".utf8) + [
                0x64, 0x74, 0x79, 0x70, 0x65,
            ]
        }
        var wrong = PNGBuilder.chunk("caBX", box(31))
        wrong[wrong.count - 1] ^= 1
        let webp = Fixture.webpLossless.file
        func segment(_ number: Int, _ content: [UInt8]) -> [UInt8] {
            let body =
                Array("JP".utf8) + [0, 1] + PNGBuilder.bigEndian(number) + PNGBuilder.bigEndian(28) + Array("jumb".utf8) + content
            return [0xFF, 0xEB] + PNGBuilder.bigEndian(body.count + 2).suffix(2) + body
        }
        func jpeg(_ segments: [UInt8]) -> [UInt8] {
            Array(Fixture.jpegFull.file.prefix(2)) + segments + Fixture.jpegFull.file.dropFirst(2)
        }
        let ten = [UInt8](repeating: 7, count: 10)
        let sound = [Self.png(PNGBuilder.chunk("caBX", box(31))), jpeg(segment(1, ten) + segment(2, ten)), webp]
        for file in sound { #expect(Self.read(file).contentCredentialsDamage == nil) }
        let damaged = [
            (Self.png(wrong), "the CRC of their chunk is wrong", 31),
            (Self.png(PNGBuilder.chunk("caBX", box(40))), "31 bytes of 40", 31),
            (jpeg(segment(1, ten)), "18 bytes of 28", 26),
            (jpeg(segment(2, ten) + segment(1, ten)), "their segments are out of order", 52),
        ]
        for (file, reason, bytes) in damaged {
            let metadata = Self.read(file)
            #expect(metadata.contentCredentialsDamage == reason)
            #expect(metadata.contentCredentialsBytes == bytes)
            #expect(metadata.contradictions == ["the Content Credentials are damaged: \(reason)"])
            #expect(metadata.digitalSourceType == nil)
            #expect(try decode(file).width > 0)
        }
    }

    /// Section 11.3: such values are noted; what is made of the pixels does not depend on them.
    @Test func invalidValuesAreNoted() {
        let chunks = [
            PNGBuilder.chunk("sRGB", [4]), PNGBuilder.chunk("sBIT", [8, 9, 8]),
            PNGBuilder.chunk("bKGD", [1]), PNGBuilder.chunk("hIST", [0, 1]), PNGBuilder.chunk("pHYs", [1]),
            PNGBuilder.chunk("tIME", []),
        ]
        let metadata = Self.read(Self.png(chunks.flatMap { $0 }))
        #expect(metadata.unreadable == ["sRGB", "sBIT", "bKGD", "hIST", "pHYs", "tIME"])
        #expect(metadata.colorimetry == nil)
    }

    @Test func bytesThatAreNotAPictureHaveNoMetadata() {
        #expect(Self.read([]) == ImageMetadata())
        #expect(Self.read(Array("not a picture".utf8)) == ImageMetadata())
    }

    /// An ICC profile of header, tag table and one version 4 description (ICC.1:2022, 7.2, 7.3 and 10.15).
    static func profile(description: String) -> [UInt8] {
        let text = description.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        var header = [UInt8](repeating: 0, count: 128)
        header.replaceSubrange(16..<20, with: "RGB ".utf8)
        header.replaceSubrange(36..<40, with: "acsp".utf8)
        let size = 128 + 16 + 28 + text.count
        header.replaceSubrange(0..<4, with: PNGBuilder.bigEndian(size))
        let table =
            PNGBuilder.bigEndian(1) + Array("desc".utf8) + PNGBuilder.bigEndian(144) + PNGBuilder.bigEndian(28 + text.count)
        let tag =
            Array("mluc".utf8) + PNGBuilder.bigEndian(0) + PNGBuilder.bigEndian(1) + PNGBuilder.bigEndian(12)
            + Array("enUS".utf8) + PNGBuilder.bigEndian(text.count) + PNGBuilder.bigEndian(28)
        return header + table + tag + text
    }
}

/// Builds the TIFF structure of an EXIF block: IFD0, and an EXIF directory for tags from 0x9000 on.
struct TIFFBuilder {
    var isBigEndian: Bool

    func build(orientation: Int, texts: [Int: String]) -> [UInt8] {
        let inner = texts.filter { $0.key >= 0x9000 }.sorted { $0.key < $1.key }
        let outer = texts.filter { $0.key < 0x9000 }.sorted { $0.key < $1.key }
        let outerCount = outer.count + 1 + (inner.isEmpty ? 0 : 1)
        let innerStart = 8 + 2 + outerCount * 12 + 4
        var dataStart = innerStart + (inner.isEmpty ? 0 : 2 + inner.count * 12 + 4)
        var data: [UInt8] = []

        func textEntry(_ tag: Int, _ text: String) -> [UInt8] {
            let bytes = Array(text.utf8) + [0]
            let head = number(tag, 2) + number(2, 2) + number(bytes.count, 4)
            if bytes.count <= 4 { return head + bytes + [UInt8](repeating: 0, count: 4 - bytes.count) }
            data += bytes
            dataStart += bytes.count
            return head + number(dataStart - bytes.count, 4)
        }

        var directory = number(outerCount, 2)
        directory += number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + [0, 0]
        for (tag, text) in outer { directory += textEntry(tag, text) }
        if !inner.isEmpty { directory += number(0x8769, 2) + number(4, 2) + number(1, 4) + number(innerStart, 4) }
        directory += number(0, 4)
        if !inner.isEmpty {
            directory += number(inner.count, 2)
            for (tag, text) in inner { directory += textEntry(tag, text) }
            directory += number(0, 4)
        }
        return (isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]) + number(42, 2) + number(8, 4) + directory + data
    }

    private func number(_ value: Int, _ size: Int) -> [UInt8] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isBigEndian ? bytes.reversed() : bytes
    }
}
