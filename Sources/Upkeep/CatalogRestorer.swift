package import ArchiveModel
package import BlobStore
import Catalog
import Foundation

/// Replaces a damaged catalog with one rebuilt from the records. It also salvages data from the old catalog: pending tasks,
/// requests without an answer, and the time each blob was read.
package struct CatalogRestorer: Sendable {
    private let folder: ArchiveFolder
    private let blobs: any BlobStore
    private let records: any RecordStore
    private let clock: any WallClock
    private let results: @Sendable (JSONValue) -> Int

    /// - Parameter results: Returns how many results an answer of the upstream names.
    package init(
        folder: ArchiveFolder, blobs: any BlobStore, records: any RecordStore, clock: any WallClock,
        results: @escaping @Sendable (JSONValue) -> Int
    ) {
        self.folder = folder
        self.blobs = blobs
        self.records = records
        self.clock = clock
        self.results = results
    }

    package struct Summary: Sendable {
        package var rebuilt: CatalogRebuilder.Summary
        /// The new path of the damaged catalog; `nil` when there was none.
        package var place: String?
        /// The number of tasks without a record that were salvaged from the old catalog.
        package var saved: Int
        /// Parts of the old catalog that could not be read.
        package var losses: [String]
    }

    /// Builds the new catalog beside the old one and replaces the old one when it is complete.
    ///
    /// - Throws: ``BlobStoreError`` with code `inUse` when another process has the archive open.
    package func restore() async throws -> Summary {
        try folder.alone { try folder.quarantineForeignLogs() }
        try folder.clearNewCatalog()
        var readable: Set<OutputID> = []
        for try await listing in records.records() {
            if case .success(.output(let record)) = listing.record { readable.insert(record.id) }
        }
        let salvaged =
            try folder.isCatalogAFile && !folder.isCatalogMissing
            ? SalvagedCatalog(of: folder.catalogPath) { !readable.contains($0) } : nil
        try folder.prepareNewCatalog()
        let catalog = try SQLiteCatalog(path: folder.newCatalogPath)
        let rebuilder = CatalogRebuilder(blobs: blobs, records: records, catalog: catalog, clock: clock, results: results)
        let rebuilt = try await rebuilder.rebuild(remembered: salvaged?.records ?? [])
        var saved = 0
        if let salvaged { saved = try await catalog.take(salvaged, now: clock.now) }
        try await catalog.close()
        let place = try folder.installNewCatalog(now: clock.now)
        return Summary(rebuilt: rebuilt, place: place, saved: saved, losses: salvaged?.losses ?? [])
    }
}
