internal import Foundation
internal import Glibc

/// The files below a site's folder.
///
/// A folder from elsewhere may contain links to other files of the user. So each component below the site's folder is opened
/// without following links, and no existing file is written in place. The folder itself may be reached through a link.
final class SiteFiles: Sendable {
    struct Status {
        /// In bytes.
        var size: Int
        /// Whether it is a regular file.
        var isFile: Bool
    }

    private static let temporaryName = ".fixative-gallery.tmp"
    /// In bytes. The list of a gallery of a million outputs is smaller.
    private static let largestList = 1 << 30
    private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    let root: String
    private let folder: Int32

    /// Opens the folder, and creates it if it is missing.
    init(root: String) throws {
        do { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) } catch {
            throw GalleryError(.notWritable, root, cause: error)
        }
        self.root = root
        folder = unsafe open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("") }
    }

    deinit { if folder >= 0 { _ = Glibc.close(folder) } }

    /// Whether the folder contains nothing but the temporary file of an interrupted export.
    var isEmpty: Bool {
        get throws {
            let names: [String]
            do { names = try FileManager.default.contentsOfDirectory(atPath: root) } catch {
                throw GalleryError(.notWritable, root, cause: error)
            }
            return names.allSatisfy { $0 == Self.temporaryName }
        }
    }

    // MARK: Reading

    /// `nil` when there is nothing at the path.
    /// - Throws: ``GalleryError`` with code `foreignFile` when the path leads through a link or a file.
    func status(_ path: String) throws -> Status? {
        guard let parent = try openParent(of: path) else { return nil }
        defer { _ = Glibc.close(parent) }
        var found = stat()
        guard unsafe fstatat(parent, Self.name(path), &found, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw failure(path)
        }
        return Status(size: Int(found.st_size), isFile: found.st_mode & S_IFMT == S_IFREG)
    }

    /// Reads the list or the journal, which lie directly in the site's folder.
    /// - Returns: `nil` when there is nothing at the path.
    /// - Throws: ``GalleryError`` with code `damagedList` for a link, a pipe or the like, and for a file that can't be read.
    func read(_ name: String) throws -> Data? {
        guard let found = try status(name) else { return nil }
        let full = "\(root)/\(name)"
        guard found.isFile else { throw GalleryError(.damagedList, full, reason: "it is not a regular file") }
        guard found.size <= Self.largestList else { throw GalleryError(.damagedList, full, reason: "it is larger than 1 GiB") }
        // If a pipe has just replaced the file, `openat` would wait for a writer without `O_NONBLOCK`.
        let descriptor = unsafe openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw GalleryError(.damagedList, full, cause: Self.systemError(errno)) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do { return try file.readToEnd() ?? Data() } catch { throw GalleryError(.damagedList, full, cause: error) }
    }

    // MARK: Writing

    /// Creates the temporary file, in place of a leftover one.
    func createTemporary() throws -> FileHandle {
        removeTemporary()
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe openat(folder, Self.temporaryName, flags, 0o644)
        guard descriptor >= 0 else { throw failure(Self.temporaryName) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Unlike `Data.write`, this does not sync every file. Syncing took most of the time of an export of 10,000 pictures.
    func writeTemporary(_ data: Data) throws {
        let file = try createTemporary()
        try file.write(contentsOf: data)
        try file.close()
    }

    /// Copies a file of the archive. Unlike a blob, the copy may be read by everybody, such as a web server.
    func copyTemporary(from source: String) throws {
        let input = try FileHandle(forReadingFrom: URL(filePath: source))
        let output = try createTemporary()
        while let data = try input.read(upToCount: 1 << 20), !data.isEmpty { try output.write(contentsOf: data) }
        _ = fchmod(output.fileDescriptor, 0o644)
        try input.close()
        try output.close()
    }

    /// Makes the temporary file a hard link to a file of the archive. It shares the blob's permissions, which only the archive may
    /// change.
    /// - Returns: `false` when the file system does not support this.
    func linkTemporary(to source: String) -> Bool {
        removeTemporary()
        return unsafe linkat(AT_FDCWD, source, folder, Self.temporaryName, 0) == 0
    }

    func temporarySize() throws -> Int { try status(Self.temporaryName)?.size ?? 0 }

    /// Renames the temporary file. A file or link at the path is replaced, and missing folders are created.
    func publishTemporary(as path: String) throws {
        guard let parent = try openParent(of: path, creating: true) else { throw failure(path, ENOENT) }
        defer { _ = Glibc.close(parent) }
        guard unsafe renameat(folder, Self.temporaryName, parent, Self.name(path)) == 0 else { throw failure(path) }
    }

    // MARK: Deleting

    /// Deletes a regular file.
    /// - Returns: `false` when there is none at the path, or when the path leads through a link.
    func remove(_ path: String) throws -> Bool {
        guard let found = try? status(path), found.isFile, let parent = try openParent(of: path) else { return false }
        defer { _ = Glibc.close(parent) }
        guard unsafe unlinkat(parent, Self.name(path), 0) == 0 else { throw failure(path) }
        return true
    }

    /// Deletes a folder if it is empty.
    func removeEmptyFolder(_ path: String) {
        guard let parent = try? openParent(of: path) else { return }
        defer { _ = Glibc.close(parent) }
        _ = unsafe unlinkat(parent, Self.name(path), AT_REMOVEDIR)
    }

    func removeTemporary() { _ = unsafe unlinkat(folder, Self.temporaryName, 0) }

    // MARK: Opening

    /// Opens the folder that contains a path. The caller closes the descriptor.
    /// - Returns: `nil` when a folder is missing.
    /// - Throws: ``GalleryError`` with code `foreignFile` when a component is a link or a file.
    private func openParent(of path: String, creating: Bool = false) throws -> Int32? {
        var parent = unsafe openat(folder, ".", Self.folderFlags)
        guard parent >= 0 else { throw failure("") }
        var place = ""
        for name in path.split(separator: "/").dropLast().map(String.init) {
            place += place.isEmpty ? name : "/\(name)"
            let next = Self.openFolder(name, in: parent, creating: creating)
            let number = errno
            _ = Glibc.close(parent)
            guard next >= 0 else {
                switch number {
                case ENOENT: return nil
                // A link gives ENOTDIR, because of `O_DIRECTORY`.
                case ENOTDIR, ELOOP: throw GalleryError(.foreignFile, "\(root)/\(place)")
                default: throw failure(place, number)
                }
            }
            parent = next
        }
        return parent
    }

    /// - Returns: A negative number when the folder can't be opened; `errno` says why.
    private static func openFolder(_ name: String, in parent: Int32, creating: Bool) -> Int32 {
        let descriptor = unsafe openat(parent, name, folderFlags)
        guard creating, descriptor < 0, errno == ENOENT else { return descriptor }
        guard unsafe mkdirat(parent, name, 0o777) == 0 || errno == EEXIST else { return -1 }
        return unsafe openat(parent, name, folderFlags)
    }

    /// The last component of a path.
    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }

    /// - Parameter path: Below the site's folder; empty for the folder itself.
    private func failure(_ path: String, _ number: Int32 = errno) -> GalleryError {
        GalleryError(.notWritable, path.isEmpty ? root : "\(root)/\(path)", cause: Self.systemError(number))
    }

    private static func systemError(_ number: Int32) -> any Error { POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO) }
}
