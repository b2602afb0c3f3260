package import ArchiveModel

/// Where a bag gets originals and records from.
package protocol BagSource: Sendable {
    /// A local file that holds a blob; `nil` when the archive does not have it.
    func path(of digest: Digest) async throws -> String?

    /// The bytes of an output's record as the archive keeps them; `nil` when there is none, or none that can be read.
    func record(of entry: OutputEntry) async throws -> [UInt8]?
}
