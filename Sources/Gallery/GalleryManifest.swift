internal import ArchiveModel
internal import Foundation

/// `manifest.json`: the facts of every picture, for programs.
///
/// `{"format":"fixative.gallery-manifest/2","title":...,"pictures":[...]}`, newest first. Each picture has the members of
/// ``GalleryFacts``. The format's number changes when a member is removed or changes its meaning, but not when one is added.
enum GalleryManifest {
    static func bytes(title: String, pictures: [GalleryPicture]) throws -> [UInt8] {
        let parts = Parts(title: title, pictures: pictures)
        return try (0..<parts.count).reduce(into: []) { $0 += try parts.part($1) }
    }

    /// The manifest in pieces, so that it need not be in memory as a whole.
    struct Parts: Sendable {
        private static let size = 500

        let title: String
        let pictures: [GalleryPicture]

        /// At least 1.
        var count: Int { max(1, (pictures.count + Self.size - 1) / Self.size) }

        func part(_ number: Int) throws -> [UInt8] {
            var json: [UInt8] = []
            if number == 0 {
                json += Array("{\"format\":\"fixative.gallery-manifest/2\",\"title\":".utf8)
                json += try ScriptJSON.encode(title) + Array(",\"pictures\":[".utf8)
            } else {
                json.append(UInt8(ascii: ","))
            }
            let start = number * Self.size
            json += try lines(pictures[start..<min(start + Self.size, pictures.count)], withPages: true)
            if number == count - 1 { json += Array("]}\n".utf8) }
            return json
        }
    }

    /// Puts each picture on its own line, so that line-based tools can compare two manifests.
    static func lines(_ pictures: some Sequence<GalleryPicture>, withPages: Bool = false) throws -> [UInt8] {
        var json: [UInt8] = []
        for picture in pictures {
            json += json.isEmpty ? [UInt8(ascii: "\n")] : Array(",\n".utf8)
            json += try ScriptJSON.encode(GalleryFacts(picture, withPage: withPages))
        }
        return json
    }
}
