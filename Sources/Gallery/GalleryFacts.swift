internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// One output's facts as data: an object of the script's shards and of `manifest.json`.
///
/// Absent facts are left out, none is ever `null`. Sizes in pixels are texts such as `1672x941`, width first; dates are ISO 8601 in UTC; paths are
/// relative to the site's root.
struct GalleryFacts: Encodable {
    /// A file of the site.
    struct Image: Encodable {
        /// Relative to the site's root. Its last part is the SHA-256 of the file's bytes, and an extension.
        var path: String
        /// In pixels, upright. Absent where nothing is known of the file as a picture.
        var width: Int?
        var height: Int?

        init?(_ media: GalleryPicture.Media?) {
            guard let media else { return nil }
            path = media.path
            width = media.width > 0 ? media.width : nil
            height = media.height > 0 ? media.height : nil
        }
    }

    /// Unique in the site: names the output's page, and its place in the address of the viewer (`index.html#p=NAME`).
    var name: String
    /// The output's own page. In the manifest only: the script makes it from ``name``.
    var page: String?
    /// The upstream's name for the task.
    var taskId: String
    /// Which of the task's results it is, from 0.
    var index: Int
    /// `picture`; `file` for what is not shown: bytes that are no readable picture, and files that are not decoded here; `unavailable` for what was lost before it was archived.
    var kind: GalleryPicture.Kind
    /// `exact`, `transposed`, `resized`, `reshaped`, `undersized`, `oversized`, `accepted`, `unrequested`, `undecodable`, `unread`, or
    /// else `unjudged` or `unavailable`.
    var verdict: String
    /// What was asked for, as it was written.
    var prompt: String?
    var model: String?
    /// The size asked for, as it was written: `16:9 at 4K`, `1024x1024`, `auto`.
    var asked: String?
    /// The pixels that the request promises.
    var expected: String?
    /// The pixels that came.
    var delivered: String?
    /// The price class that was billed: `1K`, `2K` or `4K`.
    var billedTier: String?
    /// The price class of the pixels that came.
    var deliveredTier: String?
    /// What was billed above what came, in prices of a 1K picture, to one decimal.
    var overpaidMultiplier: Double?
    /// How far the delivered ratio of width to height is from the expected one: 0.01 is one per cent.
    var ratioError: Double?
    /// Delivered pixels over expected pixels.
    var pixelRatio: Double?
    /// The size of the model's table that comes nearest, where none is on record: `16:9 at 1K`.
    var nearest: String?
    /// Of the original.
    var bytes: Int?
    /// Of the original: `png`, `jpeg`, `webp` or what else it is; absent for what is no picture.
    var format: String?
    /// Of the original, by its content.
    var mediaType: String?
    /// Of the original, 64 lower-case hexadecimal digits: also its name in the archive.
    var sha256: String?
    /// When the task was created.
    var created: Date?
    /// When the original was archived, or the output given up.
    var archived: Date?
    /// Why there is no picture.
    var reason: String?
    /// A blurred likeness of 25 bytes or so in Base64: https://evanw.github.io/thumbhash.
    var thumbHash: String?
    /// At most 512 pixels a side.
    var thumbnail: Image?
    /// At most 1280 pixels a side.
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

/// JSON that may stand in a script.
enum ScriptJSON {
    /// `value` with every character escaped that could end a script or a line in it: `<`, `>`, `&`, U+2028 and U+2029.
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
