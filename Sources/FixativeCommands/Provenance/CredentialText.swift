import ArchiveModel
import Foundation

/// Credentials as lines of text.
enum CredentialText {
    /// - Parameter damage: Why the file is no whole picture.
    static func text(_ name: String, _ facts: CredentialFacts, damage: String? = nil) -> String {
        var lines: [(String, String)] = []
        func add(_ name: String, _ value: String?) { if let value { lines.append((name, value)) } }
        add("picture", name)
        add("damaged", damage)
        add("state", "\(facts.state.rawValue): \(words(facts))")
        add("checked", "\(Rendering.minute(facts.checkedAt)) UTC, by the rules of C2PA \(facts.spec)")
        if facts.state.isValidOrBetter {
            describe(facts, add)
        } else if facts.claim != nil {
            add("claims", "not shown, because they do not hold; --format json has them")
        }
        for code in facts.codes?.failure ?? [] { add("failure", text(code)) }
        for code in facts.codes?.informational ?? [] { add("note", text(code)) }
        if let store = facts.store { add("manifest", "\(store.bytes) bytes, SHA-256 \(store.sha256)") }
        for list in facts.trust?.digests ?? [] { add("list", "SHA-256 \(list)") }
        for verdict in facts.history ?? [] {
            let failures = (verdict.failures ?? []).joined(separator: ", ")
            add(
                "later",
                "\(Rendering.minute(verdict.checkedAt)) UTC: \(verdict.state.rawValue)\(failures.isEmpty ? "" : ", \(failures)")")
        }
        return lines.map { $0.0.padded(to: 13) + Table.plain($0.1) + "\n" }.joined()
    }

    private static func describe(_ facts: CredentialFacts, _ add: (String, String?) -> Void) {
        if let signer = facts.signer {
            let names = [signer.name, signer.organization].compactMap { $0 }.joined(separator: ", ")
            add("signed by", names.isEmpty ? "a certificate without a name" : names)
            add("issued by", signer.issuer)
            add("certificate", "\(signer.algorithm), serial \(signer.serial), until \(Rendering.minute(signer.notAfter)) UTC")
        }
        if let stamp = facts.timeStamp {
            let kind =
                stamp.trusted ? "an authority of the list" : stamp.vendors ? "the vendor's own clock" : "an unknown authority"
            add("signed at", "\(stamp.time) by \(stamp.authority ?? "an unnamed authority") (\(kind))")
        }
        if facts.validByVendorTime == true { add("vendor time", "valid at the signing time by the vendor's own clock") }
        if let claim = facts.claim { add("generator", claim.generator.name) }
        for action in facts.actions ?? [] {
            let agent = action.agent.map { " by \($0)\(action.agentVersion.map { " \($0)" } ?? "")" } ?? ""
            let type = action.digitalSourceType.map { ", \($0)" } ?? ""
            add("action", action.action + agent + type)
        }
        for ingredient in facts.ingredients ?? [] {
            add(
                "ingredient",
                [ingredient.relationship, ingredient.title, ingredient.format].compactMap { $0 }.joined(separator: ", "))
        }
        add("revocation", facts.revocation?.status)
        add("invalid from", facts.turnsInvalidAt.map { "\(Rendering.minute($0)) UTC, unless checked with a trusted time" })
    }

    private static func words(_ facts: CredentialFacts) -> String {
        switch facts.state {
        case .absent: "the file has no Content Credentials"
        case .unreadable: "the Content Credentials can't be read"
        case .invalid: "the Content Credentials do not hold"
        case .valid where !facts.isBelievable, .trusted where !facts.isBelievable:
            "the signature is right, but it does not cover the whole picture"
        case .valid: "the signature is right, and nothing was changed; the signer is not on the list"
        case .trusted: "the signature is right, nothing was changed, and the signer is on the list"
        }
    }

    private static func text(_ code: CredentialFacts.Code) -> String {
        code.code + (code.why.map { ": \($0)" } ?? "")
    }
}
