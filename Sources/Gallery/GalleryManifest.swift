internal import ArchiveModel
internal import Foundation

/// `manifest.json`: every picture's facts, for programs.
///
/// `{"format":"fixative.gallery-manifest/1","title":...,"pictures":[...]}`, newest first; the members of a picture are those of
/// ``GalleryFacts``. The format's number changes when a member goes or changes its meaning, not when one is added.
enum GalleryManifest {
    static func bytes(title: String, pictures: [GalleryPicture]) throws -> [UInt8] {
        var json = Array("{\"format\":\"fixative.gallery-manifest/1\",\"title\":".utf8)
        json += try ScriptJSON.encode(title) + Array(",\"pictures\":[".utf8)
        json += try lines(pictures, withPages: true) + Array("]}\n".utf8)
        return json
    }

    /// One picture a line, so that two manifests can be compared with line tools.
    static func lines(_ pictures: some Sequence<GalleryPicture>, withPages: Bool = false) throws -> [UInt8] {
        var json: [UInt8] = []
        for picture in pictures {
            json += json.isEmpty ? [UInt8(ascii: "\n")] : Array(",\n".utf8)
            json += try ScriptJSON.encode(GalleryFacts(picture, withPage: withPages))
        }
        return json
    }
}
