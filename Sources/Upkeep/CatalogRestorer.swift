package import ArchiveModel
package import ArchiveStore
import BlobStore
import Catalog
import Foundation

/// Replaces a damaged catalog with one rebuilt from the records. It also salvages data from the old catalog: pending tasks,
/// requests without an answer, and the time each blob was read.
package struct CatalogRestorer: Sendable {
    private let files: ArchiveFiles
    private let clock: any WallClock
    private let results: @Sendable (JSONValue) -> Int

    /// - Parameter results: Counts the results in an answer of the upstream.
    package init(files: ArchiveFiles, clock: any WallClock, results: @escaping @Sendable (JSONValue) -> Int) {
        self.files = files
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
        var readable: Set<OutputID> = []
        for try await listing in files.records.records() {
            if case .success(.output(let record)) = listing.record { readable.insert(record.id) }
        }
        let replacement = try ReplacementCatalog(in: files) { readable.contains($0) }
        let rebuilder = CatalogRebuilder(
            blobs: files.blobs, records: files.records, catalog: replacement.catalog, clock: clock, results: results)
        let rebuilt = try await rebuilder.rebuild(remembered: replacement.salvaged?.records ?? [])
        let saved = try await replacement.addSalvaged(now: clock.now)
        let place = try await replacement.install(now: clock.now)
        return Summary(rebuilt: rebuilt, place: place, saved: saved, losses: replacement.salvaged?.losses ?? [])
    }
}
