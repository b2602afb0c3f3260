package import ArchiveModel
import Foundation
import GRDB

extension SQLiteCatalog {
    package func scrubs(prefix: String) async throws -> [BlobScrub] {
        guard let first = Digest(prefix + String(repeating: "0", count: 62)),
            let last = Digest(prefix + String(repeating: "f", count: 62))
        else { return [] }
        return try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT digest, read_at, sound FROM blob_scrub WHERE digest BETWEEN ? AND ?",
                arguments: [Data(first.bytes), Data(last.bytes)]
            ).compactMap { row in
                Data.fromDatabaseValue(row["digest"]).flatMap { Digest(sha256: Array($0)) }.map {
                    BlobScrub(digest: $0, readAt: row.date("read_at") ?? .distantPast, isSound: row.flag("sound"))
                }
            }
        }
    }

    package func saveScrubs(_ scrubs: [BlobScrub]) async throws {
        guard !scrubs.isEmpty else { return }
        try await write { database in
            let statement = try database.makeStatement(
                sql: """
                    INSERT INTO blob_scrub (digest, read_at, sound, mark) VALUES (:digest, :at, :sound, -2 * :at - :sound)
                    ON CONFLICT (digest) DO UPDATE SET read_at = excluded.read_at, sound = excluded.sound, mark = excluded.mark
                    """)
            for scrub in scrubs {
                try statement.execute(arguments: [
                    "digest": Data(scrub.digest.bytes), "at": scrub.readAt.milliseconds, "sound": scrub.isSound ? 1 : 0,
                ])
            }
        }
    }

    package func forgetScrubs(of digests: [Digest]) async throws {
        guard !digests.isEmpty else { return }
        try await write { database in
            for digest in digests {
                try database.execute(sql: "DELETE FROM blob_scrub WHERE digest = ?", arguments: [Data(digest.bytes)])
            }
        }
    }
}
