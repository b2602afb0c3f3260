import ArchiveModel
import BlobStore
import DecoderPool
import Foundation
import ImageCodecs
import Imaging

/// The result of inspecting a delivery.
enum Inspection: Sendable {
    case picture(InspectedDelivery)
    /// Not a complete picture. `looksLikePicture` if it starts like one.
    case undecodable(reason: String, looksLikePicture: Bool)
    /// A complete file of a kind that is not decoded here. The dimensions are those claimed by its header.
    case unread(reason: String, mediaType: String, format: String, width: Int?, height: Int?)
    /// The decoder crashed, hung or ran out of memory, which says nothing about the file.
    case unjudged(UnreadFacts, mediaType: String)
}

/// A completely decoded delivery, with its derivatives.
struct InspectedDelivery: Sendable {
    var facts: ImageFacts
    var mediaType: String
    var derivatives: [DerivedPicture]
    /// Base64.
    var thumbHash: String
    /// 16 hexadecimal digits.
    var perceptualHash: String
}

/// A thumbnail or preview that is not stored yet.
struct DerivedPicture: Sendable {
    var role: ArchiveModel.Derivative.Role
    var bytes: [UInt8]
    var mediaType: String
    var width: Int
    var height: Int
    var recipe: JSONValue
}

extension BlobBytes: DecoderInput {}

/// Verifies and derives pictures, one per decoder, with as many decoders as processors.
struct PictureInspection: Sendable {
    private let decoders: DecoderPool

    init(decoders: DecoderPool) { self.decoders = decoders }

    func inspect(_ download: Download) async throws -> Inspection {
        let bytes = try await download.ingest.contents()
        do {
            return .picture(try Self.delivery(try await decoders.inspect(bytes)))
        } catch let error as CodecError {
            return bytes.withSpan { Self.refused($0, error) }
        } catch let error as DecoderFailure {
            return bytes.withSpan { Self.unjudged($0, error) }
        }
    }

    private static func unjudged(_ bytes: Span<UInt8>, _ error: DecoderFailure) -> Inspection {
        let header = try? HeaderParser.parse(bytes)
        return .unjudged(
            UnreadFacts(
                format: header?.format.rawValue ?? "unknown", reason: error.description, width: header?.width,
                height: header?.height),
            mediaType: header?.format.mediaType ?? "application/octet-stream")
    }

    /// Distinguishes a damaged file from one of a kind that this decoder does not support.
    private static func refused(_ bytes: Span<UInt8>, _ error: CodecError) -> Inspection {
        switch RefusedFile(bytes, refusedFor: error) {
        case .unread(let file):
            .unread(
                reason: file.reason, mediaType: file.mediaType, format: file.format, width: file.width, height: file.height)
        case .damaged(let reason): .undecodable(reason: reason, looksLikePicture: true)
        case .other: .undecodable(reason: error.description, looksLikePicture: error.code != .unrecognized)
        }
    }

    private static func delivery(_ picture: InspectedPicture) throws(CodecError) -> InspectedDelivery {
        let recipe = json(of: picture.recipe)
        let hash = String(picture.perceptualHash, radix: 16)
        return InspectedDelivery(
            facts: facts(of: picture), mediaType: picture.header.format.mediaType,
            derivatives: [
                derived(.thumbnail, picture.thumbnail, recipe: recipe), derived(.preview, picture.preview, recipe: recipe),
            ],
            thumbHash: Data(picture.thumbHash).base64EncodedString(),
            perceptualHash: String(repeating: "0", count: 16 - hash.count) + hash)
    }

    private static func derived(
        _ role: ArchiveModel.Derivative.Role, _ picture: Imaging.Derivative, recipe: JSONValue
    ) -> DerivedPicture {
        DerivedPicture(
            role: role, bytes: picture.bytes, mediaType: picture.format.mediaType, width: picture.width, height: picture.height,
            recipe: recipe)
    }

    /// The recipe in the record's JSON form.
    private static func json(of recipe: DerivativeRecipe) -> JSONValue {
        let data = (try? JSONEncoder().encode(recipe)) ?? Data()
        return (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .object(["version": .integer(Int64(recipe.version))])
    }

    private static func facts(of picture: InspectedPicture) -> ImageFacts {
        let (header, metadata) = (picture.header, picture.metadata)
        var texts: [String: String] = [:]
        for text in metadata.texts where texts[text.keyword] == nil { texts[text.keyword] = text.value }
        if let xmp = metadata.xmp { texts["XMP"] = xmp.value }
        return ImageFacts(
            format: header.format.rawValue, width: header.width, height: header.height, bitDepth: header.bitDepth,
            colourType: header.colourType.rawValue, hasAlpha: header.hasAlpha, interlaced: header.isInterlaced,
            animated: header.isAnimated, frameCount: header.frameCount, orientation: picture.orientation.rawValue,
            iccName: metadata.profile.flatMap { $0.description ?? $0.name }, exif: metadata.exif.map(fields),
            text: texts.isEmpty ? nil : texts, contentCredentialsBytes: metadata.contentCredentialsBytes,
            contentCredentialsDamage: metadata.contentCredentialsDamage,
            trailingBytes: picture.trailingBytes, averageColour: picture.averageColour.description,
            dominantColour: picture.dominantColour.description, colourOrigin: picture.colourOrigin.rawValue,
            jpegQuality: metadata.jpegQuality?.estimate, digitalSourceType: metadata.digitalSourceType?.uri,
            notes: picture.notes.isEmpty ? nil : picture.notes)
    }

    private static func fields(_ exif: ExifFields) -> [String: String] {
        let values: [String: String?] = [
            "orientation": exif.orientation.map(String.init), "imageDescription": exif.imageDescription, "make": exif.make,
            "model": exif.model, "software": exif.software, "dateTime": exif.dateTime, "dateTimeOriginal": exif.dateTimeOriginal,
            "artist": exif.artist, "copyright": exif.copyright, "userComment": exif.userComment,
            "hostComputer": exif.hostComputer, "imageUniqueID": exif.imageUniqueID,
            "colourSpace": exif.colourSpace.map(String.init), "title": exif.title, "comment": exif.comment,
            "keywords": exif.keywords,
        ]
        return values.compactMapValues { $0 }
    }
}
