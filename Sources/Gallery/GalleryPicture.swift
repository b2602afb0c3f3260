internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// One output as the gallery shows it: the paths of its files in the site, and its texts.
///
/// A class, so that successive snapshots of a live gallery share unchanged instances.
final class GalleryPicture: Sendable {
    enum Kind: String, Sendable, Encodable {
        /// A picture that can be displayed.
        case picture
        /// An archived file that is not a readable picture or has no thumbnail.
        case file
        /// A lost output; only its facts remain.
        case unavailable
    }

    /// A file of the site that holds a blob.
    struct Media: Sendable, Hashable {
        /// `thumbs`, `previews` or `originals`.
        let folder: String
        let digest: Digest
        let fileExtension: String
        /// In pixels, after applying the orientation.
        let width: Int
        let height: Int

        /// Relative to the site's root.
        var path: String { "\(folder)/\(digest.hex.prefix(2))/\(digest.hex).\(fileExtension)" }
    }

    let entry: OutputEntry
    /// Identifies the picture in its page's path and in URLs. Contains only lower-case ASCII letters, digits, `_`, `-` and `.`.
    let name: String
    let kind: Kind
    private let copiesOriginals: Bool

    /// - Returns: `nil` for a pending output.
    init?(_ entry: OutputEntry, copiesOriginals: Bool) {
        guard entry.state == .archived || entry.state == .unavailable else { return nil }
        self.entry = entry
        self.copiesOriginals = copiesOriginals
        name = Self.name(of: entry.id)
        kind = entry.state == .unavailable ? .unavailable : entry.thumbnail == nil ? .file : .picture
    }

    // Derived values are computed on demand, because a live gallery keeps every picture in memory.

    var words: VerdictLabel {
        if kind == .unavailable { return entry.original == nil ? .unavailable : .damaged }
        guard let verdict = entry.judgement?.verdict else { return .unjudged }
        let request = entry.request.flatMap { $0.sizeRequest(in: SizeContract.contract(model: $0.model)) }
        return VerdictLabel(verdict, RequestKind(request))
    }

    var thumbnail: Media? { entry.thumbnail.map { Self.media("thumbs", $0) } }
    var preview: Media? { entry.preview.map { Self.media("previews", $0) } }

    /// `nil` if originals are left out.
    var original: Media? {
        guard copiesOriginals, let original = entry.original else { return nil }
        return Media(
            folder: "originals", digest: original.digest, fileExtension: Self.fileExtension(format: original.format),
            width: entry.judgement?.delivered?.width ?? 0, height: entry.judgement?.delivered?.height ?? 0)
    }

    /// The date used for sorting: when the picture was created or, if that is unknown, when it was archived.
    var date: Date? { entry.createdAt ?? entry.endedAt }

    var page: String { "pictures/\(name).html" }

    /// The requested size for display: `16:9 at 2K`; `nil` when no size is recorded.
    var asked: String? {
        guard let size = entry.request?.size, !size.isEmpty else { return nil }
        guard let resolution = entry.request?.resolution, !resolution.isEmpty, size.contains(":") else { return size }
        return "\(size) at \(resolution)"
    }

    /// A title for screen readers: the start of the prompt, or a description of the kind of output.
    var title: String {
        let words = (entry.request?.prompt ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if words.isEmpty {
            return switch kind {
            case .picture: "Picture without a recorded prompt"
            case .file: "\(entry.judgement?.verdict == .unread ? "File" : "Unreadable file") without a recorded prompt"
            case .unavailable: "Unavailable picture without a recorded prompt"
            }
        }
        return words.count <= 140 ? words : words.prefix(139) + "…"
    }

    /// The tile's aspect ratio in hundredths, limited to the ratios in the style sheet. All cards have the same ratio.
    var ratioInHundredths: Int {
        guard kind == .picture, let thumbnail, thumbnail.width > 0, thumbnail.height > 0 else { return 130 }
        let ratio = Double(thumbnail.width) / Double(thumbnail.height)
        return Int((ratio * 100).rounded()).clamped(to: GalleryAssets.ratios)
    }

    /// A one-line description on the card of an output that can't be displayed.
    var cardText: String {
        switch kind {
        case .picture: ""
        case .file:
            entry.original.map { "\(Self.kindOfFile($0.mediaType)), \(NumberFormat.bytes($0.bytes))" } ?? "No file on record"
        case .unavailable: entry.reason ?? "No reason is on record."
        }
    }

    /// The common name of a file format.
    static func kindOfFile(_ mediaType: String) -> String {
        switch mediaType {
        case "image/png": "PNG"
        case "image/jpeg": "JPEG"
        case "image/webp": "WebP"
        case "image/gif": "GIF"
        case "image/avif": "AVIF"
        case "image/heic": "HEIC"
        case "image/jxl": "JPEG XL"
        case "image/svg+xml": "SVG"
        case "application/pdf": "PDF"
        case "text/html": "HTML page"
        case "text/plain": "Text"
        case "application/json": "JSON"
        case MediaType.unknown: "Unknown bytes"
        default: mediaType
        }
    }

    private static func media(_ folder: String, _ rendition: OutputEntry.Rendition) -> Media {
        let kind = rendition.mediaType.split(separator: "/").last.map(String.init)
        return Media(
            folder: folder, digest: rendition.digest, fileExtension: fileExtension(format: kind), width: rendition.width,
            height: rendition.height)
    }

    /// Based on the detected format, not on the upstream's Content-Type: a delivered HTML page must not become a page of this
    /// site.
    private static func fileExtension(format: String?) -> String {
        switch format {
        case "png": "png"
        case "jpeg": "jpg"
        case "webp": "webp"
        default: "bin"
        }
    }

    /// The task's ID if it is valid on every file system, including case-insensitive ones; otherwise a hash of it. Only the
    /// hashed form contains a dot, so the two can't collide.
    private static func name(of id: OutputID) -> String {
        let isPlain = id.task.text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
        }
        if isPlain, id.task.text.utf8.count <= 80 { return "\(id.task)-\(id.index)" }
        return "task.\(Digest(of: id.task.text).hex.prefix(32))-\(id.index)"
    }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
