package import Foundation

/// The catalog's columns about the Content Credentials of one archived output.
package struct CredentialRow: Sendable, Hashable {
    package var id: OutputID
    package var createdAt: Date?
    /// The model that was ordered.
    package var model: String?
    package var digest: Digest?
    /// The state at the time of archiving; `nil` when it was never checked.
    package var state: CredentialFacts.State?
    package var signer: String?
    /// The software agent that made the picture, such as `gpt-image`.
    package var agent: String?
    package var generator: String?
    /// The label of the active manifest.
    package var manifest: String?
    package var signedAt: Date?
    package var turnsInvalidAt: Date?

    package init(id: OutputID) { self.id = id }
}
