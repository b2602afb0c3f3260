import ArchiveModel
import BlobStore
import Synchronization

/// Stores the API's answers about tasks with many results once, instead of in the record of each result.
///
/// An answer that takes more than ``ArchiveRecord/largestOwnAnswer`` bytes goes into the record of the task, before any record of an
/// output that refers to it.
final class SharedAnswers: Sendable {
    private let records: any RecordStore
    /// Of each task the hash of the answer that this process has written last.
    private let written = Mutex<[TaskID: Int]>([:])
    private static let mostRemembered = 1000

    init(_ records: any RecordStore) { self.records = records }

    /// The record as it is to be written: with its own copy of a small answer, with a reference to a large one.
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
