import Foundation
import SizeContract

/// A picture from a folder, delivered unchanged.
struct FolderPicture: Sendable, Hashable {
    let path: String
    let format: PictureFormat
    /// `nil` if the header could not be read.
    let size: PixelSize?

    /// The pictures in a folder, sorted by name and recognized by their first bytes.
    ///
    /// - Throws: ``SimulatorError`` if the folder can't be listed or contains no picture. Unreadable files are skipped.
    static func all(in folder: String) throws(SimulatorError) -> [FolderPicture] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw SimulatorError(.unreadableFolder, path: folder, cause: error)
        }
        let pictures = names.filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap {
            name in
            FolderPicture(path: URL(filePath: folder).appending(path: name).path(percentEncoded: false))
        }
        guard !pictures.isEmpty else { throw SimulatorError(.noPictures, path: folder) }
        return pictures
    }

    private init?(path: String) {
        let target = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        let kind = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
        // Only open regular files, since opening a pipe would wait for a writer.
        guard kind == .typeRegular, let file = FileHandle(forReadingAtPath: target)
        else { return nil }
        defer { try? file.close() }
        // A JPEG's frame header may come after a large EXIF block and a colour profile.
        guard let head = try? file.read(upToCount: 1 << 19), let format = PictureHeader.format(of: head) else { return nil }
        self.path = path
        self.format = format
        size = PictureHeader.size(of: head, format: format)
    }
}
