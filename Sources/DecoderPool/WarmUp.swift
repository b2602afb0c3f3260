import ArchiveModel
import Foundation
import Glibc
import ImageCodecs
import Imaging
import Provenance

/// Runs the one-time initialisation of libraries, such as reading time zones and loading tables, while files may still be opened.
enum WarmUp {
    static func run() {
        tzset()
        let settings = JobSettings(recipe: DerivativeRecipe(), limits: .default)
        let bytes = (try? JSONEncoder().encode(settings)) ?? Data()
        guard let settings = try? JSONDecoder().decode(JobSettings.self, from: bytes) else { return }
        let job = PictureJob(settings, .official, checkedAt: Date(timeIntervalSince1970: 0))
        for file in files { _ = WorkerAnswer.about(file.span, job, DecodeWorker.inspectPicture) }
        warmUpReports()
    }

    /// Sorting the keys of JSON and formatting dates load tables at their first use.
    private static func warmUpReports() {
        let now = Date(timeIntervalSince1970: 0.5)
        let none: [UInt8] = []
        _ = CredentialCheck.official.evidence(of: none.span, now: now)
        let value = try? JSONDecoder.archive.decode(JSONValue.self, from: Data(#"{"b":[1.5,"é"],"a":{}}"#.utf8))
        _ = try? JSONEncoder.archive(pretty: true).encode(value)
        _ = now.iso8601
    }

    /// Small pictures of every format, one that needs colour conversion, one that is damaged, and a file of another format.
    private static var files: [[UInt8]] {
        let (side, gamma) = (24, Array("\0\0\0\u{4}gAMA\0\u{1}".utf8) + [0x86, 0xA0, 0x31, 0xE8, 0x96, 0x5F])
        let opaque = PixelImage(width: side, height: side, channels: 3, bytes: [UInt8](repeating: 90, count: side * side * 3))
        let clear = PixelImage(width: side, height: side, channels: 4, bytes: [UInt8](repeating: 90, count: side * side * 4))
        let png = try? ImageEncoder.png(opaque)
        // After the signature and the header chunk.
        let linear = png.map { Array($0.prefix(33)) + gamma + $0.dropFirst(33) }
        let made: [[UInt8]?] = [
            png, linear, png.map { $0.dropLast(16) }, try? ImageEncoder.png(clear), try? ImageEncoder.jpeg(opaque),
            try? ImageEncoder.jpeg(opaque, JPEGSettings(isProgressive: true)), try? ImageEncoder.webp(clear),
            try? ImageEncoder.webp(opaque, WebPSettings(isLossless: true)),
            Array("<svg xmlns='http://www.w3.org/2000/svg' width='8' height='6.5'/>".utf8),
        ]
        return made.compactMap { $0 }
    }
}
