package import ArchiveModel
package import BlobStore
package import Catalog
import Foundation

/// Rebuilds the catalog from the records.
package struct CatalogRebuilder: Sendable {
    private let blobs: any BlobStore
    private let records: any RecordStore
    private let catalog: any CatalogMaintenance
    private let clock: any WallClock
    private let results: @Sendable (JSONValue) -> Int

    /// - Parameter results: Returns how many results an answer of the upstream names. A task with fewer records is read again.
    package init(
        blobs: any BlobStore, records: any RecordStore, catalog: any CatalogMaintenance, clock: any WallClock,
        results: @escaping @Sendable (JSONValue) -> Int
    ) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.clock = clock
        self.results = results
    }

    /// The results of a rebuild.
    package struct Summary: Sendable, Encodable {
        package var outputs = 0
        package var tasks = 0
        /// Files among the records that are not valid records, with the reason.
        package var unreadable: [String] = []
        /// Outputs whose original is not among the blobs.
        package var withoutOriginal: [String] = []
        /// Outputs without a readable record file that were recovered from the catalog's own copy.
        package var remembered: [String] = []
    }

    /// Adds the contents of every readable record. If an output has two records, the one that ended later wins.
    ///
    /// - Parameter remembered: Record copies from a damaged catalog, used for outputs without a readable file.
    package func rebuild(remembered: [ArchiveRecord] = []) async throws -> Summary {
        let start = clock.now
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
        for record in try await remembered + own(without: outputs) where outputs[record.id] == nil {
            outputs[record.id] = record
            summary.remembered.append("\(record.id)")
        }
        for record in outputs.values where record.state == .archived {
            guard let original = record.original else { continue }
            if try await blobs.size(of: original.digest) != original.bytes { summary.withoutOriginal.append("\(record.id)") }
        }
        let ended = Dictionary(grouping: outputs.values, by: \.task)
        let rest = tasks.values.filter { ended[$0.task] == nil }
        // Task records that only hold the answer for their outputs; the outputs' records hold all other facts.
        let answers = tasks.values.filter { ended[$0.task]?.contains { $0.taskJSONFile != nil } ?? false }
        try await catalog.rebuild(
            // Sorted by end time, so that the last record of a task decides the task's facts.
            outputs: outputs.values.sorted { ($0.endedAt, $0.index) < ($1.endedAt, $1.index) }, tasks: rest + answers,
            unfinished: Set(ended.filter { isUnfinished($0.value, tasks[$0.key]) }.keys), now: start)
        summary.outputs = outputs.count
        summary.tasks = ended.count + rest.count
        summary.unreadable.sort()
        summary.withoutOriginal.sort()
        summary.remembered.sort()
        return summary
    }

    /// Records that only the catalog holds. Without them, the rebuild would lose data that can still be repaired.
    private func own(without known: [OutputID: ArchiveRecord]) async throws -> [ArchiveRecord] {
        var found: [ArchiveRecord] = []
        var position: EndedRow.Position?
        while let last = try await {
            let page = try await catalog.endedRows(after: position, limit: 1000)
            for row in page {
                guard let id = row.index.map({ OutputID(task: row.task, index: $0) }), known[id] == nil,
                    let bytes = try await catalog.recordCopy(of: id), case .output(let record) = try? RecordFile.read(bytes)
                else { continue }
                found.append(record)
            }
            return page.last
        }() { position = last.position }
        return found
    }

    /// Whether the task named more results than there are records, so that it must be read again.
    private func isUnfinished(_ outputs: [ArchiveRecord], _ task: TaskRecord?) -> Bool {
        let answers = outputs.map(\.taskJSON) + [task?.taskJSON]
        return outputs.count < (answers.compactMap { $0.map(results) }.max() ?? 0)
    }
}
