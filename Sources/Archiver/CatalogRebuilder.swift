package import ArchiveModel
package import BlobStore
package import Catalog
import Foundation
import GenerationAPI

/// Makes the catalog again from the records.
package struct CatalogRebuilder: Sendable {
    private let blobs: any BlobStore
    private let records: any RecordStore
    private let catalog: any Catalog
    private let clock: any WallClock

    package init(blobs: any BlobStore, records: any RecordStore, catalog: any Catalog, clock: any WallClock) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.clock = clock
    }

    /// What a rebuilding has found.
    package struct Summary: Sendable, Encodable {
        package var outputs = 0
        package var tasks = 0
        /// Files among the records that are none, and why.
        package var unreadable: [String] = []
        /// Outputs whose original is not among the blobs.
        package var withoutOriginal: [String] = []
    }

    /// Enters what every readable record says. Of two records of one output the later ended counts.
    package func rebuild() async throws -> Summary {
        var summary = Summary()
        var outputs: [OutputID: ArchiveRecord] = [:]
        var tasks: [TaskID: TaskRecord] = [:]
        for try await listing in records.records() {
            switch listing.record {
            case .failure(let error): summary.unreadable.append("\(listing.path): \(error.detail)")
            case .success(.task(let record)): tasks[record.task] = record
            case .success(.output(let record)):
                if let other = outputs[record.id], other.endedAt > record.endedAt { continue }
                outputs[record.id] = record
            }
        }
        for record in outputs.values {
            guard let original = record.original else { continue }
            if try await blobs.size(of: original.digest) != original.bytes { summary.withoutOriginal.append("\(record.id)") }
        }
        let ended = Dictionary(grouping: outputs.values, by: \.task)
        let rest = tasks.values.filter { ended[$0.task] == nil }
        try await catalog.rebuild(
            outputs: Array(outputs.values), tasks: Array(rest),
            unfinished: Set(ended.filter { Self.isUnfinished($0.value) }.keys),
            now: clock.now)
        summary.outputs = outputs.count
        summary.tasks = ended.count + rest.count
        summary.unreadable.sort()
        summary.withoutOriginal.sort()
        return summary
    }

    /// Whether the task named more results than have a record: then it must be read again.
    private static func isUnfinished(_ outputs: [ArchiveRecord]) -> Bool {
        let named = outputs.compactMap { $0.taskJSON.flatMap(TaskSnapshot.init)?.links.count }.max() ?? 0
        return outputs.count < named
    }
}
