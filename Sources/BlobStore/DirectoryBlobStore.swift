package import ArchiveModel
import Foundation
package import WorkLanes

/// Blobs as read-only files `blobs/sha256/ab/ab12…ef` of an archive's folder.
package struct DirectoryBlobStore: BlobStore {
    private let folder: ArchiveFolder
    private let lane: WorkLane
    private let folders = DurableFolders()

    /// - Parameter lane: Where the blocking file calls run.
    package init(folder: ArchiveFolder, lane: WorkLane) {
        self.folder = folder
        self.lane = lane
    }

    /// Removes what writers that died have left in `ingest/`. Files that a living process is writing are locked and stay.
    /// - Returns: The number of files removed.
    @discardableResult
    package func sweepIngest() async throws -> Int {
        try await lane.run { [folder] in
            var removed = 0
            for name in try POSIXFile.names(in: folder.ingestPath) {
                let path = folder.ingestPath + "/" + name
                // A folder is nothing that a writer left.
                guard try !POSIXFile.isFolder(path) else { continue }
                guard let file = try? POSIXFile.openForReading(path), try file.tryLock() else { continue }
                try POSIXFile.remove(path)
                removed += 1
            }
            return removed
        }
    }

    package func beginIngest() async throws -> any BlobIngest {
        try await lane.run { [self] in try DirectoryIngest(store: self, lane: lane, ingestFolder: folder.ingestPath) }
    }

    package func put(_ bytes: [UInt8]) async throws -> Publication {
        try await lane.run { [self] in
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
        try file.settle()
        let directory = try folders.make([fanOut], under: folder.blobsPath)
        let path = directory + "/" + digest.hex
        var isNew = try file.link(to: path)
        if !isNew, try POSIXFile.status(path)?.bytes != file.count {
            try setAside(path, digest: digest, bytes: file.count)
            isNew = try file.link(to: path)
        }
        try POSIXFile.synchroniseDirectory(directory)
        return Publication(digest: digest, bytes: file.count, isNew: isNew)
    }

    /// Moves a file whose bytes can't be what its name says to `quarantine/`, with a note beside it.
    private func setAside(_ path: String, digest: Digest, bytes: Int) throws {
        let found = try POSIXFile.status(path)?.bytes ?? 0
        let place = "\(folder.quarantinePath)/\(digest.hex)-\(UUID().uuidString.lowercased())"
        var note = try IngestFile(in: folder.ingestPath)
        defer { note.remove() }
        try note.append(Array("\(path) held \(found) bytes where \(bytes) belong; whole bytes took its place.\n".utf8))
        try note.settle()
        try note.rename(to: place + ".txt")
        try POSIXFile.rename(path, to: place)
        try POSIXFile.synchroniseDirectory(folder.quarantinePath)
    }

    func path(of digest: Digest) -> String { "\(folder.blobsPath)/\(digest.hex.prefix(2))/\(digest.hex)" }

    package func size(of digest: Digest) async throws -> Int? {
        try await lane.run { [self] in try POSIXFile.status(path(of: digest))?.bytes }
    }

    /// The file of a blob, for those who copy or link files; `nil` when there is no such blob.
    package func localPath(of digest: Digest) async throws -> String? {
        try await size(of: digest) == nil ? nil : path(of: digest)
    }

    package func contents(of digest: Digest) async throws -> BlobBytes {
        try await lane.run { [self] in try BlobBytes(mapping: POSIXFile.openForReading(path(of: digest))) }
    }

    package func rehash(_ digest: Digest) async throws -> Digest {
        try await lane.run { [self] in
            let file = try POSIXFile.openForReading(path(of: digest))
            var hash = ContentHash()
            while true {
                let chunk = try file.read(upTo: 1 << 20)
                if chunk.isEmpty { break }
                hash.update(chunk)
            }
            return hash.digest()
        }
    }

    package func listing() async throws -> [StoredBlob] {
        try await lane.run { [folder] in
            var found: [StoredBlob] = []
            for fanOut in try POSIXFile.names(in: folder.blobsPath) {
                guard let status = try POSIXFile.status("\(folder.blobsPath)/\(fanOut)") else { continue }
                guard status.isFolder else {
                    found.append(StoredBlob(digest: nil, path: "blobs/sha256/\(fanOut)", bytes: status.bytes, mode: status.mode))
                    continue
                }
                for name in try POSIXFile.names(in: folder.blobsPath + "/" + fanOut) {
                    guard let status = try POSIXFile.status("\(folder.blobsPath)/\(fanOut)/\(name)") else { continue }
                    let digest = Digest(name).flatMap { $0.hex == name && name.hasPrefix(fanOut) && fanOut.count == 2 ? $0 : nil }
                    found.append(
                        StoredBlob(digest: digest, path: "blobs/sha256/\(fanOut)/\(name)", bytes: status.bytes, mode: status.mode)
                    )
                }
            }
            return found
        }
    }
}
