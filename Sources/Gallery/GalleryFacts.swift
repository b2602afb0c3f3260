internal import ArchiveModel
internal import Foundation

/// The facts of one output as data: an object in the script's data files and in `manifest.json`. It has the keys of
/// ``OutputView`` and those of the site's own files.
///
/// Unknown facts are left out and never `null`. Paths are relative to the site's root.
struct GalleryFacts: Encodable {
    /// A file of the site.
    struct Image: Encodable {
        /// Relative to the site's root. The last component is the SHA-256 of the file's bytes with an extension.
        var path: String
        /// In pixels, after applying the orientation. Absent if the pixel size is unknown.
        var width: Int?
        var height: Int?

        init?(_ media: GalleryPicture.Media?) {
            guard let media else { return nil }
            path = media.path
            width = media.width > 0 ? media.width : nil
            height = media.height > 0 ? media.height : nil
        }
    }

    private let view: OutputView
    private let picture: GalleryPicture
    private let withPage: Bool

    private enum CodingKeys: CodingKey {
        /// The name of the output's page in the site, if it is not ``OutputView/name``: names of pages must be valid on every file
        /// system. It identifies the output in viewer URLs (`index.html#p=NAME`).
        case pageName
        /// The path of the output's own page. In the manifest only; the script derives it from the name.
        case page
        /// One of:
        /// - `picture`;
        /// - `file` for bytes that can't be shown: unreadable pictures, and files that are not decoded here;
        /// - `unavailable` for outputs that were lost before they were archived.
        case kind
        /// A ThumbHash: a blurred placeholder of about 25 bytes, in Base64 (https://evanw.github.io/thumbhash).
        case thumbHash
        /// At most 512 pixels on each side.
        case thumbnail
        /// At most 1280 pixels on each side.
        case preview
        /// The delivered file, byte for byte; absent in a gallery without originals.
        case original
    }

    init(_ picture: GalleryPicture, withPage: Bool = false) {
        self.picture = picture
        self.withPage = withPage
        view = OutputView(picture.entry)
    }

    func encode(to encoder: any Encoder) throws {
        try view.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        if picture.name != view.name { try container.encode(picture.name, forKey: .pageName) }
        if withPage { try container.encode(picture.page, forKey: .page) }
        try container.encode(picture.kind, forKey: .kind)
        if picture.kind == .picture { try container.encodeIfPresent(picture.entry.thumbHash, forKey: .thumbHash) }
        try container.encodeIfPresent(Image(picture.thumbnail), forKey: .thumbnail)
        try container.encodeIfPresent(Image(picture.preview), forKey: .preview)
        try container.encodeIfPresent(Image(picture.original), forKey: .original)
    }
}

/// JSON that is safe inside a script.
enum ScriptJSON {
    /// Encodes `value` and escapes every character that could end a script or a line in it: `<`, `>`, `&`, U+2028 and U+2029.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let plain = [UInt8](try JSONEncoder.archive(pretty: false).encode(value))
        let isRisky = { (byte: UInt8) in byte == 0x3C || byte == 0x3E || byte == 0x26 || byte == 0xE2 }
        guard plain.contains(where: isRisky) else { return plain }
        var safe: [UInt8] = []
        safe.reserveCapacity(plain.count + plain.count / 16)
        var position = 0
        while position < plain.count {
            let byte = plain[position]
            switch byte {
            case UInt8(ascii: "<"): safe += Array("\\u003c".utf8)
            case UInt8(ascii: ">"): safe += Array("\\u003e".utf8)
            case UInt8(ascii: "&"): safe += Array("\\u0026".utf8)
            case 0xE2 where position + 2 < plain.count && plain[position + 1] == 0x80 && plain[position + 2] & 0xFE == 0xA8:
                safe += Array((plain[position + 2] == 0xA8 ? "\\u2028" : "\\u2029").utf8)
                position += 2
            default: safe.append(byte)
            }
            position += 1
        }
        return safe
    }
}
