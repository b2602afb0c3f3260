package import ArchiveModel
package import Foundation
import GRDB

extension SQLiteCatalog {
    package func recordSubmission(key: String, request: RecordedRequest, now: Date) async throws {
        let json = String(decoding: try JSONEncoder.archive(pretty: false).encode(request), as: UTF8.self)
        try await write { database in
            try database.executeCached(
                sql: "INSERT INTO submission (key, request, recorded_at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
                arguments: [key, json, now.milliseconds])
        }
    }

    package func submission(key: String, of task: TaskID?) async throws -> RecordedRequest? {
        try await read { database in
            let find = try database.cachedStatement(
                sql: "SELECT request FROM submission WHERE key = ?1 AND (?2 IS NULL OR task IS NULL OR task = ?2)")
            return try String.fetchOne(find, arguments: [key, task?.text]).flatMap {
                try? ArchiveDecoder.decode(RecordedRequest.self, from: $0)
            }
        }
    }

    package func completeSubmission(key: String, task: TaskID) async throws {
        try await write { database in
            try database.executeCached(sql: "UPDATE submission SET task = ? WHERE key = ?", arguments: [task.text, key])
        }
    }

    package func forgetSubmissions(before date: Date) async throws {
        try await write { database in
            try database.executeCached(
                sql: "DELETE FROM submission WHERE task IS NOT NULL AND recorded_at < ?", arguments: [date.milliseconds])
        }
    }

    package func dropSubmission(key: String) async throws {
        try await write { database in
            try database.executeCached(sql: "DELETE FROM submission WHERE key = ? AND task IS NULL", arguments: [key])
        }
    }

    package func openSubmissions() async throws -> [OpenSubmission] {
        try await read { database in
            try Row.fetchAll(
                database.cachedStatement(sql: "SELECT * FROM submission WHERE task IS NULL ORDER BY recorded_at, key")
            ).compactMap {
                row in
                let request = try? ArchiveDecoder.decode(RecordedRequest.self, from: row.text("request") ?? "")
                return request.map {
                    OpenSubmission(
                        key: row.text("key") ?? "", request: $0, recordedAt: row.date("recorded_at") ?? Date(milliseconds: 0))
                }
            }
        }
    }
}
