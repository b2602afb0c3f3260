package import ArchiveModel

/// Provides originals and records for a bag.
package protocol BagSource: Sendable {
    /// A local file with the blob's contents; `nil` when the archive does not have the blob.
    func path(of digest: Digest) async throws -> String?

    /// The stored record of an output; `nil` when it is missing or unreadable.
    func record(of entry: OutputEntry) async throws -> BagRecord?
}

/// A record as stored in the archive.
package struct BagRecord: Sendable {
    package var bytes: [UInt8]
    /// Whether it refers to its task's record for the API's answer.
    package var refersToTask: Bool
    /// The bytes of the task's record; `nil` when it is missing or unreadable.
    package var taskRecord: [UInt8]?

    package init(bytes: [UInt8], refersToTask: Bool = false, taskRecord: [UInt8]? = nil) {
        self.bytes = bytes
        self.refersToTask = refersToTask
        self.taskRecord = taskRecord
    }
}
