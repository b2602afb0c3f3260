import ArchiveModel
package import Foundation
import GRDB

/// SQL that finds due entries. Each query scans one index and stops at its limit, so a claim costs the same with a million
/// pending entries as with ten. Entries that wait for a later retry are skipped inside the index. Their number is bounded by the
/// attempts made within the longest wait. `+due_at` keeps SQLite from using an index on that column, which has the wrong order.
extension SQLiteCatalog {
    enum ClaimSQL {
        static let tasks = """
            SELECT key, COALESCE(created_at, discovered_at) AS place FROM task INDEXED BY task_queue
            WHERE state = 'waiting' AND due_at <= :now
            ORDER BY COALESCE(created_at, discovered_at), key LIMIT :limit
            """
        static let ownTasks = """
            SELECT key, COALESCE(created_at, discovered_at) AS place FROM task INDEXED BY task_own
            WHERE state = 'waiting' AND account = 0 AND due_at <= :now
            ORDER BY COALESCE(created_at, discovered_at), key LIMIT :limit
            """
        /// Those that have been due longest, so that one lookup finds them.
        static let callerTasks = """
            SELECT key, COALESCE(created_at, discovered_at) AS place FROM task INDEXED BY task_caller
            WHERE state = 'waiting' AND account <> 0 AND account = :account AND due_at <= :now ORDER BY due_at LIMIT :limit
            """
        /// Callers with due tasks; each step is one index lookup.
        static let callers = """
            WITH RECURSIVE caller (number) AS (
                SELECT MIN(account) FROM task INDEXED BY task_caller
                WHERE state = 'waiting' AND account <> 0 AND account > :account
                UNION ALL
                SELECT (SELECT MIN(account) FROM task INDEXED BY task_caller
                    WHERE state = 'waiting' AND account <> 0 AND account > number)
                FROM caller WHERE number IS NOT NULL
            )
            SELECT number FROM caller WHERE number IS NOT NULL
                AND (SELECT MIN(due_at) FROM task INDEXED BY task_caller
                    WHERE state = 'waiting' AND account <> 0 AND account = number) <= :now
            LIMIT :limit
            """
        /// How long an entry waits after its lease expired because the process died, in milliseconds: none at first, then 10 s
        /// times the square of the number of deaths, at most 30 minutes.
        static let pauseAfterDeaths = "MIN(deaths * deaths * 10000, 1800000)"
        /// No `LIMIT`: the number of rows is bounded by what all workers hold at once.
        static let expiredTasks = """
            SELECT key, COALESCE(created_at, discovered_at) AS place FROM task
            WHERE state = 'leased' AND lease_expires_at <= :now AND lease_expires_at + \(pauseAfterDeaths) <= :now
                AND (:account IS NULL OR account = :account)
            """
        /// In this order: no deadline, before the deadline, past it.
        static let outputs = ["deadline IS NULL", "deadline >= :now", "deadline < :now"].map {
            """
            SELECT key, deadline AS place FROM output WHERE state = 'waiting' AND \($0) AND +due_at <= :now
            ORDER BY \($0.hasSuffix("NULL") ? "" : "deadline, ")key LIMIT :limit
            """
        }
        static let expiredOutputs = """
            SELECT key, deadline AS place FROM output
            WHERE state = 'leased' AND lease_expires_at <= :now AND lease_expires_at + \(pauseAfterDeaths) <= :now
            """

        /// Accounts with pending outputs; each step is one index lookup.
        static let accounts = """
            WITH RECURSIVE account (id) AS (
                SELECT MIN(account) FROM output INDEXED BY output_account WHERE state = 'waiting'
                UNION ALL
                SELECT (SELECT MIN(account) FROM output INDEXED BY output_account WHERE state = 'waiting' AND account > id)
                FROM account WHERE id IS NOT NULL
            )
            SELECT id FROM account WHERE id IS NOT NULL LIMIT \(mostAccounts)
            """
        static let mostAccounts = 100
        /// The first due outputs of one account.
        static let outputsOfAccount = """
            SELECT key, deadline AS place FROM output INDEXED BY output_account
            WHERE state = 'waiting' AND account = :account AND +due_at <= :now ORDER BY deadline LIMIT :limit
            """

        static var all: [String] {
            outputs + [
                tasks, ownTasks, callerTasks, callers, expiredTasks, expiredOutputs, accounts, outputsOfAccount,
            ]
        }
    }

    /// Keys of the due tasks, the oldest first.
    /// - Parameters:
    ///   - account: `nil` for all accounts.
    ///   - suspects: `true` for tasks whose lease has expired, `false` for the others, `nil` for both.
    static func dueTasks(
        limit: Int, account: Int64?, suspects: Bool?, now: Date, in database: Database
    ) throws -> [Int64] {
        let sql =
            switch account {
            case nil: ClaimSQL.tasks
            case 0?: ClaimSQL.ownTasks
            default: ClaimSQL.callerTasks
            }
        let values: StatementArguments = ["now": now.milliseconds, "limit": limit, "account": account]
        let waiting = suspects == true ? [] : try Row.fetchAll(database.cachedStatement(sql: sql), arguments: values)
        let expired =
            suspects == false ? [] : try Row.fetchAll(database.cachedStatement(sql: ClaimSQL.expiredTasks), arguments: values)
        let candidates = (waiting + expired).map { (place: $0.integer("place") ?? 0, key: $0["key"] as Int64) }
        return candidates.sorted { ($0.place, $0.key) < ($1.place, $1.key) }.prefix(limit).map(\.key)
    }

    package func callersWithDueTasks(after account: Int64, limit: Int, now: Date) async throws -> [Int64] {
        try await read { database in
            try Int64.fetchAll(
                database.cachedStatement(sql: ClaimSQL.callers),
                arguments: ["account": account, "limit": limit, "now": now.milliseconds])
        }
    }

    /// Keys of the due outputs: the earliest deadline first, those past their deadline last.
    static func dueOutputs(limit: Int, now: Date, in database: Database) throws -> [Int64] {
        let expired = try Row.fetchAll(
            database.cachedStatement(sql: ClaimSQL.expiredOutputs), arguments: ["now": now.milliseconds])
        var candidates = expired.map(Candidate.init)
        var waiting = 0
        for sql in ClaimSQL.outputs where waiting < limit {
            let rows = try Row.fetchAll(
                database.cachedStatement(sql: sql), arguments: ["now": now.milliseconds, "limit": limit - waiting])
            waiting += rows.count
            candidates += rows.map(Candidate.init)
        }
        let first = Array(candidates.sorted { $0.precedes($1, now: now.milliseconds) }.prefix(limit))
        guard waiting >= limit else { return first.map(\.key) }
        let others = try ofEachAccount(limit: limit, now: now, in: database)
        guard !others.isEmpty else { return first.map(\.key) }
        let known = Set(first.map(\.key))
        return (first + others.filter { !known.contains($0.key) }).sorted { $0.precedes($1, now: now.milliseconds) }.map(\.key)
    }

    /// Due outputs of each account, so that the outputs of one account can't displace those of another. Empty unless several
    /// accounts have pending outputs.
    private static func ofEachAccount(limit: Int, now: Date, in database: Database) throws -> [Candidate] {
        let accounts = try Int64.fetchAll(database.cachedStatement(sql: ClaimSQL.accounts))
        guard accounts.count > 1 else { return [] }
        return try accounts.flatMap { account in
            try Row.fetchAll(
                database.cachedStatement(sql: ClaimSQL.outputsOfAccount),
                arguments: ["account": account, "now": now.milliseconds, "limit": max(1, limit / accounts.count)]
            ).map(Candidate.init)
        }
    }

    private struct Candidate {
        var key: Int64
        var deadline: Int64?

        init(_ row: Row) {
            key = row["key"]
            deadline = row.integer("place")
        }

        func precedes(_ other: Candidate, now: Int64) -> Bool { rank(now) < other.rank(now) }

        private func rank(_ now: Int64) -> (Int, Int64, Int64) {
            ((deadline ?? now) < now ? 1 : 0, deadline ?? .min, key)
        }
    }
}
