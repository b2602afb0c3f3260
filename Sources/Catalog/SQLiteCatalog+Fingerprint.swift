package import ArchiveModel
import Foundation
import GRDB

extension SQLiteCatalog {
    /// The day of the highest sort key, in days since 1970. It is in the year 2109.
    private static let lastDay: Int64 = ((1 << (63 - placeBits)) - 1) / 86_400_000

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
                let numbers = ["tally", "outputs", "bytes", "overpaid_tenths"].map { row.integer($0) ?? 0 }
                let day = (row.integer("day") ?? 0).limited(to: Self.lastDay)
                days[Date(milliseconds: day * 86_400_000), default: Hasher()].combine(numbers)
            }
            return days.mapValues { $0.finalize() }
        }
        return CatalogFingerprint(changeToken: changeToken, days: days)
    }
}
