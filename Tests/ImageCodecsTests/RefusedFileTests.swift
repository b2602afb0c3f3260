import Foundation
import ImageCodecs
import Testing

/// Headers by hand, after the specification of each format; none of them from the code under test.
@Suite("Refused files")
struct RefusedFileTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var file: [UInt8]
        var mediaType: String
        var size: String?

        init(_ name: String, _ file: [UInt8], _ mediaType: String, _ size: String? = nil) {
            (testDescription, self.file, self.mediaType, self.size) = (name, file, mediaType, size)
        }
    }

    static func refused(_ bytes: [UInt8], limits: ImageLimits = .default) throws -> RefusedFile {
        let found = #expect(throws: CodecError.self) { try decode(bytes, limits: limits) }
        return RefusedFile(bytes.span, refusedFor: try #require(found))
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }
    private static func little(_ value: Int, _ size: Int = 4) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 255) } }
    private static func box(_ name: String, _ body: [UInt8]) -> [UInt8] {
        PNGBuilder.bigEndian(body.count + 8) + text(name) + body
    }
    private static func padded(_ bytes: [UInt8], to count: Int = 512) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: max(0, count - bytes.count))
    }

    static let gif: [UInt8] =
        text("GIF89a") + [7, 0, 5, 0, 0x80, 0, 0] + [0, 0, 0, 255, 255, 255] + [0x21, 0xF9, 4, 0, 0, 0, 0, 0]
        + [0x2C, 0, 0, 0, 0, 7, 0, 5, 0, 0, 2, 2, 0x44, 1, 0, 0x3B]

    static func heif(_ major: String, _ compatible: String, largest: (Int, Int) = (1280, 720)) -> [UInt8] {
        func extent(_ width: Int, _ height: Int) -> [UInt8] {
            box("ispe", [0, 0, 0, 0] + PNGBuilder.bigEndian(width) + PNGBuilder.bigEndian(height))
        }
        let properties = box("iprp", box("ipco", extent(512, 512) + extent(largest.0, largest.1)))
        return box("ftyp", text(major) + [0, 0, 0, 0] + text(compatible)) + box("meta", [0, 0, 0, 0] + properties)
            + box("mdat", [1, 2, 3])
    }

    static let tiff: [UInt8] =
        text("II") + [42, 0, 8, 0, 0, 0, 2, 0] + [0, 1, 3, 0, 1, 0, 0, 0, 31, 0, 0, 0] + [1, 1, 4, 0, 1, 0, 0, 0, 17, 0, 0, 0]
        + [0, 0, 0, 0]
    static let bmp: [UInt8] =
        text("BM") + little(54) + [0, 0, 0, 0] + little(54) + little(40) + little(33) + little(-22) + little(0, 28)
    static let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"30px\" height=\"20.4\"><rect/></svg>"

    static let samples: [Sample] = [
        Sample("GIF", gif, "image/gif", "7x5"), Sample("GIF with bytes behind it", gif + [0, 0], "image/gif", "7x5"),
        Sample("AVIF", heif("avif", "mif1miaf"), "image/avif", "1280x720"),
        Sample("AVIF by a compatible brand", heif("mif1", "miafavif"), "image/avif", "1280x720"),
        Sample("HEIC", heif("heic", "mif1heic"), "image/heic", "1280x720"),
        // Found by the fuzzer: the product of two sides of 32 bits does not fit.
        Sample("HEIC that claims too much", heif("heic", "mif1", largest: (0xFFFF_FFFF, 0xFFFF_FFFF)), "image/heic", "512x512"),
        Sample("MP4", box("ftyp", text("isom") + [0, 0, 2, 0] + text("isomiso2avc1mp41")) + box("mdat", [1]), "video/mp4"),
        Sample(
            "MP4 of 64-bit boxes",
            box("ftyp", text("mp42") + [0, 0, 0, 0]) + [0, 0, 0, 1] + text("mdat") + [0, 0, 0, 0, 0, 0, 0, 16], "video/mp4"),
        Sample("QuickTime", box("ftyp", text("qt  ") + [0, 0, 0, 0]) + box("moov", []), "video/quicktime"),
        Sample("old QuickTime", box("moov", text("abcd")), "video/quicktime"),
        Sample("M4A", box("ftyp", text("M4A ") + [0, 0, 0, 0] + text("M4A mp42")), "audio/mp4"),
        Sample("JPEG XL", [0xFF, 0x0A, 0xFA, 0x1F, 1, 2], "image/jxl"),
        Sample("JPEG XL in boxes", [0, 0, 0, 12] + text("JXL ") + [0x0D, 0x0A, 0x87, 0x0A], "image/jxl"),
        Sample("Netpbm", text("P6\n2 1\n255\nabcdef"), "image/x-portable-anymap"), Sample("TIFF", tiff, "image/tiff", "31x17"),
        Sample("BMP", bmp, "image/bmp", "33x22"),
        Sample(
            "icon", [0, 0, 1, 0, 2, 0, 16, 16, 0, 0] + little(0, 12) + [0, 0, 0, 0] + little(0, 12), "image/vnd.microsoft.icon",
            "256x256"),
        Sample("SVG", text(svg), "image/svg+xml", "30x20"),
        Sample(
            "SVG with a prolog",
            text(
                "\u{FEFF}<?xml version='1.0'?>\n<!-- <html> -->\n<!DOCTYPE svg [<!ENTITY a \"<b>\">]>\n" + svg + "\n<!-- end -->"),
            "image/svg+xml", "30x20"),
        Sample("SVG by its view box", text("<svg width='100%' viewBox='0 0 64 48'></svg>"), "image/svg+xml", "64x48"),
        Sample("SVG in a namespace", text("<s:svg xmlns:s='http://www.w3.org/2000/svg'/>"), "image/svg+xml"),
        Sample(
            "SVG in UTF-16", [0xFF, 0xFE] + svg.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, "image/svg+xml", "30x20"),
        Sample("PDF", text("%PDF-1.4\n1 0 obj\n%%EOF\n"), "application/pdf"),
        Sample("ZIP", padded([0x50, 0x4B, 3, 4], to: 30) + padded([0x50, 0x4B, 5, 6], to: 22), "application/zip"),
        Sample("WebM", padded([0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x84] + text("webm")), "video/webm"),
        Sample("Matroska", padded([0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, 0x88] + text("matroska")), "video/matroska"),
        Sample("AVI", text("RIFF") + little(12) + text("AVI LIST") + little(0), "video/x-msvideo"),
        Sample("WAVE", text("RIFF") + little(4) + text("WAVE"), "audio/wav"),
        Sample("WAVE from a pipe", text("RIFF") + [255, 255, 255, 255] + text("WAVE"), "audio/wav"),
        Sample("MP3", padded([0xFF, 0xFB, 0x90, 0x64]), "audio/mpeg"),
        Sample("tagged MP3", padded(text("ID3") + [3, 0, 0]), "audio/mpeg"),
        Sample("AAC", padded([0xFF, 0xF1, 0x50, 0x80]), "audio/aac"), Sample("FLAC", text("fLaC") + [0, 0, 0, 34], "audio/flac"),
        Sample("Ogg", padded(text("OggS")), "audio/ogg"),
    ]

    private static let empty = [UInt8](repeating: 0, count: 4)
    private static let jxl: [UInt8] =
        [0, 0, 0, 12] + text("JXL ") + [0x0D, 0x0A, 0x87, 0x0A] + box("ftyp", text("jxl ") + empty) + box("jxlc", [1, 2, 3])
    private static let jp2: [UInt8] =
        [0, 0, 0, 12] + text("jP  ") + [0x0D, 0x0A, 0x87, 0x0A] + box("ftyp", text("jp2 ") + empty) + box("jp2c", [1, 2, 3])
    private static let glb: [UInt8] = text("glTF") + little(2) + little(20) + little(0) + text("JSON")
    private static let qoi: [UInt8] =
        text("qoif") + PNGBuilder.bigEndian(7) + PNGBuilder.bigEndian(5) + [3, 0, 0xE2, 0, 0, 0, 0, 0, 0, 0, 1]
    /// The last header has three bytes, two bytes after the first one of 32.
    private static let sevenZip: [UInt8] =
        [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4] + empty + little(2, 8) + little(3, 8) + empty + [1, 2, 3, 4, 5]
    private static let matroska: [UInt8] =
        [0x1A, 0x45, 0xDF, 0xA3, 0x84, 1, 2, 3, 4] + [0x18, 0x53, 0x80, 0x67, 0x40, 3, 1, 2, 3]
    private static let aiff: [UInt8] = text("FORM") + PNGBuilder.bigEndian(8) + text("AIFF") + empty

    /// Files that end where they say. Each lacks its end without its last byte.
    static let ended: [Sample] = [
        Sample("JPEG XL in boxes", jxl, "image/jxl"), Sample("JPEG 2000", jp2, "image/jp2"),
        Sample("glTF", glb, "model/gltf-binary"), Sample("QOI", qoi, "image/qoi", "7x5"),
        Sample("7z", sevenZip, "application/x-7z-compressed"), Sample("Matroska", matroska, "video/matroska"),
        Sample("AIFF", aiff, "audio/aiff"),
    ]

    /// Recorded live: the length of the segment is unknown.
    private static let live: [UInt8] = Array(matroska[..<13]) + [0x7F, 0xFF, 1, 2, 3]

    @Test(
        "Whole files of other kinds are recognised by their bytes",
        arguments: samples + ended + [Sample("live Matroska", live, "video/matroska")])
    func wholeFilesOfOtherKindsAreRecognised(_ sample: Sample) throws {
        guard case .unread(let file) = try Self.refused(sample.file) else {
            Issue.record("not recognised as a whole file")
            return
        }
        #expect(file.mediaType == sample.mediaType)
        #expect(file.width.map { "\($0)x\(file.height ?? 0)" } == sample.size)
        #expect(file.reason.hasPrefix("a whole ") && file.reason.hasSuffix(", a format that is not decoded here"))
    }

    @Test(
        "A cut file of another kind is damaged",
        arguments: [
            Array(gif.dropLast()), Array(heif("avif", "mif1").dropLast()), Array(text("<svg width='8' height='8'><g>")),
            text("%PDF-1.4\n1 0 obj\n"), padded([0x50, 0x4B, 3, 4]), text("RIFF") + little(500) + text("WAVE"),
            Array(bmp.dropLast(4)),
        ])
    func aCutFileOfAnotherKindIsDamaged(_ file: [UInt8]) throws {
        guard case .damaged(let reason) = try Self.refused(file) else {
            Issue.record("expected a damaged file")
            return
        }
        #expect(reason.hasSuffix(" is cut short"))
    }

    @Test(arguments: ended)
    func aFileWithoutItsEndIsDamaged(_ sample: Sample) throws {
        for missing in 1...3 {
            guard case .damaged(let reason) = try Self.refused(Array(sample.file.dropLast(missing))) else {
                Issue.record("expected a damaged file without its last \(missing) bytes")
                continue
            }
            #expect(reason.hasSuffix(" is cut short"))
        }
    }

    @Test(
        "Pages, texts and empty bytes are not files of other kinds",
        arguments: [
            "", " ", "G", "Not Found", "{\"error\":\"expired\"}", "[1,2]",
            "<html><body><svg width='8' height='8'/></body></html>",
            "<!DOCTYPE html>\n<svg/>", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "<!-- <svg/> -->",
            "<svgx/>", "<",
            "<svg", "<svg width='8", "BM", "MZ", "P1 is done", "PS: no", "ID3", "<!DOCTYPE svg", "\u{FEFF}",
            "0123456789",
        ])
    func pagesAndTextsAreNotFilesOfOtherKinds(_ text: String) throws {
        #expect(try Self.refused(Array(text.utf8)) == .other)
    }

    @Test func compressedPagesAndUTF16TextsAreNotFilesOfOtherKinds() throws {
        #expect(try Self.refused([0x1F, 0x8B, 8, 0] + [UInt8](repeating: 0, count: 200)) == .other)
        #expect(
            try Self.refused(
                [0xFF, 0xFE] + "<html></html>".utf16.flatMap { [UInt8($0), 0] } + [UInt8](repeating: 32, count: 200)) == .other)
    }

    @Test func onlyAWholePictureAboveTheLimitsIsUnread() throws {
        var limits = ImageLimits.default
        limits.maxSide = 8
        let png = PNGBuilder.rgb().build()
        let jpeg = Fixture.jpegFull.file
        for (file, size) in [(png, "9x7"), (jpeg, "19x13"), (Fixture.webpLossy.file, "19x13")] {
            guard case .unread(let found) = try Self.refused(file, limits: limits) else {
                Issue.record("not recognised as a whole file")
                continue
            }
            #expect("\(found.width ?? 0)x\(found.height ?? 0)" == size)
            #expect(
                found.mediaType.hasPrefix("image/")
                    && found.reason.hasSuffix(", above this archive's limits: \(size) pixels, above the limit of 8 a side"))
            let cut = try Self.refused(Array(file.dropLast(3)), limits: limits)
            #expect(cut == .damaged("the \(found.format.uppercased()) is damaged or cut short") || cut == .other)
        }
        var damaged = png
        damaged[60] ^= 1
        #expect(try Self.refused(damaged, limits: limits) == .damaged("the PNG is damaged or cut short"))
        #expect(try Self.refused(damaged) == .other)
    }

    @Test("Rare kinds of JPEG are unread", arguments: [0xC3, 0xC5, 0xCB, 0xF7] as [UInt8])
    func rareKindsOfJPEGAreUnread(_ process: UInt8) throws {
        var file = Fixture.jpegFull.file
        let frame = try #require(file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 })
        file[frame + 1] = process
        guard case .unread(let found) = try Self.refused(file) else {
            Issue.record("not recognised as a whole file")
            return
        }
        #expect(found.mediaType == "image/jpeg" && found.reason.hasPrefix("a whole JPEG of a kind that is not decoded here: a "))
        #expect(try Self.refused(Array(file.dropLast(2))) == .damaged("the JPEG is damaged or cut short"))
    }

    /// Whatever is asked, the answer comes in bounds.
    @Test func everyCutOrChangedFileGetsAnAnswer() {
        let error = CodecError(.unrecognized, nil, "")
        for sample in Self.samples + Self.ended where sample.file.count < 400 {
            for length in 0..<sample.file.count { _ = RefusedFile(sample.file.span.extracting(0..<length), refusedFor: error) }
            for index in sample.file.indices {
                for mask: UInt8 in [0x01, 0x80, 0xFF] {
                    var changed = sample.file
                    changed[index] ^= mask
                    if case .unread(let file) = RefusedFile(changed.span, refusedFor: error) {
                        #expect((file.width ?? 1) >= 1 && (file.height ?? 1) >= 1)
                        #expect((file.width == nil) == (file.height == nil))
                    }
                }
            }
        }
    }
}
