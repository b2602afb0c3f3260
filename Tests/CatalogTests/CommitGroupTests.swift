import ArchiveModel
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite struct CommitGroupTests {
    private struct Refusal: Error {}

    private func makeDatabase() throws -> DatabasePool {
        let path = FileManager.default.temporaryDirectory.appending(path: "commits-\(UUID().uuidString).sqlite").path
        let database = try DatabasePool(path: path)
        try database.write { try $0.execute(sql: "CREATE TABLE number (value INTEGER PRIMARY KEY)") }
        return database
    }

    @Test func manyWritesShareFewCommitsWithSeparateResults() async throws {
        let database = try makeDatabase()
        let group = CommitGroup(database)
        let answers = try await withThrowingTaskGroup(of: Int64.self) { tasks in
            for number in 0..<200 {
                tasks.addTask {
                    try await group.write { database in
                        try database.execute(sql: "INSERT INTO number VALUES (?)", arguments: [number])
                        return database.lastInsertedRowID
                    }
                }
            }
            return try await tasks.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(answers == Set(0..<200))
        let count = try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM number") }
        #expect(count == 200)
    }

    @Test func aFailedWriteDoesNotUndoOthers() async throws {
        let database = try makeDatabase()
        let group = CommitGroup(database)
        let failed = await withTaskGroup(of: Bool.self) { tasks in
            for number in 0..<60 {
                tasks.addTask {
                    do {
                        try await group.write { database in
                            try database.execute(sql: "INSERT INTO number VALUES (?)", arguments: [number])
                            if number.isMultiple(of: 3) { throw Refusal() }
                        }
                        return false
                    } catch {
                        return true
                    }
                }
            }
            return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failed == 20)
        let kept = try await database.read { try Int.fetchAll($0, sql: "SELECT value FROM number ORDER BY value") }
        #expect(kept == (0..<60).filter { !$0.isMultiple(of: 3) })
    }

    @Test func aFailedBeginIsReportedToEveryWaitingWrite() async throws {
        let database = try makeDatabase()
        let group = CommitGroup(database)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: database.path, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        let error = await #expect(throws: DatabaseError.self) {
            try await group.write { try $0.execute(sql: "INSERT INTO number VALUES (1)") }
        }
        #expect(error?.resultCode == .SQLITE_BUSY)
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try await group.write { try $0.execute(sql: "INSERT INTO number VALUES (1)") }
    }
}
