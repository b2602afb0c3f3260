import ArchiveModel
package import Catalog
import Foundation
package import Gallery

extension LiveGallery {
    /// The gallery of a catalog.
    package init(_ options: Options, catalog: any Catalog) throws {
        try self.init(options, source: CatalogGallerySource(catalog: catalog))
    }
}

/// The catalog, as a live gallery asks it.
private struct CatalogGallerySource: GallerySource {
    let catalog: any Catalog

    func census() async throws -> Census { try await catalog.census() }

    func entries(of day: Date) async throws -> [OutputEntry] {
        try await catalog.entries(
            EntryQuery(states: [.archived, .unavailable], since: day, before: day.addingTimeInterval(86_400)))
    }
}
