package import ArchiveModel
import ContentCredentials
package import Foundation

/// The trust lists of a check. Without a list of the operator, the official lists of the C2PA count, which are embedded unchanged.
package struct TrustSettings: Sendable, Hashable, Codable {
    /// Replaces the official list of signers: PEM, or JSON as the C2PA publishes it.
    package var signers: Data?
    /// Replaces the official list of time-stamp authorities.
    package var timeAuthorities: Data?
    /// Anchors for signers, in addition to the list.
    package var addedSigners: Data?
    /// Anchors for time-stamp authorities, in addition to the list.
    package var addedTimeAuthorities: Data?

    package init(
        signers: Data? = nil, timeAuthorities: Data? = nil, addedSigners: Data? = nil, addedTimeAuthorities: Data? = nil
    ) {
        (self.signers, self.timeAuthorities) = (signers, timeAuthorities)
        (self.addedSigners, self.addedTimeAuthorities) = (addedSigners, addedTimeAuthorities)
    }

    /// The embedded lists alone.
    package static let official = TrustSettings()

    /// Whether a list of the operator replaces or extends an embedded one.
    package var isOfficial: Bool { self == .official }
}

/// A list that is embedded in the program: issued by the C2PA under CC BY 4.0, or the vendor's own root.
package struct EmbeddedList: Sendable {
    package let name: String
    package let bytes: [UInt8]

    package static let signers = EmbeddedList(name: "C2PA Trust List", bytes: TrustPolicy.embeddedSigners)
    package static let timeAuthorities = EmbeddedList(
        name: "C2PA TSA Trust List", bytes: TrustPolicy.embeddedTimeAuthorities)
    package static var all: [EmbeddedList] { [signers, timeAuthorities, vendorTime] }

    package var digest: Digest { Digest(of: bytes) }

    /// When the publisher means to replace the list; `nil` if it does not say so.
    package var nextUpdate: Date? { (try? TrustList(lote: bytes))?.nextUpdate }
    package var issued: Date? { (try? TrustList(lote: bytes))?.issued }

    /// The root of OpenAI's own time-stamp authority, which is not on the official list.
    package static let vendorTime = EmbeddedList(name: "OpenAI TSA root", bytes: TrustPolicy.embeddedVendorTimeAuthority)
}
