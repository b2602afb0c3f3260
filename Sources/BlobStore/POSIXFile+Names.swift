import Foundation
import Glibc

extension POSIXFile {
    /// Adds a hard link to a file, or copies the file if the file system has no hard links.
    /// - Parameter scratch: The folder in which a copy is written first.
    /// - Returns: `false` when the new name is already taken.
    static func link(_ path: StorePath, to newPath: StorePath, copyingIn scratch: StorePath) throws -> Bool {
        if let isNew = try hardLink(path, to: newPath) { return isNew }
        guard try status(newPath) == nil else { return false }
        let source = try openForReading(path)
        let copy = try createClaimed(in: scratch)
        do {
            while case let bytes = try source.read(upTo: 1 << 20), !bytes.isEmpty { try copy.write(bytes) }
            try copy.setMode(mode_t(try source.mode & 0o777))
            try copy.synchronise()
            let isNew = try moveWithoutReplacing(copy.path, to: newPath)
            if !isNew { try remove(copy.path) }
            return isNew
        } catch {
            try? remove(copy.path)
            throw error
        }
    }

    /// Gives a file its final name unless the name is taken. Adds a hard link, or renames the file if the file system has no hard
    /// links. The caller removes the old name in both cases.
    /// - Returns: `false` when the new name is already taken.
    static func publish(_ path: StorePath, as newPath: StorePath) throws -> Bool {
        try hardLink(path, to: newPath) ?? moveWithoutReplacing(path, to: newPath)
    }

    /// - Returns: `false` when the new name is already taken; `nil` when the file system has no hard links.
    private static func hardLink(_ path: StorePath, to newPath: StorePath) throws -> Bool? {
        try withParent(path) { folder, name in
            try withParent(newPath) { newFolder, newName in
                if unsafe linkat(folder, name, newFolder, newName, 0) == 0 { return true }
                switch errno {
                case EEXIST: return false
                // FAT returns EPERM; network and user-space file systems return one of the others.
                case EPERM, EOPNOTSUPP, ENOSYS, EMLINK: return nil
                default: throw BlobStoreError.last("publish", newPath)
                }
            }
        }
    }

    private static func moveWithoutReplacing(_ path: StorePath, to newPath: StorePath) throws -> Bool {
        switch try renameAt2(path, newPath, renameNoReplace) {
        case 0: return true
        case EEXIST: return false
        case EINVAL, ENOSYS, EOPNOTSUPP:
            // The fallback takes two calls, so a lock admits one process at a time.
            let folder = try openFolder(newPath.parent)
            return try withExtendedLifetime(folder) { folder in
                lock(folder)
                guard try status(newPath) == nil else { return false }
                try rename(path, to: newPath)
                return true
            }
        case let number: throw BlobStoreError(number, "publish", newPath)
        }
    }

    private static func lock(_ folder: borrowing Handle) {
        while flock(folder.descriptor, LOCK_EX) != 0 {
            // On a file system without locks, only the check protects against overwriting.
            if errno != EINTR { return }
        }
    }

    /// Renames a file, replacing any file with the new name.
    static func rename(_ path: StorePath, to newPath: StorePath) throws {
        try withParent(path) { folder, name in
            try withParent(newPath) { newFolder, newName in
                guard unsafe renameat(folder, name, newFolder, newName) == 0 else {
                    throw BlobStoreError.last("publish", newPath)
                }
            }
        }
    }

    private typealias RenameAt2 =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32
    /// `renameat2(2)` is in glibc since 2.28, but not in its Swift overlay.
    private static let renameAt2 = unsafe dlsym(nil, "renameat2").map { unsafe unsafeBitCast($0, to: RenameAt2.self) }
    private static let renameNoReplace: UInt32 = 1
    private static let renameExchange: UInt32 = 2

    /// - Returns: The error number; 0 for success.
    private static func renameAt2(_ path: StorePath, _ newPath: StorePath, _ flags: UInt32) throws -> Int32 {
        guard let renameAt2 = unsafe renameAt2 else { return ENOSYS }
        return try withParent(path) { folder, name in
            try withParent(newPath) { newFolder, newName in
                unsafe renameAt2(folder, name, newFolder, newName, flags) == 0 ? 0 : errno
            }
        }
    }

    enum Exchange { case done, nothingThere, unsupported }

    /// Swaps two files atomically.
    static func exchange(_ path: StorePath, with other: StorePath) throws -> Exchange {
        switch try renameAt2(path, other, renameExchange) {
        case 0: .done
        case ENOENT: .nothingThere
        // A file system without this operation, such as NFS.
        case EINVAL, ENOSYS, EOPNOTSUPP: .unsupported
        case let number: throw BlobStoreError(number, "exchange", other)
        }
    }

    static func remove(_ path: StorePath) throws {
        try withParent(path) { folder, name in
            guard unsafe unlinkat(folder, name, 0) == 0 || errno == ENOENT else { throw BlobStoreError.last("remove", path) }
        }
    }

    /// - Returns: `false` when the folder already existed.
    static func makeDirectory(_ path: StorePath, _ permissions: ArchivePermissions) throws -> Bool {
        try withParent(path) { folder, name in
            guard unsafe mkdirat(folder, name, permissions.folder) == 0 else {
                guard errno == EEXIST else { throw BlobStoreError.last("create the folder", path) }
                return false
            }
            let made = try openFolder(path)
            // Override the process's umask, but keep a set-group-ID bit inherited from the parent folder.
            let mode = try made.mode
            if mode & 0o777 != permissions.folder { try made.setMode(permissions.folder | mode & 0o7000) }
            return true
        }
    }
}

extension BlobStoreError {
    fileprivate init(_ number: Int32, _ operation: String, _ path: StorePath) {
        self.init(.system(number), operation, path: "\(path)", detail: unsafe String(cString: strerror(number)))
    }
}
