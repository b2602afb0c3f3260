import Foundation
import ImageCodecs
import Imaging

/// What a picture is to be inspected by. It goes along with each, as bytes that a worker keeps the meaning of.
struct JobSettings: Codable {
    /// The most bytes of one on the way.
    static let longest = 64 << 10

    var recipe: DerivativeRecipe
    var limits: ImageLimits
}

/// A worker's answer on its way to the pool: a head, and the bytes that follow it, part by part.
struct Answer {
    /// The most bytes of facts: 64 texts of 64 KiB, a packet and EXIF, all escaped, with room to spare.
    static let longestFacts = 32 << 20
    /// The most bytes of a thumbnail or preview.
    static let longestDerivative = 32 << 20
    /// The most bytes of an error or a reason.
    static let longestError = 64 << 10

    var frame: Frame
    var parts: [[UInt8]]

    init(_ error: CodecError) {
        let bytes = Self.json(error)
        frame = Frame(.codecError, UInt64(bytes.count))
        parts = [bytes]
    }

    init(_ picture: InspectedPicture) {
        // The pictures go as they are: numbers in JSON would be four times as long.
        var facts = picture
        facts.thumbnail.bytes = []
        facts.preview.bytes = []
        parts = [Self.json(facts), picture.thumbnail.bytes, picture.preview.bytes]
        frame = Frame(.picture, UInt64(parts[0].count), UInt64(parts[1].count), UInt64(parts[2].count))
    }

    /// Inspects a picture.
    static func about(_ bytes: Span<UInt8>, _ settings: JobSettings, _ inspect: DecodeWorker.Inspect) -> Answer {
        do throws(CodecError) {
            return Answer(try inspect(bytes, settings.recipe, settings.limits))
        } catch {
            return Answer(error)
        }
    }

    private static func json(_ value: some Encodable) -> [UInt8] {
        // These values hold nothing that JSON lacks; an empty text is no answer, and refused as such.
        (try? JSONEncoder().encode(value)).map { [UInt8]($0) } ?? []
    }
}
