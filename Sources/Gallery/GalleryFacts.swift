internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// One picture's facts as data: a line of the script's shards and of `manifest.json`. Absent facts are left out.
struct GalleryFacts: Encodable {
    struct Image: Encodable {
        /// Relative to `thumbs/`, `previews/` or `originals/` and the first two digits of the name.
        var file: String
        var width: Int?
        var height: Int?

        init?(_ media: GalleryPicture.Media?) {
            guard let media else { return nil }
            file = media.fileName
            width = media.width > 0 ? media.width : nil
            height = media.height > 0 ? media.height : nil
        }
    }

    var name: String
    var taskId: String
    var index: Int
    var kind: GalleryPicture.Kind
    var verdict: String
    var prompt: String?
    var model: String?
    var asked: String?
    var expected: String?
    var delivered: String?
    var billedTier: String?
    var deliveredTier: String?
    var overpaidMultiplier: Double?
    var ratioError: Double?
    var pixelRatio: Double?
    var nearest: String?
    var bytes: Int?
    var format: String?
    var mediaType: String?
    var sha256: String?
    var created: Date?
    var archived: Date?
    var reason: String?
    var thumbHash: String?
    var thumbnail: Image?
    var preview: Image?
    var original: Image?

    init(_ picture: GalleryPicture) {
        let entry = picture.entry
        name = picture.name
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
