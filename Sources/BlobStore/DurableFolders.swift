import Synchronization

/// Makes folders whose names survive a power cut, and remembers which ones do, so that each costs one fsync a process.
final class DurableFolders: Sendable {
    private let known: Mutex<Set<StorePath>> = Mutex([])
    private let permissions: ArchivePermissions

    init(_ permissions: ArchivePermissions) { self.permissions = permissions }

    /// Makes `root`/`parts[0]`/`parts[1]`/… durable, where `root` is so already.
    /// - Returns: The path of the innermost folder.
    func make(_ parts: [String], under root: StorePath) throws -> StorePath {
        var path = root
        for part in parts {
            let parent = path
            path = path / part
            guard !known.withLock({ $0.contains(path) }) else { continue }
            // A folder that is already there may have been made by a process that died before its fsync.
            _ = try POSIXFile.makeDirectory(path, permissions)
            try POSIXFile.synchroniseDirectory(parent)
            known.withLock { _ = $0.insert(path) }
        }
        return path
    }
}
