package import ArchiveModel
package import Foundation
import GRDB

/// When outputs ended, for the seals over the records of a day.
package protocol EndingReader: Sendable {
    /// The days with ended outputs, oldest first, each with their number.
    /// - Parameter end: Outputs that ended at or after this time are left out.
    func endingDays(before end: Date) async throws -> [EndingDay]

    /// The outputs that ended on a day.
    func endings(on day: SealDay) async throws -> [OutputEnding]
}

package struct EndingDay: Sendable, Hashable {
    package var day: SealDay
    package var outputs: Int
}

/// An ended output.
package struct OutputEnding: Sendable, Hashable {
    package var id: OutputID
    package var endedAt: Date
    /// The day whose folder holds the record.
    package var day: Date
}

extension SQLiteCatalog: EndingReader {
    package func endingDays(before end: Date) async throws -> [EndingDay] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT ended_at / 86400000 AS day, COUNT(*) AS outputs FROM output
                    WHERE state IN ('archived', 'unavailable') AND ended_at >= 0 AND ended_at < ? GROUP BY 1 ORDER BY 1
                    """,
                arguments: [end.milliseconds])
            return rows.compactMap { row in
                guard let day = row.integer("day"), day < 4_000_000 else { return nil }
                return EndingDay(
                    day: SealDay(of: Date(milliseconds: day * 86_400_000)),
                    outputs: Int(clamping: row.integer("outputs") ?? 0))
            }
        }
    }

    package func endings(on day: SealDay) async throws -> [OutputEnding] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT task.id, output.idx, output.ended_at, COALESCE(task.created_at, task.discovered_at) AS day
                    FROM output JOIN task ON task.key = output.task
                    WHERE output.state IN ('archived', 'unavailable') AND output.ended_at >= ? AND output.ended_at < ?
                    """,
                arguments: [day.start.milliseconds, day.end.milliseconds])
            return try rows.compactMap { row in
                guard let endedAt = row.date("ended_at"), let folder = row.date("day") else { return nil }
                return OutputEnding(id: try Self.outputID(row), endedAt: endedAt, day: folder)
            }
        }
    }
}
