/// Marks the archive as open in this process. It holds a shared lock on the marker, as every process that uses the archive does.
/// The lock ends with the process.
final class ArchiveUse: Sendable {
    private let path: StorePath
    private let descriptor: Int32

    init(_ markerPath: StorePath) throws {
        path = markerPath
        descriptor = try POSIXFile.openDescriptor(markerPath)
        // Another process may hold the lock exclusively for a moment, while it creates the archive or replaces its catalog.
        try POSIXFile.share(descriptor, path)
    }

    deinit { _ = POSIXFile.Handle(descriptor: descriptor, path: path) }

    /// Holds the lock exclusively while `body` runs. `flock` can't upgrade a lock atomically: the lock is released first. If
    /// another process takes it in between, this call fails and the other process is not affected.
    func alone<Value>(_ body: () throws -> Value) throws -> Value {
        guard try POSIXFile.tryLock(descriptor, path) else {
            try POSIXFile.share(descriptor, path)
            throw BlobStoreError(
                .inUse, "lock the archive of the marker", path: "\(path)", detail: "another process has the archive open")
        }
        let result = Result { try body() }
        try POSIXFile.share(descriptor, path)
        return try result.get()
    }
}
