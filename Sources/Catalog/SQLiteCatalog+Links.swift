import Crypto
import Foundation
import GRDB

/// Encryption of stored links. A link's query is a signature, and SQLite leaves fragments of rows behind when it moves them
/// between pages, even with `secure_delete`. Links are therefore stored encrypted. Once no output is pending, the key is deleted,
/// which makes all remaining fragments unreadable.
extension SQLiteCatalog {
    static let sealing = "6 sealed links"

    static func addLinkKey(in database: Database) throws {
        // The single row has a page to itself, so SQLite has no reason to move it.
        // Changing a byte violates the check on `mark`, so SQLite's integrity check detects it.
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

    /// Encrypts a link for storage.
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

    /// Decrypts a stored link; empty when any byte has changed since encryption.
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

    /// Deletes the key when no stored link needs it. Its bytes are overwritten, not only released.
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
