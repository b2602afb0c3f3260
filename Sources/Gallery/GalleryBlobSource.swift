package import ArchiveModel

/// Where the gallery gets thumbnails, previews and originals from.
package protocol GalleryBlobSource: Sendable {
    /// All bytes of a blob.
    func bytes(of digest: Digest) async throws -> [UInt8]

    /// A local file that holds the blob, to be copied or linked without passing through memory.
    ///
    /// - Returns: `nil` where blobs are no local files; then ``bytes(of:)`` is asked. That is the default.
    func path(of digest: Digest) async throws -> String?
}

extension GalleryBlobSource {
    package func path(of digest: Digest) async throws -> String? { nil }
}
