package import ArchiveModel

/// The seals over the records, each with the token of its time stamp. Nothing in this store is ever overwritten.
package protocol SealStore: Sendable {
    /// The names of all seals and tokens, and foreign files.
    func listing() async throws -> SealListing

    /// The bytes of a seal or token; `nil` when there is none.
    func bytes(of name: SealName, _ part: SealPart) async throws -> [UInt8]?

    /// Writes a seal or token; returns when it is durable.
    /// - Returns: `false` when there is one already, which stays.
    func create(_ bytes: [UInt8], as name: SealName, _ part: SealPart) async throws -> Bool

    /// The path of a seal or token inside the archive, for messages.
    func path(of name: SealName, _ part: SealPart) -> String
}

/// A file of a seal.
package enum SealPart: String, Sendable, CaseIterable {
    /// The seal itself.
    case seal = ".json"
    /// The time-stamp token of RFC 3161 over its root, in DER.
    case token = ".tst"
}

package struct SealListing: Sendable, Hashable {
    /// In the order of days and numbers.
    package var seals: [SealName] = []
    package var tokens: Set<SealName> = []
    /// Paths of files and folders that are not part of the archive.
    package var strays: [String] = []
    /// The number of files left by operating systems and sync programs.
    package var litter = 0

    package init() {}
}
