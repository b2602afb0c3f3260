package import ArchiveModel
import BlobStore
package import Catalog
package import Foundation

/// An archive opened for verification and repair. A damaged catalog is reported instead of causing an error.
package struct InspectedArchive: Sendable {
    package let files: ArchiveFiles
    /// `nil` when it is damaged or missing.
    package let catalog: (any ArchiveCatalog)?
    /// The damage of the catalog, as messages; empty when it is intact.
    package let damage: [String]
    private let file: SQLiteCatalog?

    /// - Parameters:
    ///   - deep: Whether to compare the catalog's indexes with their tables.
    ///   - reading: Whether the archive is opened for reading only. A temporary copy of the catalog may then be used if its disk
    ///     can't be written to.
    /// - Throws: ``BlobStoreError`` for a folder that is not an archive; ``CatalogError`` for a catalog of a newer program, or
    ///   one that can't be read for a reason other than its contents.
    package init(_ files: ArchiveFiles, deep: Bool, reading: Bool) async throws {
        self.files = files
        do {
            (file, damage) = try await Self.open(files, deep: deep)
        } catch let error as CatalogError where reading && error.code == .noRoom {
            (file, damage) = try await Self.openCopy(files, deep: deep)
        }
        catalog = file
    }

    private static func openCopy(_ files: ArchiveFiles, deep: Bool) async throws -> (SQLiteCatalog?, [String]) {
        do {
            let copy = try SQLiteCatalog.copied(path: files.catalogFile.path)
            let damage = try await copy.damage(deep: deep)
            return damage.isEmpty ? (copy, []) : (nil, damage)
        } catch let error as CatalogError where error.code == .damaged {
            return (nil, [error.detail])
        }
    }

    private static func open(_ files: ArchiveFiles, deep: Bool) async throws -> (SQLiteCatalog?, [String]) {
        let file = files.catalogFile
        if try file.isMissing {
            guard try !files.hasRecords else { return (nil, ["it is missing"]) }
            try file.prepare()
        } else {
            do {
                try file.prepare()
            } catch let error as BlobStoreError where error.code == .notAFile {
                return (nil, ["\(error.path): \(error.detail)"])
            }
            let damage = try await SQLiteCatalog.damage(at: file.path, deep: deep)
            guard damage.isEmpty else { return (nil, damage) }
        }
        do {
            return (try SQLiteCatalog(path: file.path), [])
        } catch let error as CatalogError where error.code == .damaged {
            return (nil, [error.detail])
        }
    }

    /// Closes the catalog's file.
    package func close() throws { try file?.close() }
}

/// A replacement for a damaged catalog, built beside it. It takes the old one's place when it is complete.
package struct ReplacementCatalog: Sendable {
    package let catalog: any ArchiveCatalog
    /// The readable part of the damaged catalog; `nil` if there was no damaged catalog.
    package let salvaged: SalvagedCatalog?
    private let files: ArchiveFiles
    private let file: SQLiteCatalog

    /// - Parameter isRecorded: Whether an output has a readable record. Other outputs are salvaged from the damaged catalog.
    /// - Throws: ``BlobStoreError`` with code `inUse` when another process has the archive open; ``CatalogError``.
    package init(in files: ArchiveFiles, isRecorded: (OutputID) -> Bool) throws {
        self.files = files
        let old = files.catalogFile
        try files.alone { try old.quarantineForeignSides() }
        let new = old.replacement
        try new.clear()
        salvaged = try old.hasContents ? SalvagedCatalog(of: old.path) { !isRecorded($0) } : nil
        try new.prepare()
        file = try SQLiteCatalog(path: new.path)
        catalog = file
    }

    /// Adds what was salvaged.
    /// - Returns: The number of tasks added.
    package func addSalvaged(now: Date) async throws -> Int {
        guard let salvaged else { return 0 }
        return try await file.take(salvaged, now: now)
    }

    /// Closes the new catalog and puts it in place of the damaged one.
    /// - Returns: The new path of the damaged catalog; `nil` when there was none.
    package func install(now: Date) async throws -> String? {
        try await file.closeCompletely()
        return try files.catalogFile.installReplacement(log: SQLiteCatalog.log, now: now)
    }
}
