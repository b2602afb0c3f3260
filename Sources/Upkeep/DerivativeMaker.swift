import ArchiveModel
import ArchiveStore
import BlobStore
import DecoderPool
import Foundation
import ImageCodecs
import Imaging
import Provenance

/// Remakes thumbnails and previews from their originals.
struct DerivativeMaker {
    let blobs: any BlobUpkeep
    let decoders: DecoderPool

    /// Makes derivatives with the recipes in their records, or with the current recipe if the recorded one can't be parsed.
    ///
    /// - Parameters:
    ///   - declared: The source type in the record, which a manifest may have declared that is not valid any more.
    ///   - storing: Whether to store the derivatives; if not, only their digests are computed.
    /// - Throws: `CodecError` when the original is not a complete picture.
    func make(
        _ lost: [Derivative], from original: Digest, declared: String?, storing: Bool
    ) async throws -> [Derivative] {
        let declared = declared.flatMap { DigitalSourceType(uri: $0, origin: .contentCredentials) }
        let bytes = try await blobs.contents(of: original).array
        var made: [Derivative] = []
        for derivative in lost {
            let recipe = DerivativeRecipe(recorded: derivative.recipe)
            let picture = try await decoders.inspect(bytes, recipe: recipe, declared: declared)
            let rendition = derivative.role == .thumbnail ? picture.thumbnail : picture.preview
            let digest = storing ? try await blobs.put(rendition.bytes).digest : Digest(of: rendition.bytes)
            made.append(
                Derivative(
                    role: derivative.role,
                    blob: BlobReference(digest: digest, bytes: rendition.bytes.count, mediaType: rendition.format.mediaType),
                    width: rendition.width, height: rendition.height,
                    recipe: digest == derivative.blob.digest ? derivative.recipe : DerivativeRecipe().recorded))
        }
        return made
    }

    /// Completes a record that was rebuilt from a row. The image facts and the sizes of derivatives come from the blobs.
    /// Derivatives without a blob are removed from the record.
    ///
    /// - Parameter now: The time for a new check of the Content Credentials.
    func complete(_ record: inout ArchiveRecord, now: Date) async throws {
        var derivatives: [Derivative] = []
        for var derivative in record.derivatives {
            guard let size = try await blobs.size(of: derivative.blob.digest) else { continue }
            derivative.blob.bytes = size
            derivatives.append(derivative)
        }
        record.derivatives = derivatives
        // An original that was not decoded at first is not decoded now, even if the limits have changed.
        guard record.unread == nil, let original = record.original,
            try await blobs.read([original.digest]).first??.digest == original.digest
        else { return }
        let bytes = try await blobs.contents(of: original.digest).array
        guard let examined = try? await decoders.examine(bytes, checkedAt: now).get() else { return }
        record.picture = ImageFacts(examined.picture, credentials: examined.credentials)
        try await TrustListKeeper(.official).keep(examined.credentials?.latest, now: now) { _ = try await blobs.put($0) }
    }
}
