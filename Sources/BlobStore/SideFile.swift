/// Files below `records/` that are written once and never changed: those of ``ClaimStore`` and ``SealStore``.
enum SideFile {
    /// The maximum size of a file in bytes.
    private static let largest = 64 << 20

    /// - Parameter kind: What the file is, for the error message, such as "a seal".
    /// - Returns: `nil` if there is no such file.
    static func bytes(of path: StorePath, kind: String) throws -> [UInt8]? {
        guard try POSIXFile.status(path) != nil else { return nil }
        let file = try POSIXFile.openForReading(path)
        let size = try file.size
        guard size <= largest else {
            throw BlobStoreError(.unreadableRecord, "read", path: "\(path)", detail: "\(size) bytes are too many for \(kind)")
        }
        return try file.read(upTo: max(1, size))
    }

    /// Writes a file whose name is durable only after its folder has been synchronised.
    /// - Returns: `false` if the file exists already; it is left as it is.
    static func publish(_ bytes: [UInt8], as path: StorePath, in folder: ArchiveFolder) throws -> Bool {
        var file = try IngestFile(in: folder.ingestPath)
        do {
            try file.append(bytes)
            try file.settle(folder.permissions.file)
            let isFirst = try file.publish(as: path)
            file.remove()
            return isFirst
        } catch {
            file.remove()
            throw error
        }
    }
}
