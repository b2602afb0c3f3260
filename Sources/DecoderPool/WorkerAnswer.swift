import Foundation
import ImageCodecs
import Imaging
import Provenance

/// The settings for one inspection. They are sent with each picture as JSON; a worker decodes them only when they change.
struct JobSettings: Codable {
    /// The maximum size of the encoded settings, in bytes.
    static let longest = 16 << 20

    var recipe: DerivativeRecipe
    var limits: ImageLimits
    var trust = TrustSettings.official
    /// The source type to declare in derivatives if the file's metadata declares none.
    var declared: DigitalSourceType?
}

/// A worker's answer to the pool: a frame, followed by its parts.
struct WorkerAnswer {
    /// The maximum size of the facts in bytes: enough for 64 texts of 64 KiB, an XMP packet and EXIF, all escaped.
    static let longestFacts = 32 << 20
    /// The maximum size of a thumbnail or preview, in bytes.
    static let longestDerivative = 32 << 20
    /// The maximum size of an error or a refusal reason, in bytes.
    static let longestError = 64 << 10

    var frame: Frame
    var parts: [[UInt8]]

    init(_ refused: RefusedPicture) {
        let bytes = Self.json(refused)
        frame = Frame(.notDecoded, UInt64(bytes.count))
        parts = [bytes]
    }

    init(_ examined: ExaminedPicture) {
        // Derivatives are sent as raw bytes: as numbers in JSON they would be four times as large.
        var facts = examined
        facts.picture.thumbnail.bytes = []
        facts.picture.preview.bytes = []
        parts = [Self.json(facts), examined.picture.thumbnail.bytes, examined.picture.preview.bytes]
        frame = Frame(.picture, UInt64(parts[0].count), UInt64(parts[1].count), UInt64(parts[2].count))
    }

    init(_ evidence: CredentialEvidence) {
        let bytes = Self.json(evidence)
        frame = Frame(.evidence, UInt64(bytes.count))
        parts = [bytes]
    }

    /// Examines a picture and wraps the result, or the error and the kind of the file, in an answer.
    static func about(_ bytes: Span<UInt8>, _ job: PictureJob, _ inspect: DecodeWorker.Inspect) -> WorkerAnswer {
        switch job.examine(bytes, inspect) {
        case .success(let examined): WorkerAnswer(examined)
        case .failure(let refused): WorkerAnswer(refused)
        }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        // Encoding cannot fail for these values. If it did, the pool would reject the empty answer as invalid.
        (try? JSONEncoder().encode(value)).map { [UInt8]($0) } ?? []
    }
}
