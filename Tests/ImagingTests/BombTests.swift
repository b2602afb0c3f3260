import Foundation
import ImageCodecs
import Testing

/// Small files that claim much. Each is inspected by a process of its own, whose whole peak is looked at.
@Suite("Decompression bombs")
struct BombTests {
    struct Bomb: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var verdict: String
        var file: [UInt8]
        /// The file is as long as this; what is not in `file` are zeros that lie on no disk.
        var length: Int?
    }

    /// Megabytes of zeros as deflate packs them by hand: 258 bytes a match, by the fixed code (RFC 1951, section 3.2.6).
    static func zeros(megabytes: Int, first: [UInt8] = [0]) -> [UInt8] {
        var (bytes, pending, count): ([UInt8], UInt64, UInt64) = ([0x78, 0x01], 0, 0)
        func put(_ value: Int, _ length: UInt64) {
            pending |= UInt64(value) << count
            count += length
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: pending))
                pending >>= 8
                count -= 8
            }
        }
        func reversed(_ code: Int, _ length: Int) -> Int { (0..<length).reduce(0) { $0 << 1 | code >> $1 & 1 } }
        put(0b011, 3)
        // Literals below 144 are codes of 8 bits from 0x30, the others of 9 bits from 0x190.
        for byte in first { byte < 144 ? put(reversed(0x30 + Int(byte), 8), 8) : put(reversed(0x190 + Int(byte) - 144, 9), 9) }
        for _ in 0..<megabytes * 1_048_576 / 258 {
            put(reversed(0xC5, 8), 8)
            put(0, 5)
        }
        put(0, 7)
        put(0, 7)
        var (a, b) = (1, 0)
        for byte in first {
            a = (a + Int(byte)) % 65_521
            b = (b + a) % 65_521
        }
        b = (b + megabytes * 1_048_576 / 258 * 258 * a) % 65_521
        return bytes + HandMade.bigEndian(b << 16 | a)
    }

    static func png(_ width: Int, _ height: Int, interlaced: Bool = false) -> [UInt8] {
        let header: [UInt8] =
            HandMade.bigEndian(width) + HandMade.bigEndian(height) + [8, 6, 0, 0, interlaced ? 1 : 0]
        return HandMade.signature + HandMade.chunk("IHDR", header) + HandMade.chunk("IDAT", zeros(megabytes: 64))
            + HandMade.chunk("IEND", [])
    }

    static func png(with chunks: [UInt8]) -> [UInt8] { HandMade.png(type: 2, pixel: [1, 2, 3], chunks: chunks) }

    /// 64 megapixels of eight bytes, which the colours ask for, and all of them at once: 512 MB.
    static let deepPNG: [UInt8] = {
        let header = HandMade.bigEndian(8000) + HandMade.bigEndian(8000) + [16, 6, 0, 0, 1]
        return HandMade.signature + HandMade.chunk("IHDR", header) + HandMade.chunk("gAMA", HandMade.bigEndian(100_000))
            + HandMade.chunk("IDAT", zeros(megabytes: 500)) + HandMade.chunk("IEND", [])
    }()

    /// 64 megapixels in 30 bytes: 256 MB, and as much for the decoder.
    static let losslessWebP: [UInt8] =
        Array("RIFF".utf8) + [22, 0, 0, 0] + Array("WEBPVP8L".utf8) + [10, 0, 0, 0]
        + [0x2F, 0x3F, 0xDF, 0xCF, 0x17, 0, 0, 0, 0, 0]

    /// Three components of full size: a progressive one keeps six bytes of coefficients a pixel.
    static func jpeg(_ width: Int, _ height: Int, isProgressive: Bool = false) -> [UInt8] {
        var file = HandMade.jpeg([1, 2, 3])
        guard let frame = file.indices.dropLast().first(where: { file[$0] == 0xFF && file[$0 + 1] == 0xC0 }) else { return [] }
        file.replaceSubrange(frame + 5..<frame + 9, with: HandMade.bigEndian(height, 2) + HandMade.bigEndian(width, 2))
        if isProgressive { file[frame + 1] = 0xC2 }
        return file
    }

    static func webpFrames(_ count: Int) -> [UInt8] {
        let frames = [[UInt8]](repeating: webpChunk("ANMF", [UInt8](repeating: 0, count: 16)), count: count).flatMap { $0 }
        let canvas = webpChunk("VP8X", [2, 0, 0, 0, 7, 0, 0, 7, 0, 0])
        let body = Array("WEBP".utf8) + canvas + webpChunk("ANIM", [0, 0, 0, 0, 0, 0]) + frames
        return Array("RIFF".utf8) + HandMade.bigEndian(body.count).reversed() + body
    }

    static let bombs: [Bomb] = {
        let iTXt: [UInt8] = [0x6B, 0, 1, 0, 0, 0] + zeros(megabytes: 300)
        let bigProfile = HandMade.bigEndian(5 * 1_048_576) + [UInt8](repeating: 0, count: 124)
        let endless = HandMade.bigEndian(500) + [UInt8](repeating: 0, count: 124)
        return [
            Bomb(testDescription: "PNG pixels", verdict: "limitExceeded pixels", file: png(16_000, 16_000)),
            Bomb(testDescription: "interlaced PNG", verdict: "limitExceeded pixels", file: png(16_000, 16_000, interlaced: true)),
            Bomb(testDescription: "PNG side", verdict: "limitExceeded side", file: png(2_000_000_000, 1)),
            Bomb(testDescription: "PNG rows without end", verdict: "damaged -", file: png(64, 64)),
            Bomb(testDescription: "JPEG side", verdict: "limitExceeded side", file: jpeg(65_500, 65_500)),
            Bomb(testDescription: "JPEG pixels", verdict: "limitExceeded pixels", file: jpeg(16_000, 16_000)),
            Bomb(
                testDescription: "WebP pixels", verdict: "limitExceeded pixels",
                file: largestWebP),
            Bomb(testDescription: "interlaced PNG of 16 bits", verdict: "limitExceeded -", file: deepPNG),
            Bomb(testDescription: "progressive JPEG", verdict: "limitExceeded -", file: jpeg(8000, 8000, isProgressive: true)),
            Bomb(testDescription: "lossless WebP", verdict: "limitExceeded heldBytes", file: losslessWebP),
            Bomb(
                testDescription: "bytes", verdict: "limitExceeded bytes", file: png(with: []), length: 2_000_000_000),
            Bomb(
                testDescription: "APNG frames that are not there", verdict: "picture",
                file: png(with: HandMade.chunk("acTL", HandMade.bigEndian(0x7FFF_FFFF) + HandMade.bigEndian(0)))),
            Bomb(testDescription: "WebP frames", verdict: "limitExceeded frames", file: webpFrames(5000)),
            Bomb(
                testDescription: "PNG chunks", verdict: "limitExceeded ancillaryBytes",
                file: png(with: HandMade.chunk("tEXt", [0x6B, 0] + [UInt8](repeating: 0x61, count: 17 << 20)))),
            Bomb(
                testDescription: "PNG EXIF", verdict: "limitExceeded ancillaryBytes",
                file: png(with: HandMade.chunk("eXIf", [0x4D, 0x4D, 0, 42] + [UInt8](repeating: 0, count: 17 << 20)))),
            Bomb(
                testDescription: "zTXt", verdict: "limitExceeded inflatedBytes",
                file: png(with: HandMade.chunk("zTXt", [0x6B, 0, 0] + zeros(megabytes: 300)))),
            Bomb(testDescription: "iTXt", verdict: "limitExceeded inflatedBytes", file: png(with: HandMade.chunk("iTXt", iTXt))),
            Bomb(
                testDescription: "iCCP that states its size", verdict: "limitExceeded profileBytes",
                file: png(with: HandMade.chunk("iCCP", [0x70, 0, 0] + zeros(megabytes: 5, first: bigProfile)))),
            Bomb(
                testDescription: "iCCP that hides its size", verdict: "limitExceeded inflatedBytes",
                file: png(with: HandMade.chunk("iCCP", [0x70, 0, 0] + zeros(megabytes: 300, first: endless)))),
            Bomb(
                testDescription: "many zTXt", verdict: "limitExceeded inflatedBytes",
                file: png(with: manyTexts)),
            Bomb(
                testDescription: "JPEG profile", verdict: "limitExceeded profileBytes",
                file: HandMade.jpeg([1, 2, 3], segments: manySegments)),
            Bomb(
                testDescription: "a table of inks that is not there", verdict: "picture",
                file: HandMade.jpeg([1, 2, 3, 4], segments: HandMade.iccSegment(hugeTable))),
        ]
    }()

    /// 16,384 x 16,384 pixels in 30 bytes.
    static let largestWebP: [UInt8] =
        Array("RIFF".utf8) + [22, 0, 0, 0] + Array("WEBPVP8L".utf8) + [10, 0, 0, 0]
        + [0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0, 0]

    static let manyTexts: [UInt8] = {
        let chunk = HandMade.chunk("zTXt", [0x6B, 0, 0] + zeros(megabytes: 1))
        return [UInt8]([[UInt8]](repeating: chunk, count: 40).joined())
    }()

    static let manySegments: [UInt8] = (1...80).flatMap { number -> [UInt8] in
        let head: [UInt8] = Array("ICC_PROFILE".utf8) + [0, UInt8(number), 80]
        return HandMade.segment(0xE2, head + [UInt8](repeating: 0, count: 65_000))
    }

    /// A table that claims 60 steps each way, 39 million values, in 4 KB.
    static let hugeTable: [UInt8] = {
        var profile = HandMade.inks
        let table = profile.indices.first { profile[$0...].starts(with: Array("mft1".utf8)) } ?? 0
        profile[table + 10] = 60
        return profile
    }()

    @Test("Each bomb is refused before it uses memory", arguments: bombs)
    func eachBombIsRefusedBeforeItUsesMemory(_ bomb: Bomb) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "fixative-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(bomb.file).write(to: path)
        if let length = bomb.length {
            let handle = try FileHandle(forWritingTo: path)
            try handle.truncate(atOffset: UInt64(length))
            try handle.close()
        }
        let probe = try #require(Self.probe)
        let process = Process()
        process.executableURL = probe
        process.arguments = [path.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(process.terminationStatus == 0)
        #expect(words.dropLast(2).joined(separator: " ") == bomb.verdict)
        let peak = try #require(words.last.flatMap(Int.init))
        // AddressSanitizer's own memory is no part of the question.
        if !Self.isSanitized { #expect(peak < 64 * 1024, "\(peak) KB") }
    }

    /// Beside the test bundle, where SwiftPM builds it.
    private static var probe: URL? {
        let folders = [Bundle.main.bundleURL] + CommandLine.arguments.map { URL(filePath: $0).deletingLastPathComponent() }
        return folders.map { $0.appending(path: "inspect-probe") }.first {
            FileManager.default.isExecutableFile(atPath: $0.path)
        }
    }

    private static var isSanitized: Bool { probe?.path.contains("asan") == true }
}
