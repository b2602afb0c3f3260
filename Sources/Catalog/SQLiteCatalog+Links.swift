import Crypto
import Foundation
import GRDB

/// Links at rest. A link's query is a signature, and SQLite leaves pieces of rows behind when it moves them from page to page, also
/// with `secure_delete`. So a link lies in the file only as ciphertext, and once nothing waits any more its key is thrown away, which
/// makes every piece that may be left unreadable.
extension SQLiteCatalog {
    static let sealing = "6 sealed links"

    static func addLinkKey(in database: Database) throws {
        // One row on one page of its own, which SQLite never has a reason to move.
        // `mark` makes a change of one byte a breach of the rule, which SQLite's own check then finds.
        try database.execute(
            sql: """
                CREATE TABLE link_key (
                    id INTEGER PRIMARY KEY CHECK (id = 1),
                    key BLOB NOT NULL CHECK (length(key) = 32),
                    mark BLOB NOT NULL CHECK (mark = key)
                ) STRICT
                """)
        let rows = try Row.fetchAll(database, sql: "SELECT key, link FROM output WHERE link IS NOT NULL")
        for row in rows {
            try database.execute(
                sql: "UPDATE output SET link = ? WHERE key = ?",
                arguments: [try sealed(row["link"], in: database), row["key"] as Int64])
        }
    }

    /// A link as the file may have it.
    static func sealed(_ link: String, in database: Database) throws -> String {
        let key: SymmetricKey
        if let known = try linkKey(in: database) {
            key = known
        } else {
            key = SymmetricKey(size: .bits256)
            let bytes = unsafe key.withUnsafeBytes { unsafe Data($0) }
            try database.executeCached(sql: "INSERT INTO link_key (id, key, mark) VALUES (1, ?1, ?1)", arguments: [bytes])
        }
        return try ChaChaPoly.seal(Data(link.utf8), using: key).combined.base64EncodedString()
    }

    /// The link again; empty when a byte of it has changed since it was sealed.
    static func opened(_ sealed: String, with key: SymmetricKey?) -> String {
        guard let key, let data = Data(base64Encoded: sealed), let box = try? ChaChaPoly.SealedBox(combined: data),
            let link = try? ChaChaPoly.open(box, using: key)
        else { return "" }
        return String(decoding: link, as: UTF8.self)
    }

    static func linkKey(in database: Database) throws -> SymmetricKey? {
        let key = try Data.fetchOne(database.cachedStatement(sql: "SELECT key FROM link_key"))
        return key.map { SymmetricKey(data: $0) }
    }

    /// Throws the key away when there is no link left that needs it: its bytes are overwritten, not merely released.
    static func forgetLinkKey(in database: Database) throws {
        try database.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? database.execute(sql: "PRAGMA secure_delete = OFF") }
        try database.executeCached(
            sql: """
                DELETE FROM link_key WHERE NOT EXISTS (SELECT 1 FROM output WHERE state = 'waiting')
                    AND NOT EXISTS (SELECT 1 FROM output WHERE state IN ('leased', 'held'))
                """)
    }
}
