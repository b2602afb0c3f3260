package import ArchiveModel
import Foundation
import GRDB

extension SQLiteCatalog {
    package func fingerprint() async throws -> CatalogFingerprint {
        // Read the change counters first, so that a write between the two reads is seen as a change later.
        let changeToken: CatalogFingerprint.ChangeToken
        do {
            // Use the writing connection: both counters start with the pool there and only grow. Each reader has its own
            // counters.
            changeToken = try await database.writeWithoutTransaction { database in
                CatalogFingerprint.ChangeToken(
                    own: Int64(database.totalChangesCount),
                    others: try Int64.fetchOne(database, sql: "PRAGMA data_version") ?? 0)
            }
        } catch let error as DatabaseError {
            throw CatalogError(error, path)
        }
        let days = try await read { database in
            var days: [Date: Hasher] = [:]
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT day, tally, outputs, bytes, overpaid_tenths FROM tally_day JOIN tally ON tally.key = tally_day.tally
                    WHERE state IN ('archived', 'unavailable') ORDER BY day, tally
                    """)
            while let row = try rows.next() {
                let numbers: [Int64] = [row[1], row[2], row[3], row[4]]
                days[Date(milliseconds: row[0] * 86_400_000), default: Hasher()].combine(numbers)
            }
            return days.mapValues { $0.finalize() }
        }
        return CatalogFingerprint(changeToken: changeToken, days: days)
    }
}
