package import ArchiveModel

/// Provides thumbnails, previews and originals for the gallery.
package protocol GalleryBlobSource: Sendable {
    /// All bytes of a blob.
    func bytes(of digest: Digest) async throws -> [UInt8]

    /// A local file with the blob's contents, which can be copied or linked without loading it into memory.
    ///
    /// - Returns: `nil` if blobs are not local files; ``bytes(of:)`` is used then. This is the default.
    func path(of digest: Digest) async throws -> String?
}

extension GalleryBlobSource {
    package func path(of digest: Digest) async throws -> String? { nil }
}
