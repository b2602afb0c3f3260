import BlobStore
import Catalog
import Foundation
import GenerationAPI

/// Detects that the catalog's files or the archive's marker were replaced while this process has them open.
struct CatalogFile: Sendable {
    private let catalog: SQLiteCatalog
    private let markerPath: String
    private let archiveID: String

    init(_ folder: ArchiveFolder, _ catalog: SQLiteCatalog) {
        self.catalog = catalog
        markerPath = folder.path + "/" + ArchiveFolder.markerName
        archiveID = folder.marker.archiveID
    }

    /// Reports or clears the problem `catalog-replaced`.
    func check(_ monitor: UpstreamMonitor) {
        if let problem { monitor.report(problem) } else { monitor.clear(.catalogReplaced) }
    }

    private var problem: UpstreamProblem? {
        if let problem = catalog.fileProblem() { return UpstreamProblem(.catalogReplaced, problem) }
        guard let text = FileManager.default.contents(atPath: markerPath),
            String(decoding: text, as: UTF8.self).contains(archiveID)
        else {
            return UpstreamProblem(
                .catalogReplaced, "the marker \(markerPath) was removed or replaced while this program uses it")
        }
        return nil
    }
}
