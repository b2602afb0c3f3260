import ArchiveModel
import BlobStore
import Foundation
import ImageCodecs
import Imaging
import WorkLanes

/// Makes thumbnails and previews again from their originals.
struct DerivativeMaker {
    let blobs: any BlobUpkeep

    private static let lane = WorkLane(name: "derivatives", width: 1)

    /// Makes derivatives by the recipes in their records; by today's where a recipe can't be read any more.
    ///
    /// - Parameter storing: Whether they are stored; else only told.
    /// - Throws: `CodecError` when the original is no whole picture.
    func make(_ lost: [ArchiveModel.Derivative], from original: Digest, storing: Bool) async throws -> [ArchiveModel.Derivative] {
        let bytes = try await blobs.contents(of: original)
        var made: [ArchiveModel.Derivative] = []
        for derivative in lost {
            let recipe = Self.recipe(derivative.recipe)
            let picture = try await Self.lane.run {
                try bytes.withSpan { try PictureInspector.inspect($0, recipe: recipe) }
            }
            let rendition = derivative.role == .thumbnail ? picture.thumbnail : picture.preview
            let digest: Digest
            if storing {
                digest = try await blobs.put(rendition.bytes).digest
            } else {
                var hash = ContentHash()
                hash.update(rendition.bytes)
                digest = hash.digest()
            }
            made.append(
                ArchiveModel.Derivative(
                    role: derivative.role,
                    blob: BlobReference(digest: digest, bytes: rendition.bytes.count, mediaType: rendition.format.mediaType),
                    width: rendition.width, height: rendition.height,
                    recipe: digest == derivative.blob.digest ? derivative.recipe : Self.json(DerivativeRecipe())))
        }
        return made
    }

    private static func recipe(_ json: JSONValue) -> DerivativeRecipe {
        let data = try? JSONEncoder().encode(json)
        return data.flatMap { try? JSONDecoder().decode(DerivativeRecipe.self, from: $0) } ?? DerivativeRecipe()
    }

    private static func json(_ recipe: DerivativeRecipe) -> JSONValue {
        let data = (try? JSONEncoder().encode(recipe)) ?? Data()
        return (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .object(["version": .integer(Int64(recipe.version))])
    }
}
