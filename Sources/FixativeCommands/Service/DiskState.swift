import Foundation
import SystemPackage

/// Checks whether a disk accepts writes.
enum DiskState {
    /// Bytes needed by an empty archive with its catalog.
    private static let room = 512 << 10

    /// Whether the disk of an existing or future archive is full, read-only or broken.
    static func isUnwritable(near path: String) -> Bool {
        var folder = URL(filePath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
        let file = folder.appending(path: ".fixative-room-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(file), .writeOnly, options: [.create, .exclusiveCreate, .noFollow], permissions: .ownerReadWrite)
            try descriptor.closeAfter { _ = try descriptor.writeAll([UInt8](repeating: 0, count: room)) }
            return false
        } catch {
            return [.noSpace, .readOnlyFileSystem, .diskQuotaExceeded, .ioError].contains(error as? Errno)
        }
    }
}
