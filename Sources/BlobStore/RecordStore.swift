package import ArchiveModel
package import Foundation

/// The records, one small file each. They are authoritative: the catalog can be rebuilt from them.
package protocol RecordStore: Sendable {
    /// Writes a record, replacing an earlier one of the same output; returns when it is durable.
    func write(_ record: ArchiveRecord) async throws

    /// Compare and swap: writes an output's record only if the existing record equals `standing`. This protects a record that
    /// another worker has written meanwhile. A file that is not a valid record counts as missing.
    ///
    /// - Parameter standing: The record that the caller expects to find; `nil` for none.
    /// - Returns: `nil` when `record` is written and durable; otherwise the existing record.
    func write(_ record: ArchiveRecord, over standing: ArchiveRecord?) async throws -> ArchiveRecord?

    /// Writes a task's record, replacing an earlier one of the same task; returns when it is durable.
    func write(_ record: TaskRecord) async throws

    /// The record of an output.
    /// - Parameter day: The day when its task was created (discovered, if the creation time is unknown). Records are stored by
    ///   this day.
    /// - Returns: `nil` when there is none.
    /// - Throws: ``BlobStoreError`` with code `unreadableRecord` for a file that is not a valid record.
    func record(of id: OutputID, day: Date) async throws -> ArchiveRecord?

    /// Every record, in the order of days and names. Files that are neither records nor at a record's path are left out.
    func records() -> AsyncThrowingStream<RecordListing, any Error>
}

/// Extends ``RecordStore`` for verify and repair.
package protocol RecordUpkeep: RecordStore {
    /// The correct path of a record, inside the store.
    func path(of record: StoredRecord) -> String

    /// The correct path of an output's record. `day` is when its task was created or discovered.
    func path(of id: OutputID, day: Date) -> String

    /// The correct path of a task's record. `day` is when the task was created or discovered.
    func path(of task: TaskID, day: Date) -> String

    /// Like ``RecordStore/records()``, but includes foreign files.
    func listings() -> AsyncThrowingStream<RecordListing, any Error>

    /// One file among the records; `nil` when there is none.
    func listing(at path: String) async throws -> RecordListing?

    /// Links a damaged record into the quarantine, so that an intact one may replace it.
    /// - Returns: Its path in the quarantine.
    func keep(_ path: String, note: QuarantineNote) async throws -> String

    /// Moves a file that does not belong among the records to the quarantine.
    /// - Returns: Its new path.
    func quarantine(_ path: String, note: QuarantineNote) async throws -> String
}

extension RecordStore {
    package func write(_ record: StoredRecord) async throws {
        switch record {
        case .output(let record): try await write(record)
        case .task(let record): try await write(record)
        }
    }
}

/// A file found among the records.
package struct RecordListing: Sendable {
    package enum Kind: Sendable {
        /// A record, or any object at a record's path.
        case record
        /// Left by an operating system or a sync program; see ``Litter``.
        case litter
        /// Any other foreign file.
        case stray
    }

    package var kind = Kind.record
    /// The path inside the store.
    package let path: String
    /// The record, or why the file is not a valid record.
    package let record: Result<StoredRecord, BlobStoreError>
    /// The file's bytes; empty when they could not be read.
    package var bytes: [UInt8] = []
}
