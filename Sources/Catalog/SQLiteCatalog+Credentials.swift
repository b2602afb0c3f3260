import ArchiveModel
import Foundation
import GRDB

/// Migration "credentials": what records say of Content Credentials, for reports. `rebuild` fills it like the other columns.
extension SQLiteCatalog {
    static let credentials = """
        ALTER TABLE output ADD COLUMN credential_state TEXT;
        ALTER TABLE output ADD COLUMN credential_signer TEXT;
        ALTER TABLE output ADD COLUMN credential_agent TEXT;
        ALTER TABLE output ADD COLUMN credential_generator TEXT;
        ALTER TABLE output ADD COLUMN credential_manifest TEXT;
        ALTER TABLE output ADD COLUMN credential_signed_at INTEGER;
        ALTER TABLE output ADD COLUMN credential_turns_invalid_at INTEGER;
        """

    static let credentialColumns = [
        "credential_state", "credential_signer", "credential_agent", "credential_generator", "credential_manifest",
        "credential_signed_at", "credential_turns_invalid_at", "credential_partial", "credential_authority", "credential_clock",
    ]

    static func credentialArguments(of record: ArchiveRecord) -> StatementArguments {
        let facts = record.picture?.credentials
        return [
            "credential_state": facts?.state.rawValue, "credential_signer": facts?.signerName?.stored,
            "credential_agent": facts?.agent?.stored, "credential_generator": facts?.claim?.generator.name?.stored,
            "credential_manifest": facts?.claim?.label.stored, "credential_signed_at": facts?.signedAt?.milliseconds,
            "credential_turns_invalid_at": facts?.turnsInvalidAt?.milliseconds,
            "credential_partial": facts?.excludesPictureData == true ? 1 : nil,
            "credential_authority": facts?.timeStamp?.authority?.stored, "credential_clock": facts?.clock?.rawValue,
        ]
    }

    private static let credentialPageSize = 4000

    package func credentialPage(_ query: EntryQuery, after cursor: ListCursor?) async throws -> CredentialPage {
        try await read { database in
            let keys = try Self.keys(query, after: cursor, limit: Self.credentialPageSize + 1, in: database)
            let hasMore = keys.count > Self.credentialPageSize
            let part = keys.prefix(Self.credentialPageSize)
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT task.id, output.idx, output.place, task.created_at, task.model, output.digest,
                        \(Self.credentialColumns.map { "output.\($0)" }.joined(separator: ", "))
                    FROM output JOIN task ON task.key = output.task
                    WHERE output.key IN (\(part.map(String.init).joined(separator: ","))) ORDER BY output.place DESC, output.idx
                    """)
            var found: [CredentialRow] = []
            var last: ListCursor?
            while let row = try rows.next() {
                found.append(try Self.credentialRow(row))
                last = ListCursor(place: row.integer("place") ?? 0, index: Int(row.integer("idx") ?? 0))
            }
            return CredentialPage(rows: found, next: hasMore ? last : nil)
        }
    }

    private static func credentialRow(_ row: Row) throws -> CredentialRow {
        var found = CredentialRow(id: try outputID(row))
        found.createdAt = row.date("created_at")
        found.model = row.text("model")?.unstored
        found.digest = row.text("digest").flatMap { Digest($0) }
        found.state = row.text("credential_state").flatMap(CredentialFacts.State.init(rawValue:))
        found.signer = row.text("credential_signer")?.unstored
        found.agent = row.text("credential_agent")?.unstored
        found.generator = row.text("credential_generator")?.unstored
        found.manifest = row.text("credential_manifest")?.unstored
        found.signedAt = row.date("credential_signed_at")
        found.turnsInvalidAt = row.date("credential_turns_invalid_at")
        return found
    }
}
