package import ArchiveModel
package import BlockingThreads
import Foundation

/// Blobs as read-only files `blobs/sha256/ab/ab12…ef` in an archive's folder.
package struct DirectoryBlobStore: BlobStore {
    let folder: ArchiveFolder
    let threads: BlockingThreadPool
    let folders: DurableFolders

    /// - Parameter threads: The threads that run the blocking file calls.
    package init(folder: ArchiveFolder, threads: BlockingThreadPool) {
        self.folder = folder
        self.threads = threads
        folders = DurableFolders(folder.permissions)
    }

    package func beginIngest() async throws -> any BlobIngest {
        try await threads.run { [self] in try DirectoryIngest(store: self, threads: threads, ingestFolder: folder.ingestPath) }
    }

    package func put(_ bytes: [UInt8]) async throws -> Publication {
        try await threads.run { [self] in
            var file = try IngestFile(in: folder.ingestPath)
            defer { file.remove() }
            try file.append(bytes)
            return try publish(file)
        }
    }

    /// Steps 2 to 4 of the durability order: the file, its name, its folder.
    func publish(_ file: borrowing IngestFile) throws -> Publication {
        let digest = file.digest()
        let fanOut = String(digest.hex.prefix(2))
        try file.settle(folder.permissions.blob)
        let directory = try folders.make([fanOut], under: folder.blobsPath)
        let path = directory / digest.hex
        var isNew = try file.publish(as: path)
        while !isNew {
            if try reuse(path, digest: digest, by: file) { break }
            isNew = try file.publish(as: path)
        }
        try POSIXFile.synchroniseDirectory(directory)
        return Publication(digest: digest, bytes: file.count, isNew: isNew)
    }

    /// Verifies an existing blob and durably refreshes its modification time, so that gc keeps it until a record names it.
    ///
    /// - Returns: `false` when the blob has disappeared, or was damaged and is now in the quarantine. The new file can then be
    ///   published.
    private func reuse(_ path: StorePath, digest: Digest, by newer: borrowing IngestFile) throws -> Bool {
        guard let status = try POSIXFile.status(path) else { return false }
        guard status.isFile else {
            try Quarantine(folder: folder).take(path, note: Self.quarantineNote("it is \(status.kind), not a file", newer.count))
            return false
        }
        let newCount = newer.count
        let newPath = newer.path
        return try withLockedBlob(path) { file in
            guard try file.size == newCount else {
                try Quarantine(folder: folder).take(path, note: Self.quarantineNote("it held \(try file.size) bytes", newCount))
                return false
            }
            let found = try file.reading(through: ReadBuffer(), leavesNoTrace: false)
            guard found.digest == digest else {
                let what = "it held \(found.bytes) bytes with the SHA-256 \(found.digest?.hex ?? "-")"
                try Quarantine(folder: folder).take(path, note: Self.quarantineNote(what, newCount))
                return false
            }
            // The time of another user's file can't be changed; replace that file with our own, which has the same bytes.
            if try !file.touch() { try POSIXFile.rename(newPath, to: path) }
            return true
        } ?? false
    }

    private static func quarantineNote(_ what: String, _ bytes: Int) -> QuarantineNote {
        QuarantineNote([("why", what), ("instead", "\(bytes) intact bytes, which were just received, replaced it")])
    }

    /// Holds the lock of a blob's file while `body` runs, so that no other process deletes or reuses it.
    /// - Returns: `nil` when there is no such file.
    func withLockedBlob<Value>(_ path: StorePath, _ body: (borrowing POSIXFile.Handle) throws -> Value) throws -> Value? {
        while true {
            guard let file = try POSIXFile.openRegular(path) else { return nil }
            try file.lock()
            // The previous lock holder may have deleted the file, and a new one may have the same name.
            if try file.isStillThere { return try body(file) }
        }
    }

    func path(of digest: Digest) -> StorePath { folder.blobsPath / String(digest.hex.prefix(2)) / digest.hex }

    package func size(of digest: Digest) async throws -> Int? {
        try await threads.run { [self] in
            try POSIXFile.status(path(of: digest)).flatMap { $0.isFile ? $0.bytes : nil }
        }
    }

    package func localPath(of digest: Digest) async throws -> String? {
        try await threads.run { [self] in
            let path = path(of: digest)
            guard try POSIXFile.status(path)?.isFile == true else { return nil }
            return try POSIXFile.openForReading(path).isHollow ? nil : path.description
        }
    }

    package func contents(of digest: Digest) async throws -> BlobBytes {
        try await threads.run { [self] in try BlobBytes(mapping: POSIXFile.openForReading(path(of: digest))) }
    }

    package func rehash(_ digest: Digest) async throws -> Digest {
        try await threads.run { [self] in
            let file = try POSIXFile.openForReading(path(of: digest))
            let found = try file.reading(through: ReadBuffer(), leavesNoTrace: false).digest
            guard let found else { throw BlobStoreError(.corrupt, "read", path: "\(file.path)") }
            return found
        }
    }

    package func probe() async throws {
        try await threads.run { [self] in
            var file = try IngestFile(in: folder.ingestPath)
            defer { file.remove() }
            try file.append([UInt8](repeating: 0, count: 64 << 10))
            try file.settle(folder.permissions.file)
        }
    }

    package func listing() async throws -> [StoredBlob] {
        var found: [StoredBlob] = []
        for part in try await parts() { found += try await listing(part: part) }
        return found
    }
}
