package import Foundation

/// What a file says about itself in its Content Credentials, and how far that holds.
///
/// The states are those of the C2PA specification 2.4, section 14.3, with two of our own for files without a readable store.
package struct CredentialReport: Sendable {
    package enum State: String, Sendable, CaseIterable, Comparable {
        case absent, unreadable, invalid, valid, trusted

        package static func < (left: State, right: State) -> Bool {
            allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
        }
    }

    package var state: State
    /// Every status code of the specification's section 15.2.2, in the order of the checks.
    package var codes: [CredentialStatus]
    /// The bytes of the manifest store; 0 when the file has none.
    package var storeBytes: Int
    /// The active manifest's claim; `nil` when it is unreadable.
    package var claim: ClaimFacts?
    /// The actions of the active manifest, in their order.
    package var actions: [ActionFacts]
    package var ingredients: [IngredientFacts]
    package var signer: SignerFacts?
    package var timeStamp: TimeStampFacts?
    package var revocation: RevocationFacts?
    /// The kind of the hard binding, such as `c2pa.hash.data`.
    package var binding: String?
    /// Assertions that are listed and not judged, such as `c2pa.soft-binding` and `cawg.identity`.
    package var unjudged: [String]
    /// The signer's certificates in DER, the leaf first.
    package var chain: [[UInt8]]
    /// When the state falls without any new fact: the end of the signer's certificate where no trusted time stamp holds it.
    package var turnsInvalidAt: Date?
    /// Whether the signature was valid at its signing time by the clock of the vendor itself. This never changes the state.
    package var isValidByVendorTime: Bool

    package init(
        state: State, codes: [CredentialStatus] = [], storeBytes: Int = 0, claim: ClaimFacts? = nil, actions: [ActionFacts] = [],
        ingredients: [IngredientFacts] = [], signer: SignerFacts? = nil, timeStamp: TimeStampFacts? = nil,
        revocation: RevocationFacts? = nil,
        binding: String? = nil, unjudged: [String] = [], chain: [[UInt8]] = [], turnsInvalidAt: Date? = nil,
        isValidByVendorTime: Bool = false
    ) {
        self.state = state
        self.codes = codes
        self.storeBytes = storeBytes
        self.claim = claim
        self.actions = actions
        self.ingredients = ingredients
        self.signer = signer
        self.timeStamp = timeStamp
        self.revocation = revocation
        self.binding = binding
        self.unjudged = unjudged
        self.chain = chain
        self.turnsInvalidAt = turnsInvalidAt
        self.isValidByVendorTime = isValidByVendorTime
    }
}

package struct CredentialStatus: Sendable, Hashable {
    package enum Kind: String, Sendable { case success, informational, failure }
    package var code: String
    package var kind: Kind
    /// The JUMBF address of the box concerned.
    package var box: String?
    /// One short sentence in plain English, or a name taken from the file (at most 256 characters).
    package var why: String?
}

package struct ClaimFacts: Sendable, Hashable {
    /// The label of the active manifest.
    package var label: String
    /// 1 for `c2pa.claim`, 2 for `c2pa.claim.v2`.
    package var version: Int
    package var generatorName: String?
    package var generatorVersion: String?
    package var specVersion: String?
    package var title: String?
}

package struct ActionFacts: Sendable, Hashable {
    package var action: String
    package var agent: String?
    package var agentVersion: String?
    package var when: String?
    /// The whole IRI.
    package var digitalSourceType: String?
}

package struct IngredientFacts: Sendable, Hashable {
    package var title: String?
    package var format: String?
    package var relationship: String?
    /// The label of its manifest in this store.
    package var manifest: String?
}

package struct SignerFacts: Sendable, Hashable {
    package var name: String?
    package var organization: String?
    package var issuer: String?
    /// Lower-case hexadecimal digits.
    package var serial: String
    /// The COSE name, such as `ES256`.
    package var algorithm: String
    package var notBefore: Date
    package var notAfter: Date
    /// The record of the conforming product (extension 1.3.6.1.4.1.62558.4), where the certificate names one.
    package var product: String?
    /// The assurance level (extension 1.3.6.1.4.1.62558.3).
    package var assuranceLevel: Int?
}

package struct TimeStampFacts: Sendable, Hashable {
    package var time: Date
    /// The time as the token writes it, with its fractions of a second: `2026-05-06T10:02:43.408688Z`.
    package var text: String
    package var authority: String?
    /// Whether its chain ends at an anchor of the list of time-stamp authorities.
    package var isTrusted: Bool
    /// Whether its chain ends at the vendor's own, named anchor.
    package var isVendors: Bool
    /// The DER of the token, as evidence.
    package var token: [UInt8]
}

package struct RevocationFacts: Sendable, Hashable {
    /// `good`, `revoked`, or `unknown`.
    package var status: String
    package var thisUpdate: Date?
    package var nextUpdate: Date?
}
