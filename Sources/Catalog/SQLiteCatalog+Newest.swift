package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    package func newestListed(before: Date) async throws -> (id: TaskID, createdAt: Date)? {
        try await read { database in
            let row = try Row.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT id, created_at FROM task
                        WHERE source = 'sweep' AND created_at IS NOT NULL AND COALESCE(created_at, discovered_at) <= ?
                        ORDER BY COALESCE(created_at, discovered_at) DESC LIMIT 1
                        """), arguments: [before.milliseconds])
            guard let row else { return nil }
            return (try Self.taskID(row.text("id")), row.date("created_at") ?? before)
        }
    }
}
