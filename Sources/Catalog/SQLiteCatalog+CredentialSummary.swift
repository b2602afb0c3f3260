import ArchiveModel
import GRDB

/// Migration "credential summaries": what lists show and search, beside the columns of reports.
extension SQLiteCatalog {
    /// The index finds the few pictures of a rare state, the newest first.
    static let credentialSummaries = """
        ALTER TABLE output ADD COLUMN credential_partial INTEGER;
        ALTER TABLE output ADD COLUMN credential_authority TEXT;
        ALTER TABLE output ADD COLUMN credential_clock TEXT;
        CREATE INDEX output_credentials ON output (credential_state, place DESC, idx) WHERE credential_state IS NOT NULL;
        """

    static func credentialSummary(_ row: Row) -> CredentialSummary? {
        guard let state = row.text("credential_state").flatMap(CredentialFacts.State.init(rawValue:)) else { return nil }
        var summary = CredentialSummary(state: state)
        if row.integer("credential_partial") == 1 { summary.coversPicture = false }
        guard summary.isBelievable else { return summary }
        summary.signer = row.text("credential_signer")?.unstored
        summary.agent = row.text("credential_agent")?.unstored
        summary.signedAt = row.date("credential_signed_at")
        summary.timeAuthority = row.text("credential_authority")?.unstored
        summary.clock = row.text("credential_clock").flatMap(CredentialSummary.Clock.init(rawValue:))
        summary.turnsInvalidAt = row.date("credential_turns_invalid_at")
        return summary
    }

    /// The part of a query that concerns Content Credentials, as conditions on the output `o`.
    static func credentialConditions(_ query: EntryQuery) -> [String] {
        var conditions: [String] = []
        if query.credentials != nil { conditions.append("o.credential_state = :credentials") }
        let names = [("signer", query.signer), ("agent", query.agent)].filter { $0.1 != nil }.map(\.0)
        guard !names.isEmpty else { return conditions }
        // The sign keeps SQLite from collecting and sorting all signed pictures by the index of states.
        conditions.append("+o.credential_state IN ('valid', 'trusted') AND o.credential_partial IS NULL")
        return conditions + names.map { "o.credential_\($0) = :\($0)" }
    }

    static func credentialFilter(_ query: EntryQuery) -> StatementArguments {
        var arguments: StatementArguments = [:]
        if let state = query.credentials { arguments += ["credentials": state.rawValue] }
        if let signer = query.signer { arguments += ["signer": signer.stored] }
        if let agent = query.agent { arguments += ["agent": agent.stored] }
        return arguments
    }
}
