import DecoderPool
import Foundation
import ImageCodecs
import Imaging
import SyntheticPictures
import Testing

@Suite("The sandbox gives the same results as the process")
struct EqualityTests {
    private static func png(with chunk: [UInt8]) throws -> [UInt8] {
        let file = try SyntheticPicture.make(width: 300, height: 200, seed: 5, as: .png)
        return Array(file.prefix(33)) + chunk + file.dropFirst(33)
    }

    /// Pictures of every format, with alpha, colours to be converted and text, and files that are none.
    private static func files() throws -> [(name: String, bytes: [UInt8])] {
        let png = try SyntheticPicture.make(width: 1700, height: 900, seed: 2, as: .png)
        let clear = PixelImage(
            width: 640, height: 360, channels: 4, bytes: (0..<640 * 360 * 4).map { UInt8(truncatingIfNeeded: $0 / 7) })
        let opaque = try ImageDecoder.decode(png.span)
        // gAMA 1.0 and tEXt "Comment" with the prompt "<\u{E9}\n", whose checksums are those of Python's zlib.crc32.
        let gamma: [UInt8] = [0, 0, 0, 4, 0x67, 0x41, 0x4D, 0x41, 0, 1, 0x86, 0xA0, 0x31, 0xE8, 0x96, 0x5F]
        let text: [UInt8] =
            [0, 0, 0, 11] + Array("tEXtComment\0<".utf8) + [0xE9, 0x0A] + [0xF0, 0x5A, 0x5A, 0x5A]
        let apple = Array(png.prefix(12)) + Array("CgBI".utf8) + Array(png.dropFirst(16))
        return [
            ("PNG", png), ("JPEG", try SyntheticPicture.make(width: 900, height: 1700, seed: 3, as: .jpeg)),
            ("WebP", try SyntheticPicture.make(width: 800, height: 600, seed: 4, as: .webp)),
            ("PNG with alpha", try ImageEncoder.png(clear)),
            ("lossless WebP", try ImageEncoder.webp(clear, WebPSettings(isLossless: true))),
            ("progressive JPEG", try ImageEncoder.jpeg(opaque, JPEGSettings(isProgressive: true))),
            ("linear PNG", try Self.png(with: gamma)), ("a chunk that is damaged", try Self.png(with: text)),
            ("bytes behind the end", png + [1, 2, 3]), ("cut short", png.dropLast(png.count / 2)),
            ("a page", Array("<html>not found</html>".utf8)), ("nothing", []),
            ("SVG", Array("<svg xmlns='http://www.w3.org/2000/svg' width='30px' height='20.4'/>".utf8)),
            ("PDF", Array("%PDF-1.7\n%%EOF\n".utf8)), ("a cut PDF", Array("%PDF-1.7\n".utf8)),
            ("Apple's PNG", apple), ("AMR", Array("#!AMR\n".utf8)),
        ]
    }

    @Test func sandboxAndProcessGiveTheSameResult() async throws {
        var policy = DecoderPool.Policy()
        policy.program = try probe().path
        let outside = DecoderPool(.sandbox, width: 2, policy: policy)
        let inside = DecoderPool(.inProcess, width: 2)
        defer { outside.close() }
        for (name, bytes) in try Self.files() {
            let expected = await Self.result(of: bytes, inside)
            #expect(await Self.result(of: bytes, outside) == expected, "\(name), from memory")
            #expect(await Self.result(of: try FileSource(bytes), outside) == expected, "\(name), from a file")
        }
    }

    @Test func recipeAndLimitsReachTheWorker() async throws {
        var policy = DecoderPool.Policy()
        policy.program = try probe().path
        let limits = ImageLimits(maxPixels: 100_000, maxSide: 400, maxBytes: 1 << 20)
        let pool = DecoderPool(.sandbox, width: 1, limits: limits, policy: policy)
        defer { pool.close() }
        var recipe = DerivativeRecipe()
        recipe.thumbnailSide = 64
        let small = try await pool.inspect(
            try SyntheticPicture.make(width: 320, height: 160, seed: 6, as: .png), recipe: recipe)
        let sides: [Int] = [small.thumbnail.width, small.thumbnail.height, small.preview.width]
        #expect(sides == [64, 32, 320])
        let large = try SyntheticPicture.make(width: 500, height: 100, seed: 6, as: .png)
        let error = await #expect(throws: CodecError.self) { try await pool.inspect(large) }
        #expect(error?.limit == .side)
    }

    private static func result(
        of source: some DecoderInput, _ pool: DecoderPool
    ) async -> Result<ExaminedPicture, RefusedPicture>? {
        // 2026-11-22T12:00:00Z, by date(1).
        try? await pool.examine(source, checkedAt: Date(timeIntervalSince1970: 1_795_348_800))
    }

    @Test(arguments: DecoderPool.Place.allCases) func theKindOfARejectedFileIsFound(_ place: DecoderPool.Place) async throws {
        var policy = DecoderPool.Policy()
        policy.program = try probe().path
        let pool = DecoderPool(place, width: 1, policy: policy)
        defer { pool.close() }
        guard case .failure(let refused) = try await pool.examine(Array("%PDF-1.7\n%%EOF\n".utf8)),
            case .unread(let file) = refused.file
        else {
            Issue.record("not recognised")
            return
        }
        #expect(refused.error.code == .unrecognized && file.mediaType == "application/pdf" && file.format == "pdf")
    }
}
