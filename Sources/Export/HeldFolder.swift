internal import Foundation
internal import Glibc

/// An open folder. Files below it are created and deleted relative to its descriptor, so nothing outside of it is changed, even if
/// a link or another folder takes its path.
final class HeldFolder {
    private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    let path: String
    private let descriptor: Int32

    /// Opens a folder, and creates it if it is missing, with its parent folders.
    /// - Throws: ``ExportError`` with code `foreignFolder` for a link or a file, which is not followed or changed.
    init(path: String) throws {
        self.path = path
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            let parent = String(path[..<slash])
            do { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) } catch {
                throw ExportError(.notWritable, parent, cause: error)
            }
        }
        guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw ExportError(.notWritable, path, cause: Self.systemError(errno))
        }
        descriptor = unsafe open(path, Self.folderFlags)
        guard descriptor >= 0 else {
            let number = errno
            // A link gives ENOTDIR, because of `O_DIRECTORY`.
            let isForeign = number == ENOTDIR || number == ELOOP
            throw ExportError(isForeign ? .foreignFolder : .notWritable, path, cause: Self.systemError(number))
        }
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    /// Locks the folder until this object is destroyed.
    /// - Returns: `false` when another process has locked it.
    func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// The names in the folder.
    func names() throws -> [String] { try Self.list(descriptor, path) }

    /// Whether there is a regular file with this name.
    func hasFile(_ name: String) -> Bool {
        var found = stat()
        return unsafe fstatat(descriptor, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && found.st_mode & S_IFMT == S_IFREG
    }

    /// Whether the folder still has its path.
    var isInPlace: Bool {
        var (own, named) = (stat(), stat())
        guard unsafe fstat(descriptor, &own) == 0, unsafe lstat(path, &named) == 0 else { return false }
        return own.st_dev == named.st_dev && own.st_ino == named.st_ino
    }

    // MARK: Files

    /// Creates a file for writing. Its folder must exist, and its name must be free.
    func create(_ file: String) throws -> FileHandle {
        try handle(file, unsafe openat(descriptor, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644))
    }

    func read(_ file: String) throws -> FileHandle {
        try handle(file, unsafe openat(descriptor, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC))
    }

    private func handle(_ file: String, _ opened: Int32) throws -> FileHandle {
        guard opened >= 0 else { throw failure(file) }
        return FileHandle(fileDescriptor: opened, closeOnDealloc: true)
    }

    /// Adds a hard link to a file that is elsewhere.
    /// - Returns: `false` when the file system does not support this.
    func link(_ source: String, to file: String) -> Bool { unsafe linkat(AT_FDCWD, source, descriptor, file, 0) == 0 }

    /// Creates a folder, with its parent folders below this one.
    func makeFolder(_ folder: String) throws {
        var made = ""
        for name in folder.split(separator: "/") {
            made += made.isEmpty ? String(name) : "/\(name)"
            guard unsafe mkdirat(descriptor, made, 0o777) == 0 || errno == EEXIST else { throw failure(made) }
        }
    }

    // MARK: Deleting

    /// Deletes a file, a link, or a folder with its contents. Does nothing when the name is free.
    func remove(_ name: String) throws { try Self.delete(name, in: descriptor, path) }

    /// Deletes the folder with its contents.
    func removeAll() throws {
        for name in try names() { try remove(name) }
        // Without effect if something else has taken the path.
        if isInPlace { _ = unsafe rmdir(path) }
    }

    /// Makes the names in the folder durable.
    func synchronise() throws {
        guard fsync(descriptor) == 0 else { throw failure("") }
    }

    private static func delete(_ name: String, in folder: Int32, _ path: String) throws {
        let place = "\(path)/\(name)"
        if unsafe unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw ExportError(.notWritable, place, cause: systemError(errno)) }
        let inner = unsafe openat(folder, name, folderFlags)
        guard inner >= 0 else { throw ExportError(.notWritable, place, cause: systemError(errno)) }
        defer { _ = Glibc.close(inner) }
        for child in try list(inner, place) { try delete(child, in: inner, place) }
        guard unsafe unlinkat(folder, name, AT_REMOVEDIR) == 0 else {
            throw ExportError(.notWritable, place, cause: systemError(errno))
        }
    }

    private static func list(_ folder: Int32, _ path: String) throws -> [String] {
        // The stream closes its descriptor, and moves its position.
        let copy = unsafe openat(folder, ".", folderFlags)
        guard copy >= 0 else { throw ExportError(.notWritable, path, cause: systemError(errno)) }
        guard let stream = unsafe fdopendir(copy) else {
            let number = errno
            _ = Glibc.close(copy)
            throw ExportError(.notWritable, path, cause: systemError(number))
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw ExportError(.notWritable, path, cause: systemError(errno)) }
                return names
            }
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            // The entry may be shorter than its Swift type, so read the name in place.
            let text = unsafe (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            let name = unsafe String(cString: text)
            if name != ".", name != ".." { names.append(name) }
        }
    }

    private func failure(_ file: String) -> ExportError {
        ExportError(.notWritable, file.isEmpty ? path : "\(path)/\(file)", cause: Self.systemError(errno))
    }

    private static func systemError(_ number: Int32) -> any Error { POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO) }
}
