import ArchiveModel
import ArchiveStore
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
    /// A file that seems to be a complete one of a kind that is not decoded here. The dimensions are those claimed by its header.
    case unread(UnreadFacts, mediaType: String)
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
    var role: Derivative.Role
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
    private let clock: any WallClock

    init(decoders: DecoderPool, clock: any WallClock) {
        self.decoders = decoders
        self.clock = clock
    }

    func inspect(_ download: Download) async throws -> Inspection {
        let bytes = try await download.ingest.contents()
        do {
            switch try await decoders.examine(bytes, checkedAt: clock.now) {
            case .success(let picture): return .picture(Self.delivery(picture))
            case .failure(let refused): return Self.inspection(of: refused)
            }
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
            mediaType: header?.format.mediaType ?? MediaType.unknown)
    }

    /// Distinguishes a damaged file from one of a kind that this decoder does not support.
    private static func inspection(of refused: RefusedPicture) -> Inspection {
        let error = refused.error
        return switch refused.file {
        case .unread(let file):
            .unread(
                UnreadFacts(format: file.format, reason: file.reason, width: file.width, height: file.height),
                mediaType: file.mediaType)
        case .damaged(let reason): .undecodable(reason: reason, looksLikePicture: true)
        case .other: .undecodable(reason: error.description, looksLikePicture: error.code != .unrecognized)
        }
    }

    private static func delivery(_ examined: ExaminedPicture) -> InspectedDelivery {
        let picture = examined.picture
        let recipe = picture.recipe.recorded
        return InspectedDelivery(
            facts: ImageFacts(picture, credentials: examined.credentials), mediaType: picture.header.format.mediaType,
            derivatives: [
                derived(.thumbnail, picture.thumbnail, recipe: recipe), derived(.preview, picture.preview, recipe: recipe),
            ],
            thumbHash: Data(picture.thumbHash).base64EncodedString(),
            perceptualHash: picture.perceptualHashText)
    }

    private static func derived(
        _ role: Derivative.Role, _ picture: EncodedDerivative, recipe: JSONValue
    ) -> DerivedPicture {
        DerivedPicture(
            role: role, bytes: picture.bytes, mediaType: picture.format.mediaType, width: picture.width, height: picture.height,
            recipe: recipe)
    }
}
