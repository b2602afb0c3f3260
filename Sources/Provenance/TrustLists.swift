package import ArchiveModel
import ContentCredentials
import Foundation

/// The lists that settings name: their bytes, their digests, and the verifier's policy from them.
package struct TrustLists: Sendable {
    private let settings: TrustSettings

    package init(_ settings: TrustSettings) { self.settings = settings }

    private var signers: [UInt8] { settings.signers.map { Array($0) } ?? EmbeddedList.signers.bytes }
    private var timeAuthorities: [UInt8] { settings.timeAuthorities.map { Array($0) } ?? EmbeddedList.timeAuthorities.bytes }

    /// The bytes of each list, which an archive keeps as evidence.
    package var files: [[UInt8]] {
        [signers, timeAuthorities, EmbeddedList.vendorTime.bytes]
            + [settings.addedSigners, settings.addedTimeAuthorities].compactMap { $0.map { Array($0) } }
    }

    /// - Throws: ``TrustListError``, which names the list.
    func policy() throws(TrustListError) -> TrustPolicy {
        if settings.isOfficial { return .embedded() }
        var policy = TrustPolicy.embedded()
        policy = TrustPolicy(
            signers: try Self.list(signers, "the list of signers"),
            timeAuthorities: try Self.list(timeAuthorities, "the list of time-stamp authorities"),
            vendorTimeAuthorities: policy.vendorTimeAuthorities)
        if let added = settings.addedSigners {
            policy.signers = policy.signers.adding(try Self.list(Array(added), "the file of trust anchors"))
        }
        if let added = settings.addedTimeAuthorities {
            let list = try Self.list(Array(added), "the file of time-stamp anchors")
            policy.timeAuthorities = policy.timeAuthorities.adding(list)
        }
        return policy
    }

    private static func list(_ bytes: [UInt8], _ name: String) throws(TrustListError) -> TrustList {
        do {
            let isJSON = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == 0x7B
            return try isJSON ? TrustList(lote: bytes) : TrustList(pem: bytes)
        } catch {
            throw TrustListError(description: "\(name) can't be read: \(error)")
        }
    }

    /// The digests as the record names them.
    package var digests: CredentialFacts.Trust {
        var trust = CredentialFacts.Trust(signers: Digest(of: signers), timeAuthorities: Digest(of: timeAuthorities))
        trust.addedSigners = settings.addedSigners.map { Digest(of: Array($0)) }
        trust.addedTimeAuthorities = settings.addedTimeAuthorities.map { Digest(of: Array($0)) }
        trust.vendorTime = Digest(of: EmbeddedList.vendorTime.bytes)
        trust.usages = TrustPolicy.defaultUsages
        return trust
    }
}
