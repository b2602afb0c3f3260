import Foundation
import GRDB

/// A temporary copy of a catalog whose disk can't be written to. It is deleted with this object.
final class CatalogCopy: Sendable {
    let path: String
    private let folder: URL

    /// - Throws: ``CatalogError`` with code `noRoom` when the copy can't be written to any temporary folder.
    init(of original: String) throws {
        var reason = ""
        for place in [FileManager.default.temporaryDirectory.path(percentEncoded: false), "/dev/shm"] {
            let folder = URL(filePath: place).appending(path: "fixative-catalog-\(UUID().uuidString.lowercased())")
            do {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                let copy = folder.appending(path: "catalog.sqlite").path(percentEncoded: false)
                // The write-ahead log holds the latest commits. SQLite rebuilds the log's index.
                for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: original + suffix) {
                    try Self.copy(original + suffix, to: copy + suffix)
                }
                (self.folder, path) = (folder, copy)
                return
            } catch {
                reason = "\(error)"
                try? FileManager.default.removeItem(at: folder)
            }
        }
        throw CatalogError(
            .noRoom, original, detail: "its disk is not writable, and no temporary folder can hold a copy for reading: \(reason)")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func copy(_ path: String, to target: String) throws {
        guard let source = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileReadNoPermission) }
        guard FileManager.default.createFile(atPath: target, contents: nil, attributes: [.posixPermissions: 0o600]),
            let copy = FileHandle(forWritingAtPath: target)
        else { throw CocoaError(.fileWriteNoPermission) }
        while let piece = try source.read(upToCount: 4 << 20), !piece.isEmpty { try copy.write(contentsOf: piece) }
        try copy.close()
        try source.close()
    }
}

extension SQLiteCatalog {
    /// Opens a catalog for reading. If its disk is full or read-only, opens a copy, because SQLite has to write before it can
    /// read.
    package static func reading(path: String) throws -> SQLiteCatalog {
        do {
            return try SQLiteCatalog(path: path)
        } catch let error as CatalogError where error.code == .noRoom {
            return try copied(path: path)
        }
    }

    /// Opens a copy of a catalog. Writes to the copy are lost when it is closed.
    package static func copied(path: String) throws -> SQLiteCatalog {
        let copy = try CatalogCopy(of: path)
        return try SQLiteCatalog(path: copy.path, copy: copy)
    }
}

extension DatabaseError {
    /// Whether the disk can't be written to: it is full or read-only, or the file belongs to another user.
    var tellsOfNoRoom: Bool {
        switch resultCode {
        case .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: true
        case .SQLITE_IOERR:
            [
                .SQLITE_IOERR_WRITE, .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC, .SQLITE_IOERR_TRUNCATE, .SQLITE_IOERR_DELETE,
                .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_SHMMAP, .SQLITE_IOERR_LOCK,
            ].contains(extendedResultCode)
        default: false
        }
    }
}
