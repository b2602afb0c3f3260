package import ArchiveModel
package import Foundation

/// Provides the outputs that a live gallery shows.
package protocol GallerySource: Sendable {
    func fingerprint() async throws -> CatalogFingerprint

    /// The archived and unavailable outputs of one day of the fingerprint.
    func entries(of day: Date) async throws -> [OutputEntry]

    /// - Returns: `nil` when nothing is pending.
    func waiting(asOf now: Date) async throws -> WaitingList?
}

/// One file of a live gallery.
package struct GalleryFile: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// A number of pieces, generated one after the other because together they would be large.
        case pieces(Int, @Sendable (Int) throws -> [UInt8])
        /// A blob of the archive.
        case blob(Digest)
    }

    /// With its parameters: `text/html; charset=utf-8`. Empty for blobs, whose type is detected from their bytes.
    package var mediaType = ""
    package var body: Body
    /// A tag that changes when the bytes change; `nil` for blobs.
    package var tag: String?
    /// Whether the name identifies the contents, so that the file never changes.
    package var isImmutable = false

    init(_ path: String, _ bytes: [UInt8], isImmutable: Bool = false) {
        mediaType = Self.mediaType(path)
        body = .bytes(bytes)
        tag = String(Digest(of: bytes).hex.prefix(32))
        self.isImmutable = isImmutable
    }

    init(_ path: String, tag: String, pieces: Int, _ piece: @escaping @Sendable (Int) throws -> [UInt8]) {
        mediaType = Self.mediaType(path)
        body = .pieces(pieces, piece)
        self.tag = tag
    }

    init(blob: Digest) {
        body = .blob(blob)
        isImmutable = true
    }

    private static func mediaType(_ path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "xml": "application/atom+xml; charset=utf-8"
        default: "text/plain; charset=utf-8"
        }
    }
}
