package import ArchiveModel
package import Foundation

/// A record of either kind.
package enum StoredRecord: Sendable {
    case output(ArchiveRecord)
    case task(TaskRecord)
}

/// The records, one small file each: the truth from which the catalog can be made again.
package protocol RecordStore: Sendable {
    /// Writes a record, over an earlier one of the same output; returns when it is durable.
    func write(_ record: ArchiveRecord) async throws

    /// Writes a task's record, over an earlier one of the same task; returns when it is durable.
    func write(_ record: TaskRecord) async throws

    /// The record of an output.
    /// - Parameter day: When its task was created, or discovered where that is unknown: records lie by that day.
    /// - Returns: `nil` when there is none.
    /// - Throws: ``BlobStoreError`` with code `unreadableRecord` for a file that is no record.
    func record(of id: OutputID, day: Date) async throws -> ArchiveRecord?

    /// Every record, in the order of days and names.
    func records() -> AsyncThrowingStream<RecordListing, any Error>
}

/// A file found among the records.
package struct RecordListing: Sendable {
    /// For people: the path inside the store.
    package let path: String
    /// The record, or why the file is none.
    package let record: Result<StoredRecord, BlobStoreError>
}
