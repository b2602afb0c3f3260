package import ArchiveModel
package import Foundation

/// The records, one small file each: the truth from which the catalog can be made again.
package protocol RecordStore: Sendable {
    /// Writes a record, over an earlier one of the same output; returns when it is durable.
    func write(_ record: ArchiveRecord) async throws

    /// Writes an output's record where `standing` stands, and only there: what somebody else has written meanwhile, such as a worker
    /// that took over, is not written over. A file there that is no record counts as none.
    ///
    /// - Parameter standing: The record that is there as far as the caller knows; `nil` for none.
    /// - Returns: `nil` when `record` is written and durable, or else the record that stands there instead.
    func write(_ record: ArchiveRecord, over standing: ArchiveRecord?) async throws -> ArchiveRecord?

    /// Writes a task's record, over an earlier one of the same task; returns when it is durable.
    func write(_ record: TaskRecord) async throws

    /// The record of an output.
    /// - Parameter day: When its task was created, or discovered where that is unknown: records lie by that day.
    /// - Returns: `nil` when there is none.
    /// - Throws: ``BlobStoreError`` with code `unreadableRecord` for a file that is no record.
    func record(of id: OutputID, day: Date) async throws -> ArchiveRecord?

    /// Every record, in the order of days and names. What is neither a record nor in the place of one is left out.
    func records() -> AsyncThrowingStream<RecordListing, any Error>
}

/// What verifying and mending take beyond ``RecordStore``.
package protocol RecordUpkeep: RecordStore {
    /// Where a record belongs, inside the store.
    func path(of record: StoredRecord) -> String

    /// Where the record of an output belongs whose task was created, or discovered, on a day.
    func path(of id: OutputID, day: Date) -> String

    /// Where the record of a task belongs that was created, or discovered, on a day.
    func path(of task: TaskID, day: Date) -> String

    /// As ``RecordStore/records()``, with what does not belong there.
    func listings() -> AsyncThrowingStream<RecordListing, any Error>

    /// One file among the records; `nil` when there is none.
    func listing(at path: String) async throws -> RecordListing?

    /// Gives a damaged record a second name in the quarantine, so that a whole one may take its place.
    /// - Returns: Where it lies now.
    func keep(_ path: String, note: QuarantineNote) async throws -> String

    /// Moves a file that has no business among the records to the quarantine.
    /// - Returns: Where it lies now.
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
        /// A record, or what lies in the place of one.
        case record
        /// Left by a system or a sync program; see ``Litter``.
        case litter
        /// Anything else, which somebody put there.
        case stray
    }

    package var kind = Kind.record
    /// The path inside the store.
    package let path: String
    /// The record, or why the file is none.
    package let record: Result<StoredRecord, BlobStoreError>
    /// The file's bytes; empty when they could not be read.
    package var bytes: [UInt8] = []
}
