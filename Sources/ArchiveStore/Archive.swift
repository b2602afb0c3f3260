package import ArchiveModel
package import BlobStore
import BlockingThreads
package import Catalog
import Foundation

/// An open archive: files, records and catalog, each as a protocol. Only this type chooses the implementations.
package struct Archive: Sendable {
    package let files: ArchiveFiles
    package let catalog: any ArchiveCatalog
    package let clock: any WallClock
    /// Whether ``catalog`` is a temporary copy, because the disk of the real one can't be written to. Writes to it are lost.
    package let readsCopy: Bool

    package var blobs: any BlobUpkeep { files.blobs }
    package var records: any RecordUpkeep { files.records }

    /// - Parameters:
    ///   - creating: Whether an empty folder becomes an archive.
    ///   - reading: Whether the archive is only read. A copy of the catalog is then used if the disk accepts no writes.
    /// - Throws: ``BlobStoreError`` for a folder that is not an archive; ``CatalogError``, with code `missing` for an archive
    ///   whose records have lost their catalog.
    package init(
        path: String, permissions: ArchivePermissions, creating: Bool, reading: Bool = false, clock: any WallClock = SystemClock()
    ) throws {
        files = try ArchiveFiles(path: path, permissions: permissions, creating: creating, clock: clock)
        self.clock = clock
        let file = files.catalogFile
        if try file.isMissing && files.hasRecords { throw CatalogError(.missing, files.path) }
        try file.prepare()
        let catalog = try reading ? SQLiteCatalog.reading(path: file.path) : SQLiteCatalog(path: file.path)
        self.catalog = catalog
        readsCopy = catalog.isCopy
    }

    /// Explains that the archive's files were replaced after they were opened; `nil` if they were not. Fast enough for every health
    /// check.
    package func fileProblem() -> String? { files.problem() ?? catalog.fileProblem() }

    /// Updates the real catalog after a collection on a copy of it, which may have freed the space that it lacked. If this fails,
    /// `repair` does it later.
    package func forgetScrubs(of digests: [Digest]) async {
        guard readsCopy else { return }
        try? await SQLiteCatalog(path: files.catalogFile.path).forgetScrubs(of: digests)
    }

    /// The library behind the catalog, such as `SQLite 3.46.1`.
    package static var engine: String { "SQLite \(SQLiteCatalog.libraryVersion)" }
}

/// All roles of a catalog.
package typealias ArchiveCatalog = CatalogMaintenance & TaskHints & EndingReader

/// The files of an archive in a folder, without its catalog.
package struct ArchiveFiles: Sendable {
    private let folder: ArchiveFolder
    package let blobs: any BlobUpkeep
    package let records: any RecordUpkeep
    package let seals: any SealStore
    package let claims: any ClaimStore

    /// The version of the folder's format that this program writes.
    package static var formatVersion: Int { ArchiveFolder.currentVersion }

    /// - Throws: ``BlobStoreError``.
    package init(path: String, permissions: ArchivePermissions = .ownerOnly, creating: Bool, clock: any WallClock) throws {
        folder = try ArchiveFolder(path: path, creating: creating, now: clock.now, permissions: permissions)
        let threads = BlockingThreadPool(name: "files", width: max(4, BlockingThreadPool.processors * 2))
        blobs = DirectoryBlobStore(folder: folder, threads: threads)
        records = DirectoryRecordStore(folder: folder, threads: threads)
        seals = DirectorySealStore(folder: folder, threads: threads)
        claims = DirectoryClaimStore(folder: folder, threads: threads)
    }

    /// Without a trailing slash.
    package var path: String { folder.path }
    /// Unique to this archive.
    package var archiveID: String { folder.marker.archiveID }

    package var hasRecords: Bool {
        get throws { try folder.hasRecords }
    }

    /// A message about the first folder or file whose permissions are wider than configured; `nil` when there is none.
    package func widerThanAsked() -> String? { folder.widerThanAsked(files: [SQLiteCatalog.fileName]) }

    func problem() -> String? { folder.fileProblem() }

    func alone<Value>(_ body: () throws -> Value) throws -> Value { try folder.alone(body) }

    /// The file of the catalog, with the files that SQLite keeps beside it.
    var catalogFile: OwnedFile {
        OwnedFile(folder, name: SQLiteCatalog.fileName, sides: SQLiteCatalog.sideFiles, check: SQLiteCatalog.flaw)
    }
}
