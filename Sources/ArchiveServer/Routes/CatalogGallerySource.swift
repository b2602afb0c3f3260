import ArchiveModel
import Archiver
package import Catalog
package import Foundation
package import Gallery

extension LiveGallery {
    /// A gallery that shows a catalog.
    /// - Parameter riskTime: Seconds before the end of its window from which an item is at risk.
    package init(
        _ options: Options, catalog: any CatalogReader, riskTime: @escaping @Sendable () -> TimeInterval = { AtRisk.time }
    ) throws {
        try self.init(options, source: CatalogGallerySource(catalog: catalog, riskTime: riskTime))
    }
}

/// Adapts a catalog to the queries of a live gallery.
private struct CatalogGallerySource: GallerySource {
    let catalog: any CatalogReader
    let riskTime: @Sendable () -> TimeInterval

    func fingerprint() async throws -> CatalogFingerprint { try await catalog.fingerprint() }

    func entries(of day: Date) async throws -> [OutputEntry] {
        try await catalog.entries(
            EntryQuery(states: [.archived, .unavailable], since: day, before: day.addingTimeInterval(86_400)))
    }

    func waiting(asOf now: Date) async throws -> WaitingList? {
        try await WaitingList.find(in: catalog, now: now, riskTime: riskTime())
    }
}
