package import ArchiveModel
package import Foundation

/// Extends ``Catalog`` for verify, repair and rebuild: comparing rows with records, rebuilding rows, and the time each blob was last
/// scrubbed.
package protocol CatalogMaintenance: Catalog {
    /// Replaces the rows of ended tasks and outputs with the contents of the records. Pending rows stay.
    /// - Parameters:
    ///   - unfinished: Tasks in `outputs` that have more results than these records; they are queued to be read again.
    ///   - now: When reading the records began. Rows that ended later stay too.
    func rebuild(outputs: [ArchiveRecord], tasks: [TaskRecord], unfinished: Set<TaskID>, now: Date) async throws

    /// Damage of the database file and its contents, as messages; empty when it is intact.
    /// - Parameter deep: Whether to also compare the indexes and the full-text index with their tables. Writers wait while this
    ///   runs.
    func damage(deep: Bool) async throws -> [String]

    /// Compares records with their rows, column by column.
    /// - Parameter records: Parsed records and the bytes of their files. All records of a task must be in the same call;
    ///   otherwise facts from a missing record count as differences.
    func compare(_ records: [(record: StoredRecord, bytes: [UInt8])]) async throws -> [RowDifference]

    /// Lists the rows that must have a record. Ended outputs come first, then tasks that ended without an output.
    /// - Parameter position: The position of the last row of the previous page; `nil` for the first page.
    func endedRows(after position: EndedRow.Position?, limit: Int) async throws -> [EndedRow]

    /// The bytes of an output's record as stored in the catalog; `nil` if the catalog has no copy.
    func recordCopy(of id: OutputID) async throws -> [UInt8]?

    /// Blobs of earlier deliveries that are kept for pending outputs. No record names them yet.
    func candidateBlobs() async throws -> [BlobReference]

    /// Builds a record from an ended output's row. Facts that only the original record held, such as the response of the storage
    /// host, are missing. Derivative sizes are unknown and set to 0. `nil` when there is no such row.
    func rowRecord(of id: OutputID) async throws -> ArchiveRecord?

    /// Builds a record from a task's row. The task must have ended without an output, or its record must hold the API's answer
    /// for its outputs. `nil` for any other task, or when there is no row.
    func taskRecord(of id: TaskID) async throws -> TaskRecord?

    /// Rebuilds rows from records, replacing existing rows. Rows leased by a worker are left alone.
    func upsert(_ records: [StoredRecord], now: Date) async throws

    /// Records that an output's original is lost. If `reading` is true, the task is queued to be read again for a fresh link.
    func reopen(_ record: ArchiveRecord, reading: Bool, now: Date) async throws

    /// When blobs were last read in full.
    /// - Parameter prefix: The first two hexadecimal digits of their digests.
    func scrubs(prefix: String) async throws -> [BlobScrub]

    /// Records that blobs were read in full.
    func saveScrubs(_ scrubs: [BlobScrub]) async throws

    /// Deletes the scrub times of blobs.
    func forgetScrubs(of digests: [Digest]) async throws
}

/// A difference between a record and the catalog.
package struct RowDifference: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The catalog has no row for the record.
        case noRow
        /// The output is still in the queue; its row will be updated soon.
        case queued
        /// The names of the columns that differ.
        case columns([String])
        /// The request became known after the record was written.
        case newerRequest
        /// Records refer to their task's record for the API's answer, but that record is missing.
        case noTaskRecord
    }

    package var task: TaskID
    /// `nil` when the difference concerns the whole task.
    package var index: Int?
    package var kind: Kind
}

/// A row that should have a record.
package struct EndedRow: Sendable, Hashable {
    package struct Position: Sendable, Hashable {
        var isTask: Bool
        var key: Int64
    }

    package var position: Position
    package var task: TaskID
    /// `nil` for a task that ended without an output.
    package var index: Int?
    /// The day whose folder holds the record.
    package var day: Date
}

/// When a blob was last read in full.
package struct BlobScrub: Sendable, Hashable {
    package var digest: Digest
    package var readAt: Date
    /// Whether the blob's contents matched its digest.
    package var isSound: Bool

    package init(digest: Digest, readAt: Date, isSound: Bool) {
        self.digest = digest
        self.readAt = readAt
        self.isSound = isSound
    }
}
