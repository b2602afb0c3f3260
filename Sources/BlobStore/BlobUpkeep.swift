package import ArchiveModel
package import Foundation
import WorkLanes

/// What verifying, mending and collecting take beyond ``BlobStore``: a look at files as files, and leave to move them.
package protocol BlobUpkeep: BlobStore {
    /// The parts that the store is divided into, each listed by itself so that no more than one is held in memory.
    func parts() async throws -> [String]

    /// What is in one part, also what has no business there.
    func listing(part: String) async throws -> [StoredBlob]

    /// Reads blobs whole, letting go of their pages in memory afterwards.
    /// - Returns: For each, what is really there; `nil` for one that is gone.
    func read(_ digests: [Digest]) async throws -> [BlobReading?]

    /// The digest of a file that lies where no blob of its name belongs, or under a name that is none; `nil` when it is no file.
    func digest(ofStray path: String) async throws -> Digest?

    /// Gives a stray file, whose bytes have this digest, its right name; "already there" is success.
    func adopt(_ path: String, as digest: Digest) async throws

    /// Makes a blob read-only again.
    func protect(_ digest: Digest) async throws

    /// Moves a blob to the quarantine if its bytes are not what its name says.
    /// - Returns: Where it lies now; `nil` when it is whole after all, or gone.
    func quarantine(_ digest: Digest, note: QuarantineNote) async throws -> String?

    /// Moves a stray file or folder to the quarantine.
    /// - Returns: Where it lies now.
    func quarantine(stray path: String, note: QuarantineNote) async throws -> String

    /// Takes a blob away that was neither written nor put to use again since a date.
    ///
    /// Whoever publishes the same bytes at this moment either marks the blob as used, and it stays, or finds it gone and stores it anew.
    ///
    /// - Parameter trying: Whether to leave everything as it is and only say what would be done.
    /// - Returns: The number of bytes; `nil` when the blob stays, or was gone.
    func collect(_ digest: Digest, unusedSince date: Date, trying: Bool) async throws -> Int?

    /// Removes what writers that died have left unfinished. What a living process is writing is locked and stays, and so does every
    /// file whose name no writer gives.
    /// - Returns: The number of files.
    func sweepIngest(trying: Bool) async throws -> Int
}

/// What is really there under a blob's name.
package struct BlobReading: Sendable, Hashable {
    /// `nil` when the disk can't read all of it.
    package let digest: Digest?
    package let bytes: Int
}

extension DirectoryBlobStore: BlobUpkeep {
    package func parts() async throws -> [String] {
        try await lane.run { [folder] in try POSIXFile.entries(in: folder.blobsPath).map(\.name) }
    }

    package func listing(part: String) async throws -> [StoredBlob] {
        try await lane.run { [folder] in
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

    package func read(_ digests: [Digest]) async throws -> [BlobReading?] {
        try await lane.run { [self] in
            let buffer = ReadBuffer()
            var readings: [BlobReading?] = []
            for digest in digests {
                do {
                    let file = try POSIXFile.openRegular(path(of: digest))
                    readings.append(try file?.reading(through: buffer, leavesNoTrace: true))
                } catch let error as BlobStoreError where error.code == BlobStoreError.unreadableSector {
                    readings.append(BlobReading(digest: nil, bytes: 0))
                }
            }
            return readings
        }
    }

    package func digest(ofStray path: String) async throws -> Digest? {
        try await lane.run { [folder] in
            try POSIXFile.openRegular(folder.place(path))?.reading(through: ReadBuffer(), leavesNoTrace: true).digest
        }
    }

    package func adopt(_ path: String, as digest: Digest) async throws {
        try await lane.run { [self] in
            let file = try POSIXFile.openForReading(folder.place(path))
            try file.setMode(folder.permissions.blob)
            try file.synchronise()
            let directory = try folders.make([String(digest.hex.prefix(2))], under: folder.blobsPath)
            _ = try POSIXFile.link(file.path, to: self.path(of: digest), copyingIn: folder.ingestPath)
            try POSIXFile.synchroniseDirectory(directory)
        }
    }

    package func protect(_ digest: Digest) async throws {
        try await lane.run { [self] in
            try POSIXFile.setMode(path(of: digest), folder.permissions.blob)
            if let file = try POSIXFile.openRegular(path(of: digest)) { try file.synchronise() }
        }
    }

    package func quarantine(_ digest: Digest, note: QuarantineNote) async throws -> String? {
        try await lane.run { [self] in
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
        try await lane.run { [folder] in try Quarantine(folder: folder).take(folder.place(path), note: note) }
    }

    package func collect(_ digest: Digest, unusedSince date: Date, trying: Bool) async throws -> Int? {
        try await lane.run { [self] in
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
        try await lane.run { [folder] in
            var found = 0
            for entry in try POSIXFile.entries(in: folder.ingestPath) {
                // Whatever has another name, no writer has left it.
                guard entry.status.isFile, ArchiveFolder.isIngestName(entry.name) else { continue }
                let path = folder.ingestPath / entry.name
                // What has its final name already is of no use here, even to a writer that lives: a kill between
                // the two names leaves the marker of an archive so, for one.
                if try POSIXFile.hasOtherNames(path) {
                    if !trying { try POSIXFile.remove(path) }
                    found += 1
                } else if let file = try? POSIXFile.openForReading(path), try file.isUnclaimed() {
                    // Nobody can claim it until the name is gone: a writer that has just made the file takes another then.
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
