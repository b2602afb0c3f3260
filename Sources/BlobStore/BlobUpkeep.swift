package import ArchiveModel
import BlockingThreads
package import Foundation

/// Extends ``BlobStore`` for verify, repair and gc: listing, checking and moving the files.
package protocol BlobUpkeep: BlobStore {
    /// The parts of the store. Each part is listed separately, so that only one listing is in memory.
    func parts() async throws -> [String]

    /// The contents of one part, including foreign files.
    func listing(part: String) async throws -> [StoredBlob]

    /// Reads blobs in full and then drops their pages from the page cache.
    /// - Returns: For each blob, its actual contents; `nil` if it is missing.
    func read(_ digests: [Digest]) async throws -> [BlobHash?]

    /// The digest of a misplaced or wrongly named file; `nil` when it is not a regular file.
    func digest(ofStray path: String) async throws -> Digest?

    /// Links a stray file with this digest under its correct name. It is not an error if the blob already exists.
    func adopt(_ path: String, as digest: Digest) async throws

    /// Makes a blob read-only again.
    func protect(_ digest: Digest) async throws

    /// Moves a blob to the quarantine if its bytes do not match its digest.
    /// - Returns: Its new path; `nil` when the blob is intact or missing.
    func quarantine(_ digest: Digest, note: QuarantineNote) async throws -> String?

    /// Moves a stray file or folder to the quarantine.
    /// - Returns: Its new path.
    func quarantine(stray path: String, note: QuarantineNote) async throws -> String

    /// Deletes a blob that was neither written nor reused since a date.
    ///
    /// If another process publishes the same bytes at the same time, there are two outcomes. Either it marks the blob as used
    /// first, and the blob stays, or it finds the blob gone and stores it again.
    ///
    /// - Parameter trying: Whether to report only what would be deleted, without deleting it.
    /// - Returns: The number of bytes; `nil` when the blob stays or was missing.
    func collect(_ digest: Digest, unusedSince date: Date, trying: Bool) async throws -> Int?

    /// Deletes unfinished files of writers that have died. Files that a running process is writing are locked and stay. Files
    /// whose names no writer uses stay too.
    /// - Returns: The number of files.
    func sweepIngest(trying: Bool) async throws -> Int

    /// The file of a blob on this machine, for copying or linking; `nil` when there is no such blob, when its file is mostly a
    /// hole, and for a store that has no files.
    func localPath(of digest: Digest) async throws -> String?
}

extension BlobUpkeep {
    package func localPath(of digest: Digest) async throws -> String? { nil }
}

/// The actual contents of a blob's file.
package struct BlobHash: Sendable, Hashable {
    /// `nil` when the disk can't read all of it.
    package let digest: Digest?
    package let bytes: Int
}

extension DirectoryBlobStore: BlobUpkeep {
    package func parts() async throws -> [String] {
        try await threads.run { [folder] in try POSIXFile.entries(in: folder.blobsPath).map(\.name) }
    }

    package func listing(part: String) async throws -> [StoredBlob] {
        try await threads.run { [folder] in
            let path = folder.blobsPath / part
            let isFanOut = part.utf8.count == 2 && part.utf8.allSatisfy(Self.isHexadecimal)
            guard let status = try POSIXFile.status(path) else { return [] }
            if Litter.isName(part) { return [StoredBlob(at: path, status, .litter)] }
            guard try status.isFolder && (isFanOut || !Self.isEmpty(path)) else {
                return [StoredBlob(at: path, status, isFanOut ? .misplaced : .stray)]
            }
            return try POSIXFile.entries(in: path).map { entry in
                let place = path / entry.name
                guard let digest = Digest(entry.name) else {
                    return StoredBlob(at: place, entry.status, Litter.isName(entry.name) ? .litter : .stray)
                }
                guard digest.hex == entry.name, entry.name.hasPrefix(part), isFanOut, entry.status.isFile else {
                    return StoredBlob(at: place, entry.status, .misplaced)
                }
                return StoredBlob(
                    digest: digest, path: place.inside, bytes: entry.status.bytes,
                    mode: folder.keepsModes ? entry.status.mode : nil)
            }
        }
    }

    package func read(_ digests: [Digest]) async throws -> [BlobHash?] {
        try await threads.run { [self] in
            let buffer = ReadBuffer()
            var readings: [BlobHash?] = []
            for digest in digests {
                do {
                    let file = try POSIXFile.openRegular(path(of: digest))
                    readings.append(try file?.reading(through: buffer, leavesNoTrace: true))
                } catch let error as BlobStoreError where error.code == BlobStoreError.unreadableSector {
                    readings.append(BlobHash(digest: nil, bytes: 0))
                }
            }
            return readings
        }
    }

    package func digest(ofStray path: String) async throws -> Digest? {
        try await threads.run { [folder] in
            try POSIXFile.openRegular(folder.place(path))?.reading(through: ReadBuffer(), leavesNoTrace: true).digest
        }
    }

    package func adopt(_ path: String, as digest: Digest) async throws {
        try await threads.run { [self] in
            let file = try POSIXFile.openForReading(folder.place(path))
            try file.setMode(folder.permissions.blob)
            try file.synchronise()
            let directory = try folders.make([String(digest.hex.prefix(2))], under: folder.blobsPath)
            _ = try POSIXFile.link(file.path, to: self.path(of: digest), copyingIn: folder.ingestPath)
            try POSIXFile.synchroniseDirectory(directory)
        }
    }

    package func protect(_ digest: Digest) async throws {
        try await threads.run { [self] in
            try POSIXFile.setMode(path(of: digest), folder.permissions.blob)
            if let file = try POSIXFile.openRegular(path(of: digest)) { try file.synchronise() }
        }
    }

    package func quarantine(_ digest: Digest, note: QuarantineNote) async throws -> String? {
        try await threads.run { [self] in
            let path = path(of: digest)
            guard let status = try POSIXFile.status(path) else { return nil }
            guard status.isFile else { return try Quarantine(folder: folder).take(path, note: note) }
            return try withLockedBlob(path) { file in
                let found = try? file.reading(through: ReadBuffer(), leavesNoTrace: false)
                return found?.digest == digest ? nil : try Quarantine(folder: folder).take(path, note: note)
            } ?? nil
        }
    }

    package func quarantine(stray path: String, note: QuarantineNote) async throws -> String {
        try await threads.run { [folder] in try Quarantine(folder: folder).take(folder.place(path), note: note) }
    }

    package func collect(_ digest: Digest, unusedSince date: Date, trying: Bool) async throws -> Int? {
        try await threads.run { [self] in
            let path = path(of: digest)
            return try withLockedBlob(path) { file in
                guard try file.modified < date else { return nil }
                let bytes = try file.size
                if !trying { try POSIXFile.remove(path) }
                return bytes
            } ?? nil
        }
    }

    package func sweepIngest(trying: Bool) async throws -> Int {
        try await threads.run { [folder] in
            var found = 0
            for entry in try POSIXFile.entries(in: folder.ingestPath) {
                // No writer creates files with other names.
                guard entry.status.isFile, ArchiveFolder.isIngestName(entry.name) else { continue }
                let path = folder.ingestPath / entry.name
                // Already published: the ingest name is a leftover, for example of a process killed between link and unlink when
                // it wrote the marker.
                if try POSIXFile.hasOtherNames(path) {
                    if !trying { try POSIXFile.remove(path) }
                    found += 1
                } else if let file = try? POSIXFile.openForReading(path), try file.isUnclaimed() {
                    // The read lock prevents a claim until the name is removed. A writer that has just created the file then
                    // creates another one.
                    if !trying { try POSIXFile.remove(path) }
                    found += 1
                    try file.disclaim()
                }
            }
            return found
        }
    }
}

extension DirectoryBlobStore {
    private static func isHexadecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }

    private static func isEmpty(_ path: StorePath) throws -> Bool { try POSIXFile.entries(in: path).isEmpty }
}

extension StoredBlob {
    fileprivate init(at place: StorePath, _ status: FileStatus, _ kind: Kind) {
        self.init(digest: nil, path: place.inside, bytes: status.bytes, mode: status.mode, kind: kind)
        if !status.isFile { what = status.kind.description }
    }
}
