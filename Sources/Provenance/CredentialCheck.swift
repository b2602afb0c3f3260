package import ArchiveModel
import ContentCredentials
package import Foundation
import ImageCodecs

/// Checks the Content Credentials of files, with one set of trust lists.
package final class CredentialCheck: Sendable {
    private let validator: CredentialValidator
    private let trust: CredentialFacts.Trust

    /// - Throws: ``TrustListError`` for a list that can't be read.
    package init(_ settings: TrustSettings) throws(TrustListError) {
        let lists = TrustLists(settings)
        validator = CredentialValidator(trust: try lists.policy())
        trust = lists.digests
    }

    /// With the embedded lists alone.
    package static let official: CredentialCheck = {
        do { return try CredentialCheck(.official) } catch { preconditionFailure("an embedded list: \(error)") }
    }()

    /// - Throws: ``TrustListError``.
    package static func with(_ settings: TrustSettings) throws(TrustListError) -> CredentialCheck {
        settings.isOfficial ? official : try CredentialCheck(settings)
    }

    /// The verdict on a file, and what the file says about itself.
    ///
    /// Never fails: hostile bytes are a result too.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - now: The time at which certificates must be valid, unless a trusted time stamp says another one.
    package func facts(of bytes: Span<UInt8>, now: Date) -> CredentialFacts { check(bytes, now: now).0 }

    /// The verdict with what proves it.
    package func evidence(of bytes: Span<UInt8>, now: Date) -> CredentialEvidence {
        let (facts, place, report) = check(bytes, now: now)
        guard let place, let report else {
            return CredentialEvidence(facts: facts, crJSON: try? CrJSON.bytes([], [], now: now))
        }
        let manifest = place.payloads.flatMap { bytes.copy($0) }
        return CredentialEvidence(
            facts: facts, manifest: Data(manifest), chain: report.chain.map { Data($0) },
            token: (report.timeStamp?.token).map { Data($0) },
            crJSON: try? CrJSON.bytes(manifest, report.codes, now: now))
    }

    private func check(_ bytes: Span<UInt8>, now: Date) -> (CredentialFacts, CredentialsPlace?, CredentialReport?) {
        guard let place = CredentialsPlace(in: bytes) else { return (CredentialFacts(state: .absent, checkedAt: now), nil, nil) }
        let location = CredentialsLocation(
            units: place.units, payloads: place.payloads, stores: place.stores, isDamaged: place.isDamaged,
            pictureData: place.pictureData)
        let report = validator.report(of: bytes, at: location, now: now)
        var facts = CredentialFacts(report, checkedAt: now)
        let store = place.payloads.flatMap { bytes.copy($0) }
        facts.store = CredentialFacts.Store(bytes: store.count, sha256: Digest(of: store), units: place.units)
        facts.trust = trust
        return (facts, place, report)
    }
}

/// What proves a verdict to a third party.
package struct CredentialEvidence: Sendable, Hashable, Codable {
    package var facts: CredentialFacts
    /// The manifest store as the file holds it.
    package var manifest: Data?
    /// The signer's certificates in DER, the leaf first.
    package var chain: [Data]
    /// The time stamp's token in DER.
    package var token: Data?
    /// The verdict and the decoded manifests as crJSON.
    package var crJSON: Data?

    package init(
        facts: CredentialFacts, manifest: Data? = nil, chain: [Data] = [], token: Data? = nil, crJSON: Data? = nil
    ) {
        (self.facts, self.manifest, self.chain, self.token, self.crJSON) = (facts, manifest, chain, token, crJSON)
    }
}

/// A trust list that can't be read.
package struct TrustListError: Error, CustomStringConvertible {
    package let description: String
}
