package import ArchiveModel

/// Where a bag gets originals and records from.
package protocol BagSource: Sendable {
    /// A local file that holds a blob; `nil` when the archive does not have it.
    func path(of digest: Digest) async throws -> String?

    /// An output's record as the archive keeps it; `nil` when there is none, or none that can be read.
    func record(of entry: OutputEntry) async throws -> BagRecord?
}

/// A record as the archive keeps it.
package struct BagRecord: Sendable {
    package var bytes: [UInt8]
    /// Whether it refers to the record of its task for the API's answer.
    package var refersToTask: Bool
    /// The bytes of that one; `nil` when there is none, or none that can be read.
    package var taskRecord: [UInt8]?

    package init(bytes: [UInt8], refersToTask: Bool = false, taskRecord: [UInt8]? = nil) {
        self.bytes = bytes
        self.refersToTask = refersToTask
        self.taskRecord = taskRecord
    }
}
