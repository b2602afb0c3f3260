import Synchronization

/// Creates folders durably. It remembers which folders are durable, so that each costs one fsync per process.
final class DurableFolders: Sendable {
    private let known: Mutex<Set<StorePath>> = Mutex([])
    private let permissions: ArchivePermissions

    init(_ permissions: ArchivePermissions) { self.permissions = permissions }

    /// Creates `root`/`parts[0]`/`parts[1]`/… durably; `root` must already be durable.
    /// - Returns: The path of the innermost folder.
    func make(_ parts: [String], under root: StorePath) throws -> StorePath {
        var path = root
        for part in parts {
            let parent = path
            path = path / part
            guard !known.withLock({ $0.contains(path) }) else { continue }
            // An existing folder may have been created by a process that died before its fsync.
            _ = try POSIXFile.makeDirectory(path, permissions)
            try POSIXFile.synchroniseDirectory(parent)
            known.withLock { _ = $0.insert(path) }
        }
        return path
    }
}
