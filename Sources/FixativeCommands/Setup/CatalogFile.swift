import BlobStore
import Foundation
import GenerationAPI
import Glibc

/// The catalog's file and the archive's marker, as they were when this process opened them.
///
/// SQLite goes on with a file that was unlinked or replaced: what is written to it then is lost without an error.
struct CatalogFile: Sendable {
    private struct Identity: Sendable, Equatable {
        var device: UInt
        var number: UInt

        /// `nil` when there is no such file.
        init?(_ path: String) {
            var facts = stat()
            guard unsafe lstat(path, &facts) == 0 else { return nil }
            device = UInt(facts.st_dev)
            number = UInt(facts.st_ino)
        }
    }

    private let catalogPath: String
    private let markerPath: String
    private let catalog: Identity?
    private let archiveID: String

    init(_ folder: ArchiveFolder) {
        catalogPath = folder.catalogPath
        markerPath = folder.path + "/" + ArchiveFolder.markerName
        catalog = Identity(folder.catalogPath)
        archiveID = folder.marker.archiveID
    }

    /// Reports `catalog-replaced`, or clears it.
    func check(_ monitor: UpstreamMonitor) {
        if let problem { monitor.report(problem) } else { monitor.clear(.catalogReplaced) }
    }

    private var problem: UpstreamProblem? {
        guard let now = Identity(catalogPath) else {
            return UpstreamProblem(.catalogReplaced, "the catalog \(catalogPath) was removed while this program uses it")
        }
        guard now == catalog else {
            return UpstreamProblem(.catalogReplaced, "the catalog \(catalogPath) was replaced while this program uses it")
        }
        guard let text = FileManager.default.contents(atPath: markerPath),
            String(decoding: text, as: UTF8.self).contains(archiveID)
        else {
            return UpstreamProblem(
                .catalogReplaced, "the marker \(markerPath) was removed or replaced while this program uses it")
        }
        return nil
    }
}
