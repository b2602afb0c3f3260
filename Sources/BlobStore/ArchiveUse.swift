/// That this process has an archive open: a lock on its marker that all who work on the archive share. Gone with the process.
final class ArchiveUse: Sendable {
    private let path: StorePath
    private let descriptor: Int32

    init(_ markerPath: StorePath) throws {
        path = markerPath
        descriptor = try POSIXFile.openDescriptor(markerPath)
        // Whoever holds it alone makes the archive just now, or replaces its catalog: a moment.
        try POSIXFile.share(descriptor, path)
    }

    deinit { _ = POSIXFile.Handle(descriptor: descriptor, path: path) }

    /// Holds the lock alone while `body` runs. A lock can't be made stronger without a moment in which it is not held at all; whoever
    /// comes in that moment makes this fail, and is not harmed.
    func alone<Value>(_ body: () throws -> Value) throws -> Value {
        guard try POSIXFile.tryLock(descriptor, path) else {
            try POSIXFile.share(descriptor, path)
            throw BlobStoreError(
                .inUse, "have the archive alone that is marked by", path: "\(path)", detail: "another process has it open")
        }
        let result = Result { try body() }
        try POSIXFile.share(descriptor, path)
        return try result.get()
    }
}
