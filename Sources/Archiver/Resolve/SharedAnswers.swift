import ArchiveModel
import BlobStore
import Synchronization

/// Stores the API's answer about a task with many results once, instead of in the record of each result.
///
/// An answer larger than ``ArchiveRecord/largestOwnAnswer`` bytes is written to the record of the task, before any record of an
/// output that refers to it.
final class SharedAnswers: Sendable {
    private let records: any RecordStore
    /// For each task, the hash of the last answer written by this process.
    private let written = Mutex<[TaskID: Int]>([:])
    private static let mostRemembered = 1000

    init(_ records: any RecordStore) { self.records = records }

    /// The record as it will be written: a small answer is included, a large one is referenced.
    func share(_ record: ArchiveRecord) async throws -> ArchiveRecord {
        guard let answer = record.taskJSON, answer.isLarger(than: ArchiveRecord.largestOwnAnswer) else { return record }
        let hash = answer.hashValue
        if written.withLock({ $0[record.task] }) != hash {
            try await records.write(
                TaskRecord(
                    task: record.task, state: .resolved, source: record.source, discoveredAt: record.discoveredAt,
                    createdAt: record.createdAt, request: record.request, taskJSON: answer))
            written.withLock { written in
                if written.count >= Self.mostRemembered { written = [:] }
                written[record.task] = hash
            }
        }
        var sharing = record
        sharing.taskJSON = nil
        sharing.taskJSONFile = record.task.recordName
        return sharing
    }
}
