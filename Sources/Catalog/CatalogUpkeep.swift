package import ArchiveModel
package import Foundation

/// What verifying and mending take beyond ``Catalog``: rows held against records, rows made again, and when each blob was last read.
package protocol CatalogUpkeep: Catalog {
    /// What is wrong with the catalog as a file and in itself, in words; empty when it is sound.
    /// - Parameter deep: Whether indexes and the text search are held against what they index too. Writers wait meanwhile.
    func damage(deep: Bool) async throws -> [String]

    /// Holds records against the rows that they would give, column by column.
    /// - Parameter records: With the bytes of their files. Of a task with several, all together, or what differs may be of another.
    func compare(_ records: [(record: StoredRecord, bytes: [UInt8])]) async throws -> [RowDifference]

    /// Rows that should have a record: ended outputs, then tasks that ended without a picture.
    /// - Parameter position: Where the page before ended; `nil` at the beginning.
    func endedRows(after position: EndedRow.Position?, limit: Int) async throws -> [EndedRow]

    /// The bytes of an output's record, as the catalog remembers them; `nil` when it does not.
    func recordCopy(of id: OutputID) async throws -> [UInt8]?

    /// The deliveries that are kept of outputs that wait: no record names them yet.
    func candidateBlobs() async throws -> [BlobReference]

    /// What an ended output's row says, as a record: without what only the record told, such as the answer of the storage host. The
    /// sizes of its derivatives are not known here, and 0. `nil` when there is no such row.
    func rowRecord(of id: OutputID) async throws -> ArchiveRecord?

    /// The record of a task that ended without a picture, or that holds the answer for its outputs, by its row; `nil` when there is
    /// no such row.
    func taskRecord(of id: TaskID) async throws -> TaskRecord?

    /// Makes the rows of records again, over those that are there. A row that a worker holds is left alone.
    func enter(_ records: [StoredRecord], now: Date) async throws

    /// Enters that an output's original is lost, and, when `reading`, that its task is to be read again for a fresh link.
    func reopen(_ record: ArchiveRecord, reading: Bool, now: Date) async throws

    /// When blobs were last read whole.
    /// - Parameter prefix: The first two hexadecimal digits of their digests.
    func scrubs(prefix: String) async throws -> [BlobScrub]

    /// Remembers that blobs were read whole.
    func note(_ scrubs: [BlobScrub]) async throws

    /// Forgets when blobs were read.
    func forgetScrubs(of digests: [Digest]) async throws
}

/// What a record and the catalog say differently.
package struct RowDifference: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The catalog has no such row.
        case noRow
        /// The queue still holds the output, so the row will say so soon.
        case queued
        /// The names of the columns that differ.
        case columns([String])
        /// The request became known after the record was written.
        case newerRequest
        /// Records refer to the record of their task for the API's answer, and there is none.
        case noTaskRecord
    }

    package var task: TaskID
    /// `nil` for what concerns the task as a whole.
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
    /// `nil` for a task that ended without a picture.
    package var index: Int?
    /// The day that its record lies under.
    package var day: Date
}

/// When a blob was last read whole.
package struct BlobScrub: Sendable, Hashable {
    package var digest: Digest
    package var readAt: Date
    /// Whether its bytes were those of its name.
    package var isSound: Bool

    package init(digest: Digest, readAt: Date, isSound: Bool) {
        self.digest = digest
        self.readAt = readAt
        self.isSound = isSound
    }
}
