internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// One output as the gallery shows it: where its files lie in the site, and what is said of it.
///
/// An object, so that successive states of a live gallery share those that stay as they are.
final class GalleryPicture: Sendable {
    enum Kind: String, Sendable, Encodable {
        /// It can be shown.
        case picture
        /// Archived bytes that are no readable picture, or one without a thumbnail.
        case file
        /// Lost; only its facts are left.
        case unavailable
    }

    /// A file of the site that holds a blob.
    struct Media: Sendable, Hashable {
        /// `thumbs`, `previews` or `originals`.
        let folder: String
        let digest: Digest
        let fileExtension: String
        /// In pixels, upright.
        let width: Int
        let height: Int

        /// Relative to the site's root.
        var path: String { "\(folder)/\(digest.hex.prefix(2))/\(digest.hex).\(fileExtension)" }
    }

    let entry: OutputEntry
    /// Names the picture's page and its place in addresses: lower-case ASCII letters, digits, `_`, `-` and `.`.
    let name: String
    let kind: Kind
    private let copiesOriginals: Bool

    /// - Returns: `nil` for an output that is still on its way.
    init?(_ entry: OutputEntry, copiesOriginals: Bool) {
        guard entry.state == .archived || entry.state == .unavailable else { return nil }
        self.entry = entry
        self.copiesOriginals = copiesOriginals
        name = Self.name(of: entry.id)
        kind = entry.state == .unavailable ? .unavailable : entry.thumbnail == nil ? .file : .picture
    }

    // What follows from the entry is made when asked for: a live gallery keeps every picture.

    var words: VerdictWords {
        if kind == .unavailable { return .unavailable }
        return entry.judgement.map { VerdictWords($0.verdict) } ?? .unjudged
    }

    var thumbnail: Media? { entry.thumbnail.map { Self.media("thumbs", $0) } }
    var preview: Media? { entry.preview.map { Self.media("previews", $0) } }

    /// `nil` where originals are left out.
    var original: Media? {
        guard copiesOriginals, let original = entry.original else { return nil }
        return Media(
            folder: "originals", digest: original.digest, fileExtension: Self.fileExtension(format: original.format),
            width: entry.judgement?.delivered?.width ?? 0, height: entry.judgement?.delivered?.height ?? 0)
    }

    /// The moment that sorts it: when it was made, or else when it was archived.
    var date: Date? { entry.createdAt ?? entry.endedAt }

    var page: String { "pictures/\(name).html" }

    /// What was asked, as somebody would say it: `16:9 at 2K`; `nil` when no size is on record.
    var asked: String? {
        guard let size = entry.request?.size, !size.isEmpty else { return nil }
        guard let resolution = entry.request?.resolution, !resolution.isEmpty, size.contains(":") else { return size }
        return "\(size) at \(resolution)"
    }

    /// A name for a screen reader: the start of the prompt, or else what kind of thing it is.
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

    /// Width over height of the tile, in hundredths, within what the style sheet has a rule for. Cards have one shape.
    var ratioInHundredths: Int {
        guard kind == .picture, let thumbnail, thumbnail.width > 0, thumbnail.height > 0 else { return 130 }
        let ratio = Double(thumbnail.width) / Double(thumbnail.height)
        return Int((ratio * 100).rounded()).clamped(to: GalleryAssets.ratios)
    }

    /// One line for the card of something that cannot be shown.
    var cardText: String {
        switch kind {
        case .picture: ""
        case .file: entry.original.map { "\(Self.kindOfFile($0.mediaType)), \(Wording.bytes($0.bytes))" } ?? "No file on record"
        case .unavailable: entry.reason ?? "No reason is on record."
        }
    }

    /// A file kind as people call it.
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
        case "application/octet-stream": "Unknown bytes"
        default: mediaType
        }
    }

    private static func media(_ folder: String, _ rendition: OutputEntry.Rendition) -> Media {
        let kind = rendition.mediaType.split(separator: "/").last.map(String.init)
        return Media(
            folder: folder, digest: rendition.digest, fileExtension: fileExtension(format: kind), width: rendition.width,
            height: rendition.height)
    }

    /// By content, never by what the upstream said: a delivered HTML page must not become a page of this site.
    private static func fileExtension(format: String?) -> String {
        switch format {
        case "png": "png"
        case "jpeg": "jpg"
        case "webp": "webp"
        default: "bin"
        }
    }

    /// The task's own id where every file system can hold it, also those that fold case, and a hash of it elsewhere. The dot of the
    /// hashed form keeps the two apart.
    private static func name(of id: OutputID) -> String {
        let isPlain = id.task.text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
        }
        if isPlain, id.task.text.utf8.count <= 80 { return "\(id.task)-\(id.index)" }
        return "task.\(Digest(of: Array(id.task.text.utf8)).hex.prefix(32))-\(id.index)"
    }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
