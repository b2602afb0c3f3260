internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// `feed.xml`: the newest pictures as an Atom feed (RFC 4287).
///
/// IDs are derived from the output's ID and the gallery's identity, which never change. So readers recognize an entry even after
/// the site has moved. Links are absolute when the site's URL is known. Otherwise they are relative; the format allows this, and
/// readers resolve them against the feed's URL.
struct GalleryFeed {
    static let path = "feed.xml"
    private static let length = 50
    /// Atom requires dates (RFC 4287, 4.1.1 and 4.1.2). An unknown date is replaced by a constant, because the time of the export
    /// would change the file on every run.
    private static let unknownDate = Date(timeIntervalSince1970: 0)

    let title: String
    let baseURL: String?
    let identity: String
    /// Newest first.
    let pictures: [GalleryPicture]

    var context: [String: Any] {
        let shown = pictures.lazy.filter { $0.kind == .picture }.prefix(Self.length)
        let updated = shown.map(Self.updated).max() ?? Self.unknownDate
        var context: [String: Any] = [
            "id": Self.uuid(of: "gallery \(identity)"), "title": Self.text(title.isEmpty ? "Gallery" : title),
            "updated": updated.iso8601, "home": address("index.html"), "entries": Array(shown.map(entry)),
        ]
        if baseURL != nil { context["self"] = address(Self.path) }
        return context
    }

    private func entry(_ picture: GalleryPicture) -> [String: Any] {
        var context: [String: Any] = [
            "id": Self.uuid(of: "output \(picture.entry.id.task) \(picture.entry.id.index)"), "title": Self.text(picture.title),
            "updated": Self.updated(picture).iso8601, "page": address(picture.page), "verdict": picture.words.id,
            "label": picture.words.label, "explanation": picture.words.explanation,
        ]
        context["published"] = picture.entry.createdAt?.iso8601
        context["prompt"] = picture.entry.request?.prompt.flatMap { $0.isEmpty ? nil : Self.text($0) }
        context["sizes"] = [
            picture.asked.map { "Requested \(Self.text($0))" }, picture.entry.judgement?.delivered.map { "delivered \($0)" },
        ]
        .compactMap { $0 }.joined(separator: ", ")
        if let image = picture.preview ?? picture.thumbnail {
            context["image"] =
                ["href": address(image.path), "width": image.width, "height": image.height] as [String: Any]
        }
        if let original = picture.original, let facts = picture.entry.original {
            context["enclosure"] =
                ["href": address(original.path), "type": facts.mediaType, "bytes": facts.bytes] as [String: Any]
        }
        return context
    }

    private static func updated(_ picture: GalleryPicture) -> Date {
        picture.entry.endedAt ?? picture.entry.createdAt ?? unknownDate
    }

    private func address(_ path: String) -> String {
        guard let baseURL else { return path }
        return baseURL.hasSuffix("/") ? baseURL + path : "\(baseURL)/\(path)"
    }

    /// A UUID of version 8 (RFC 9562, 5.8) from a hash of `name`.
    private static func uuid(of name: String) -> String {
        var digits = Array(Digest(of: "fixative \(name)").hex.utf8.prefix(32))
        digits[12] = UInt8(ascii: "8")
        digits[16] = [UInt8(ascii: "8"), UInt8(ascii: "9"), UInt8(ascii: "a"), UInt8(ascii: "b")][Int(digits[16] & 3)]
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
        return "urn:uuid:" + parts.joined(separator: "-")
    }

    /// Replaces U+FFFE and U+FFFF, which XML 1.0 forbids. Control characters are replaced by `SafeHTML`.
    private static func text(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value & 0xFFFE == 0xFFFE && $0.value <= 0xFFFF ? "\u{FFFD}" : $0 }))
    }
}
