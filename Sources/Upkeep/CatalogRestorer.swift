package import ArchiveModel
package import BlobStore
import Catalog
import Foundation

/// Takes a damaged catalog out of the way and puts one in its place that is made from the records, with what could still be read of
/// the old one: tasks that wait, requests without an answer, and when each blob was read.
package struct CatalogRestorer: Sendable {
    private let folder: ArchiveFolder
    private let blobs: any BlobStore
    private let records: any RecordStore
    private let clock: any WallClock
    private let results: @Sendable (JSONValue) -> Int

    /// - Parameter results: How many results an answer of the upstream names.
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
        /// Where the damaged catalog lies now; `nil` when there was none.
        package var place: String?
        /// Tasks that no record tells of, saved from the old catalog.
        package var saved: Int
        /// What could not be read of the old catalog.
        package var losses: [String]
    }

    /// Makes the new catalog beside the old one, and puts it in its place once it is whole.
    ///
    /// - Throws: ``BlobStoreError`` with code `inUse` when another process has the archive open.
    package func restore() async throws -> Summary {
        try folder.alone { try folder.quarantineForeignLogs() }
        try folder.clearNewCatalog()
        var readable: Set<OutputID> = []
        for try await listing in records.records() {
            if case .success(.output(let record)) = listing.record { readable.insert(record.id) }
        }
        let remains =
            try folder.isCatalogAFile && !folder.isCatalogMissing
            ? CatalogRemains(of: folder.catalogPath) { !readable.contains($0) } : nil
        try folder.prepareNewCatalog()
        let catalog = try SQLiteCatalog(path: folder.newCatalogPath)
        let rebuilder = CatalogRebuilder(blobs: blobs, records: records, catalog: catalog, clock: clock, results: results)
        let rebuilt = try await rebuilder.rebuild(remembered: remains?.records ?? [])
        var saved = 0
        if let remains { saved = try await catalog.take(remains, now: clock.now) }
        try await catalog.close()
        let place = try folder.installNewCatalog(now: clock.now)
        return Summary(rebuilt: rebuilt, place: place, saved: saved, losses: remains?.losses ?? [])
    }
}
