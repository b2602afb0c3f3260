package import ArchiveModel
package import Foundation

/// The tasks to read, and the right to read them.
package protocol TaskQueue: Sendable {
    /// Adds unknown tasks as `waiting`. For known tasks, fills in missing facts and replaces an unreadable size.
    ///
    /// A long list is written in several parts, so that other writes do not wait for all of it. When this throws, the first parts
    /// may be written; calling it again has no effect on them.
    func register(_ tasks: [TaskRegistration], now: Date) async throws -> RegistrationSummary

    /// The newest task found by a sweep of the account, among those created at or before `before`.
    func newestListed(before: Date) async throws -> (id: TaskID, createdAt: Date)?

    /// Leases up to `limit` due tasks, the oldest first; of a caller, those that have been due longest.
    /// - Parameters:
    ///   - account: Only tasks of this account; 0 for this archive's own account, `nil` for all.
    ///   - suspects: `true` leases only tasks whose lease has expired (their process died while it held them), `false` only the
    ///     others, `nil` both.
    func leaseTasks(limit: Int, account: Int64?, suspects: Bool?, now: Date, until: Date) async throws -> [TaskLease]

    /// Up to `limit` accounts of callers that have due tasks, by their numbers, beginning after `account`.
    func callersWithDueTasks(after account: Int64, limit: Int, now: Date) async throws -> [Int64]

    /// Extends leases that are still held.
    /// - Returns: The leases that another worker has taken over.
    func extend(_ leases: [TaskLease], until: Date) async throws -> [TaskLease]

    /// Ends a task's lease and stores the outcome.
    /// - Throws: ``CatalogError`` with code `leaseLost` when another worker has taken over the lease; nothing is written then.
    func finish(_ lease: TaskLease, _ outcome: TaskOutcome, now: Date) async throws
}

extension TaskQueue {
    /// Leases tasks of all accounts.
    package func leaseTasks(limit: Int, suspects: Bool? = nil, now: Date, until: Date) async throws -> [TaskLease] {
        try await leaseTasks(limit: limit, account: nil, suspects: suspects, now: now, until: until)
    }
}
