internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// The facts of one output as data: an object in the script's data files and in `manifest.json`.
///
/// Unknown facts are left out and never `null`. Pixel sizes are strings such as `1672x941`, width first. Dates are ISO 8601 in
/// UTC. Paths are relative to the site's root.
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

    /// Unique in the site. It names the output's page and identifies it in viewer URLs (`index.html#p=NAME`).
    var name: String
    /// The path of the output's own page. In the manifest only; the script derives it from ``name``.
    var page: String?
    /// The upstream's task ID.
    var taskId: String
    /// The output's index within its task, from 0.
    var index: Int
    /// One of:
    /// - `picture`;
    /// - `file` for bytes that can't be shown: unreadable pictures, and files that are not decoded here;
    /// - `unavailable` for outputs that were lost before they were archived.
    var kind: GalleryPicture.Kind
    /// A verdict: `exact`, `transposed`, `resized`, `reshaped`, `undersized`, `oversized`, `accepted`, `unrequested`,
    /// `undecodable` or `unread`; otherwise `unjudged` or `unavailable`.
    var verdict: String
    /// The prompt, unchanged.
    var prompt: String?
    var model: String?
    /// The requested size in its original form: `16:9 at 4K`, `1024x1024`, `auto`.
    var asked: String?
    /// The pixel size that the request promises.
    var expected: String?
    /// The delivered pixel size.
    var delivered: String?
    /// The billed price class: `1K`, `2K` or `4K`.
    var billedTier: String?
    /// The price class of the delivered pixels.
    var deliveredTier: String?
    /// The overpayment in prices of a 1K picture, to one decimal.
    var overpaidMultiplier: Double?
    /// The relative difference between the delivered and the expected aspect ratio: 0.01 is one per cent.
    var ratioError: Double?
    /// Delivered pixels divided by expected pixels.
    var pixelRatio: Double?
    /// The nearest size in the model's table, if no requested size is recorded: `16:9 at 1K`.
    var nearest: String?
    /// The size of the original in bytes.
    var bytes: Int?
    /// The format of the original: `png`, `jpeg`, `webp` or another one; absent if it is not a picture.
    var format: String?
    /// The media type of the original, detected from its contents.
    var mediaType: String?
    /// The SHA-256 of the original, 64 lower-case hexadecimal digits; also its name in the archive.
    var sha256: String?
    /// When the task was created.
    var created: Date?
    /// When the original was archived or the output was given up.
    var archived: Date?
    /// Why there is no picture.
    var reason: String?
    /// A ThumbHash: a blurred placeholder of about 25 bytes, in Base64 (https://evanw.github.io/thumbhash).
    var thumbHash: String?
    /// At most 512 pixels on each side.
    var thumbnail: Image?
    /// At most 1280 pixels on each side.
    var preview: Image?
    /// The delivered file, byte for byte; absent in a gallery without originals.
    var original: Image?

    init(_ picture: GalleryPicture, withPage: Bool = false) {
        let entry = picture.entry
        name = picture.name
        page = withPage ? picture.page : nil
        taskId = entry.id.task.text
        index = entry.id.index
        kind = picture.kind
        verdict = picture.words.id
        prompt = entry.request?.prompt
        model = entry.request?.model
        asked = picture.asked
        expected = entry.judgement?.expected?.description
        delivered = entry.judgement?.delivered?.description
        billedTier = entry.judgement?.billedTier?.rawValue
        deliveredTier = entry.judgement?.deliveredTier?.rawValue
        overpaidMultiplier = entry.judgement?.overpaid.map { Double($0.tenths) / 10 }
        ratioError = entry.judgement?.ratioError
        pixelRatio = entry.judgement?.pixelRatio
        nearest = entry.judgement?.nearestCell.map { "\($0.ratio) at \($0.tier)" }
        bytes = entry.original?.bytes
        format = entry.original?.format
        mediaType = entry.original?.mediaType
        sha256 = entry.original?.digest.hex
        created = entry.createdAt
        archived = entry.endedAt
        reason = entry.reason
        thumbHash = picture.kind == .picture ? entry.thumbHash : nil
        thumbnail = Image(picture.thumbnail)
        preview = Image(picture.preview)
        original = Image(picture.original)
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
