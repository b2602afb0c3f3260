package import Foundation

/// The Content Credentials of a picture as lists and galleries show them.
///
/// Names and times are set only for a manifest that may be believed, because any other manifest can name anyone: C2PA 2.4,
/// section 15.3.
package struct CredentialSummary: Sendable, Hashable, Codable {
    /// The clock behind the signing time.
    package enum Clock: String, Sendable, Hashable, Codable, CaseIterable {
        /// A time-stamp authority on the list.
        case listed
        /// The vendor's own time-stamp authority.
        case vendor
        /// Any other time-stamp authority.
        case unlisted
    }

    /// The verdict at the time of archiving.
    package var state: CredentialFacts.State
    /// `false` if the signature excludes parts of the coded pixels; otherwise `nil`.
    package var coversPicture: Bool?
    package var signer: String?
    /// The software that made the picture, such as `gpt-image`.
    package var agent: String?
    package var signedAt: Date?
    package var timeAuthority: String?
    package var clock: Clock?
    /// When an ordinary checker begins to call the picture invalid.
    package var turnsInvalidAt: Date?

    package init(state: CredentialFacts.State) { self.state = state }

    package init(_ facts: CredentialFacts) {
        self.init(state: facts.state)
        if facts.excludesPictureData { coversPicture = false }
        guard isBelievable else { return }
        signer = facts.signerName
        agent = facts.agent
        signedAt = facts.signedAt
        timeAuthority = facts.timeStamp?.authority
        clock = facts.clock
        turnsInvalidAt = facts.turnsInvalidAt
    }

    /// Whether the declarations of the manifest may be shown as facts.
    package var isBelievable: Bool { state.isValidOrBetter && coversPicture != false }

    /// Whether there is a manifest whose declarations may not be shown as facts.
    package var isDoubtful: Bool { state != .absent && !isBelievable }
}

extension CredentialFacts {
    /// Whether a signed exclusion reaches into the coded pixels.
    package var excludesPictureData: Bool { codes?.all.contains { $0.code == Self.pictureDataExcluded } == true }

    /// The clock behind ``signedAt``; `nil` without a time stamp.
    package var clock: CredentialSummary.Clock? {
        timeStamp.map { $0.trusted ? .listed : $0.vendors ? .vendor : .unlisted }
    }
}
