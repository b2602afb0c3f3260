package import ArchiveModel
package import BlobStore
package import Catalog
package import DecoderPool
import Foundation
import BlockingThreads

/// An archive opened for verification and repair. A damaged catalog is reported and repaired instead of causing an error.
package struct UpkeepArchive: Sendable {
    package let folder: ArchiveFolder
    package let blobs: DirectoryBlobStore
    package let records: DirectoryRecordStore
    /// `nil` when it is damaged or missing.
    package let catalog: SQLiteCatalog?
    /// The damage of the catalog, as messages; empty when it is intact.
    package let damage: [String]
    private let clock: any WallClock

    /// - Parameters:
    ///   - deep: Whether to compare the catalog's indexes with their tables.
    ///   - reading: Whether the archive is opened for reading only. A temporary copy of the catalog may then be used if its disk
    ///     can't be written to.
    ///   - permissions: The permissions of newly written files and folders.
    /// - Throws: ``BlobStoreError`` for a folder that is not an archive; ``CatalogError`` for a catalog of a newer program, or
    ///   one that can't be read for a reason other than its contents.
    package init(
        path: String, deep: Bool, reading: Bool = false, permissions: ArchivePermissions = .ownerOnly,
        clock: any WallClock = SystemClock()
    ) async throws {
        folder = try ArchiveFolder(path: path, creating: false, now: clock.now, permissions: permissions)
        let threads = BlockingThreadPool(name: "files", width: max(4, BlockingThreadPool.processors * 2))
        blobs = DirectoryBlobStore(folder: folder, threads: threads)
        records = DirectoryRecordStore(folder: folder, threads: threads)
        self.clock = clock
        do {
            (catalog, damage) = try await Self.open(folder, deep: deep)
        } catch let error as CatalogError where reading && error.code == .noRoom {
            (catalog, damage) = try await Self.openCopy(folder, deep: deep)
        }
    }

    private static func openCopy(_ folder: ArchiveFolder, deep: Bool) async throws -> (SQLiteCatalog?, [String]) {
        do {
            let copy = try SQLiteCatalog.copied(path: folder.catalogPath)
            let damage = try await copy.damage(deep: deep)
            return damage.isEmpty ? (copy, []) : (nil, damage)
        } catch let error as CatalogError where error.code == .damaged {
            return (nil, [error.detail])
        }
    }

    private static func open(_ folder: ArchiveFolder, deep: Bool) async throws -> (SQLiteCatalog?, [String]) {
        if try folder.isCatalogMissing {
            guard try !folder.hasRecords else { return (nil, ["it is missing"]) }
            try folder.prepareCatalog()
        } else {
            do {
                try folder.prepareCatalog()
            } catch let error as BlobStoreError where error.code == .notAFile {
                return (nil, ["\(error.path): \(error.detail)"])
            }
            let damage = try await SQLiteCatalog.damage(at: folder.catalogPath, deep: deep)
            guard damage.isEmpty else { return (nil, damage) }
        }
        do {
            return (try SQLiteCatalog(path: folder.catalogPath), [])
        } catch let error as CatalogError where error.code == .damaged {
            return (nil, [error.detail])
        }
    }

    /// Closes the catalog's file.
    package func close() throws { try catalog?.close() }

    /// Compares blobs, records and catalog with each other.
    package func verify(
        _ scope: VerificationScope, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> VerificationReport {
        try await ArchiveVerifier(blobs: blobs, records: records, catalog: catalog, damage: damage, clock: clock)
            .verify(scope, progress: progress)
    }

    /// Repairs what can be repaired, the catalog first.
    ///
    /// - Parameters:
    ///   - other: Another archive from which damaged blobs are copied.
    ///   - decoders: Decode originals to remake derivatives.
    ///   - results: Returns how many results an answer of the upstream names.
    package func repair(
        _ scope: VerificationScope, other: (any BlobUpkeep)? = nil, dryRun: Bool = false,
        decoders: DecoderPool = DecoderPool(.inProcess, width: 1),
        results: @escaping @Sendable (JSONValue) -> Int, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> RepairReport {
        var report = RepairReport(dryRun: dryRun)
        var (sound, scope) = (catalog, scope)
        if sound == nil {
            report.did(.remadeCatalog, "catalog.sqlite", "from the records; \(damage.joined(separator: ", "))")
            guard !dryRun else { return report }
            let summary = try await restoreCatalog(results: results)
            if let place = summary.place { report.did(.putAside, "catalog.sqlite", "it lies in \(place) now") }
            if summary.saved > 0 {
                report.did(.enteredRow, "catalog.sqlite", "\(summary.saved) tasks that only the old one knew")
            }
            for loss in summary.losses {
                report.did(
                    .notMended, "catalog.sqlite", "\(loss). Tasks that waited are found again by 'fixative archive --since 24h'")
            }
            sound = try SQLiteCatalog(path: folder.catalogPath)
            // The new catalog does not know which blobs were found damaged, so read all of them.
            scope = VerificationScope(deep: true)
        }
        guard let sound else { return report }
        let repairer = ArchiveRepairer(
            blobs: blobs, records: records, catalog: sound, other: other, clock: clock, dryRun: dryRun, decoders: decoders)
        let rest = try await repairer.repair(scope, progress: progress)
        report.steps += rest.steps
        report.untracked = rest.untracked
        return report
    }

    /// Rebuilds the catalog: in place if it is intact, otherwise as a new file.
    package func rebuild(results: @escaping @Sendable (JSONValue) -> Int) async throws -> (
        summary: CatalogRebuilder.Summary, place: String?, losses: [String]
    ) {
        guard let catalog else {
            let made = try await restoreCatalog(results: results)
            return (made.rebuilt, made.place, made.losses)
        }
        let rebuilder = CatalogRebuilder(blobs: blobs, records: records, catalog: catalog, clock: clock, results: results)
        return (try await rebuilder.rebuild(), nil, [])
    }

    private func restoreCatalog(results: @escaping @Sendable (JSONValue) -> Int) async throws -> CatalogRestorer.Summary {
        try await CatalogRestorer(folder: folder, blobs: blobs, records: records, clock: clock, results: results).restore()
    }
}
