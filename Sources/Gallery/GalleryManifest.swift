internal import ArchiveModel
internal import Foundation

/// `manifest.json`: every picture's facts, for programs.
///
/// `{"format":"fixative.gallery-manifest/1","title":...,"pictures":[...]}`, newest first; the members of a picture are those of
/// ``GalleryFacts``, absent facts left out. A file's path is its folder (`thumbs`, `previews`, `originals`), the first two digits of
/// its name, and its name.
enum GalleryManifest {
    static func bytes(title: String, pictures: [GalleryPicture]) throws -> [UInt8] {
        var json = Array("{\"format\":\"fixative.gallery-manifest/1\",\"title\":".utf8)
        json += try ScriptJSON.encode(title) + Array(",\"pictures\":[".utf8)
        json += try lines(pictures) + Array("]}\n".utf8)
        return json
    }

    /// One picture a line, so that two manifests can be compared with line tools.
    static func lines(_ pictures: some Sequence<GalleryPicture>) throws -> [UInt8] {
        var json: [UInt8] = []
        for picture in pictures {
            json += json.isEmpty ? [UInt8(ascii: "\n")] : Array(",\n".utf8)
            json += try ScriptJSON.encode(GalleryFacts(picture))
        }
        return json
    }
}
