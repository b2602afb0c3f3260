import Foundation
import SizeContract

/// A picture that is served through from a folder.
struct FolderPicture: Sendable, Hashable {
    let path: String
    let format: PictureFormat
    /// `nil` when the header doesn't tell.
    let size: PixelSize?

    /// The pictures of a folder in the order of their names, told from other files by their first bytes.
    ///
    /// - Throws: ``SimulatorError`` for a folder that can't be listed or holds no picture. Files that can't be read are passed over.
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
        // Opening a pipe would wait for a writer, so only a regular file is opened at all.
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
