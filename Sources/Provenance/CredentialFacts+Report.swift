import ArchiveModel
import ContentCredentials
import Foundation

/// The verifier's report in the shape of the record.
extension CredentialFacts {
    init(_ report: CredentialReport, checkedAt: Date) {
        self.init(state: State(report.state), checkedAt: checkedAt)
        var codes = Codes()
        for status in report.codes.prefix(Self.mostCodes) {
            let code = Code(code: Self.plain(status.code), box: status.box.map(Self.plain), why: status.why.map(Self.plain))
            switch status.kind {
            case .success: codes.success.append(code)
            case .informational: codes.informational.append(code)
            case .failure: codes.failure.append(code)
            }
        }
        self.codes = codes
        claim = report.claim.map(Claim.init)
        actions = Self.some(report.actions.prefix(Self.mostParts).map(Action.init))
        ingredients = Self.some(report.ingredients.prefix(Self.mostParts).map(Ingredient.init))
        binding = report.binding.map(Self.plain)
        unjudged = Self.some(report.unjudged.prefix(Self.mostParts).map(Self.plain))
        signer = report.signer.map { Signer($0, chain: report.chain) }
        timeStamp = report.timeStamp.map {
            TimeStamp(
                time: Self.plain($0.text), authority: $0.authority.map(Self.plain), trusted: $0.isTrusted, vendors: $0.isVendors)
        }
        revocation = report.revocation.map {
            Revocation(status: Self.plain($0.status), thisUpdate: $0.thisUpdate, nextUpdate: $0.nextUpdate)
        }
        turnsInvalidAt = report.turnsInvalidAt
        validByVendorTime = report.isValidByVendorTime ? true : nil
    }

    // A record stays small, however many parts a manifest has.
    static let mostCodes = 500
    static let mostParts = 100
    private static let longestText = 512

    private static func some<Element>(_ list: [Element]) -> [Element]? { list.isEmpty ? nil : list }

    /// A text from the file, bounded and without control characters.
    static func plain(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(longestText).map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: " "
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

extension CredentialFacts.State {
    fileprivate init(_ state: CredentialReport.State) {
        switch state {
        case .absent: self = .absent
        case .unreadable: self = .unreadable
        case .invalid: self = .invalid
        case .valid: self = .valid
        case .trusted: self = .trusted
        }
    }
}

extension CredentialFacts.Claim {
    fileprivate init(_ facts: ClaimFacts) {
        let generator = Generator(
            name: facts.generatorName.map(CredentialFacts.plain), version: facts.generatorVersion.map(CredentialFacts.plain),
            specVersion: facts.specVersion.map(CredentialFacts.plain))
        self.init(
            label: CredentialFacts.plain(facts.label), version: facts.version, generator: generator,
            title: facts.title.map(CredentialFacts.plain))
    }
}

extension CredentialFacts.Action {
    fileprivate init(_ facts: ActionFacts) {
        self.init(
            action: CredentialFacts.plain(facts.action), agent: facts.agent.map(CredentialFacts.plain),
            agentVersion: facts.agentVersion.map(CredentialFacts.plain), when: facts.when.map(CredentialFacts.plain),
            digitalSourceType: facts.digitalSourceType.map(CredentialFacts.plain))
    }
}

extension CredentialFacts.Ingredient {
    fileprivate init(_ facts: IngredientFacts) {
        self.init(
            title: facts.title.map(CredentialFacts.plain), format: facts.format.map(CredentialFacts.plain),
            relationship: facts.relationship.map(CredentialFacts.plain), manifest: facts.manifest.map(CredentialFacts.plain))
    }
}

extension CredentialFacts.Signer {
    fileprivate init(_ facts: SignerFacts, chain: [[UInt8]]) {
        self.init(
            serial: CredentialFacts.plain(facts.serial), algorithm: CredentialFacts.plain(facts.algorithm),
            notBefore: facts.notBefore, notAfter: facts.notAfter, chain: chain.map { Digest(of: $0) })
        name = facts.name.map(CredentialFacts.plain)
        organization = facts.organization.map(CredentialFacts.plain)
        issuer = facts.issuer.map(CredentialFacts.plain)
        product = facts.product.map(CredentialFacts.plain)
        assuranceLevel = facts.assuranceLevel
    }
}
