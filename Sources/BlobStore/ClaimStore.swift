package import ArchiveModel

/// The marked claims. Nothing in this store is ever overwritten.
package protocol ClaimStore: Sendable {
    /// The IDs of all claims, and foreign files.
    func listing() async throws -> ClaimListing

    /// The bytes of a claim; `nil` when there is none.
    func bytes(of id: ClaimID) async throws -> [UInt8]?

    /// Writes a claim; returns when it is durable.
    ///
    /// Only one process writes at a time, so no output is claimed twice.
    /// - Parameter known: The claims that the writer has read.
    /// - Returns: `false` when there are other claims than these; nothing is written then.
    func create(_ bytes: [UInt8], as id: ClaimID, after known: Set<ClaimID>) async throws -> Bool

    /// The path of a claim inside the archive, for messages.
    func path(of id: ClaimID) -> String
}

package struct ClaimListing: Sendable, Hashable {
    /// In the order of their names.
    package var claims: [ClaimID] = []
    /// Paths of files and folders that are not part of the archive.
    package var strays: [String] = []
    /// The number of files left by operating systems and sync programs.
    package var litter = 0

    package init() {}
}
