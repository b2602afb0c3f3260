package import Foundation

/// The content of a picture's Content Credentials (C2PA), and the verdict on them.
///
/// The verdict at the top is the first one. Later verdicts are appended to ``history``; none is overwritten.
package struct CredentialFacts: Sendable, Hashable, Codable {
    /// The states of the C2PA specification 2.4, section 14.3, and two for files without a readable manifest store.
    package enum State: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
        case absent, unreadable, invalid, valid, trusted

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
        package static func < (left: State, right: State) -> Bool { left.rank < right.rank }

        /// Whether the declarations of the manifest may be shown without a warning (section 15.3).
        package var isValidOrBetter: Bool { self >= .valid }
    }

    package var state: State
    package var checkedAt: Date
    /// The version of the specification whose rules were applied.
    package var spec: String
    package var store: Store?
    package var trust: Trust?
    package var codes: Codes?
    package var claim: Claim?
    package var actions: [Action]?
    package var ingredients: [Ingredient]?
    /// The kind of the hard binding, such as `c2pa.hash.data`.
    package var binding: String?
    /// Assertions that are listed and not judged, such as `cawg.identity`.
    package var unjudged: [String]?
    package var signer: Signer?
    package var timeStamp: TimeStamp?
    package var revocation: Revocation?
    /// When the state falls without any new fact.
    package var turnsInvalidAt: Date?
    /// Whether the signature was valid at its signing time by the clock of the vendor itself. This never changes the state.
    package var validByVendorTime: Bool?
    /// Later verdicts, oldest first.
    package var history: [Verdict]?

    package init(state: State, checkedAt: Date, spec: String = "2.4") {
        self.state = state
        self.checkedAt = checkedAt
        self.spec = spec
    }

    /// The bytes of the manifest store and its place in the file.
    package struct Store: Sendable, Hashable, Codable {
        package var bytes: Int
        package var sha256: Digest
        /// The carriers of the store, each as its first byte and the byte after its last one.
        package var units: [[Int]]

        package init(bytes: Int, sha256: Digest, units: [Range<Int>]) {
            (self.bytes, self.sha256) = (bytes, sha256)
            self.units = units.map { [$0.lowerBound, $0.upperBound] }
        }
    }

    /// The trust lists behind a verdict. Each digest names a blob of the archive.
    package struct Trust: Sendable, Hashable, Codable {
        package var signers: Digest
        package var timeAuthorities: Digest
        /// Anchors of the operator, in addition to the list.
        package var addedSigners: Digest?
        package var addedTimeAuthorities: Digest?
        /// The anchor of the vendor's own time-stamp authority.
        package var vendorTime: Digest?
        /// The extended key usages that a signer's certificate may have.
        package var usages: [String]?

        package init(signers: Digest, timeAuthorities: Digest) {
            (self.signers, self.timeAuthorities) = (signers, timeAuthorities)
        }

        package var digests: [Digest] {
            [signers, timeAuthorities] + [addedSigners, addedTimeAuthorities, vendorTime].compactMap { $0 }
        }
    }

    /// The status codes of the specification, section 15.2.2.
    package struct Codes: Sendable, Hashable, Codable {
        package var success: [Code] = []
        package var informational: [Code] = []
        package var failure: [Code] = []

        package init() {}
        package var all: [Code] { success + informational + failure }
    }

    package struct Code: Sendable, Hashable, Codable {
        package var code: String
        /// The JUMBF address of the box concerned.
        package var box: String?
        package var why: String?

        package init(code: String, box: String? = nil, why: String? = nil) {
            (self.code, self.box, self.why) = (code, box, why)
        }
    }

    package struct Claim: Sendable, Hashable, Codable {
        package struct Generator: Sendable, Hashable, Codable {
            package var name: String?
            package var version: String?
            package var specVersion: String?

            package init(name: String? = nil, version: String? = nil, specVersion: String? = nil) {
                (self.name, self.version, self.specVersion) = (name, version, specVersion)
            }
        }

        package var label: String
        /// 1 for `c2pa.claim`, 2 for `c2pa.claim.v2`.
        package var version: Int
        package var generator: Generator
        package var title: String?

        package init(label: String, version: Int, generator: Generator, title: String? = nil) {
            (self.label, self.version, self.generator, self.title) = (label, version, generator, title)
        }
    }

    package struct Action: Sendable, Hashable, Codable {
        package var action: String
        package var agent: String?
        package var agentVersion: String?
        package var when: String?
        package var digitalSourceType: String?

        package init(
            action: String, agent: String? = nil, agentVersion: String? = nil, when: String? = nil,
            digitalSourceType: String? = nil
        ) {
            (self.action, self.agent, self.agentVersion) = (action, agent, agentVersion)
            (self.when, self.digitalSourceType) = (when, digitalSourceType)
        }
    }

    package struct Ingredient: Sendable, Hashable, Codable {
        package var title: String?
        package var format: String?
        package var relationship: String?
        package var manifest: String?

        package init(title: String? = nil, format: String? = nil, relationship: String? = nil, manifest: String? = nil) {
            (self.title, self.format, self.relationship, self.manifest) = (title, format, relationship, manifest)
        }
    }

    package struct Signer: Sendable, Hashable, Codable {
        package var name: String?
        package var organization: String?
        package var issuer: String?
        package var serial: String
        /// The COSE name, such as `ES256`.
        package var algorithm: String
        package var notBefore: Date
        package var notAfter: Date
        /// The record of the conforming product that the certificate names.
        package var product: String?
        package var assuranceLevel: Int?
        /// The SHA-256 of each certificate in DER, the leaf first.
        package var chain: [Digest]

        package init(serial: String, algorithm: String, notBefore: Date, notAfter: Date, chain: [Digest]) {
            (self.serial, self.algorithm, self.notBefore, self.notAfter, self.chain) = (
                serial, algorithm, notBefore, notAfter, chain
            )
        }
    }

    package struct TimeStamp: Sendable, Hashable, Codable {
        /// As the token writes it, with its fractions of a second.
        package var time: String
        package var authority: String?
        /// Whether its authority is on the list.
        package var trusted: Bool
        /// Whether its authority is the vendor's own.
        package var vendors: Bool

        package init(time: String, authority: String?, trusted: Bool, vendors: Bool) {
            (self.time, self.authority, self.trusted, self.vendors) = (time, authority, trusted, vendors)
        }
    }

    package struct Revocation: Sendable, Hashable, Codable {
        /// `good`, `revoked` or `unknown`.
        package var status: String
        package var thisUpdate: Date?
        package var nextUpdate: Date?

        package init(status: String, thisUpdate: Date? = nil, nextUpdate: Date? = nil) {
            (self.status, self.thisUpdate, self.nextUpdate) = (status, thisUpdate, nextUpdate)
        }
    }

    /// One verdict, with the lists that it rests on.
    package struct Verdict: Sendable, Hashable, Codable {
        package var checkedAt: Date
        package var state: State
        package var trust: Trust?
        /// The codes of the failures; `nil` when there is none.
        package var failures: [String]?

        package init(checkedAt: Date, state: State, trust: Trust?, failures: [String]? = nil) {
            (self.checkedAt, self.state, self.trust, self.failures) = (checkedAt, state, trust, failures)
        }
    }
}

extension CredentialFacts {
    /// The first verdict.
    package var first: Verdict {
        Verdict(checkedAt: checkedAt, state: state, trust: trust, failures: Self.failures(codes))
    }

    /// All verdicts, oldest first.
    package var verdicts: [Verdict] { [first] + (history ?? []) }

    /// The trust lists behind all verdicts, each once.
    package var trustLists: [Digest] {
        var lists: [Digest] = []
        for digest in verdicts.flatMap({ $0.trust?.digests ?? [] }) where !lists.contains(digest) { lists.append(digest) }
        return lists
    }

    /// The newest verdict.
    package var latest: Verdict { history?.last ?? first }

    /// Appends the verdict of a later check. The facts themselves stay those of the first check.
    package mutating func append(_ later: CredentialFacts) { history = (history ?? []) + [later.first] }

    private static func failures(_ codes: Codes?) -> [String]? {
        guard let failures = codes?.failure, !failures.isEmpty else { return nil }
        return failures.map(\.code)
    }

    /// Whether the manifest's declarations may be shown: its state is valid or better, and its hash covers the whole picture.
    package var isBelievable: Bool { state.isValidOrBetter && !excludesPictureData }

    /// The code for a signed exclusion that reaches into the coded pixels, so that they may have changed.
    package static let pictureDataExcluded = "x-fixative.exclusion.pictureData"

    /// The software agent of the first action that names one, such as `gpt-image`.
    package var agent: String? { actions?.lazy.compactMap(\.agent).first }

    /// The source type that a believable manifest declares.
    package var declaredSourceType: String? {
        isBelievable ? actions?.lazy.compactMap(\.digitalSourceType).first : nil
    }

    /// The time of the signature as its time stamp says.
    package var signedAt: Date? { (timeStamp?.time).flatMap { Date(iso8601: $0) } }

    /// The name for the signer in lists: its certificate's name, or its organization.
    package var signerName: String? { signer.flatMap { $0.name ?? $0.organization } }
}
