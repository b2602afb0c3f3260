package import ArchiveModel
package import Foundation

/// The tasks to read, and the right to read them.
package protocol TaskQueue: Sendable {
    /// Adds unknown tasks as `waiting`. For known tasks, fills in missing facts and replaces an unreadable size.
    func register(_ tasks: [TaskRegistration], now: Date) async throws -> RegistrationSummary

    /// The newest task found by a sweep of the account, among those created at or before `before`.
    func newestListed(before: Date) async throws -> (id: TaskID, createdAt: Date)?

    /// Leases up to `limit` due tasks, the oldest first.
    /// - Parameter suspects: `true` leases only tasks whose lease has expired (their process died while it held them), `false`
    ///   only the others, `nil` both.
    func leaseTasks(limit: Int, suspects: Bool?, now: Date, until: Date) async throws -> [TaskLease]

    /// Extends leases that are still held.
    /// - Returns: The leases that another worker has taken over.
    func extend(_ leases: [TaskLease], until: Date) async throws -> [TaskLease]

    /// Ends a task's lease and stores the outcome.
    /// - Throws: ``CatalogError`` with code `leaseLost` when another worker has taken over the lease; nothing is written then.
    func finish(_ lease: TaskLease, _ outcome: TaskOutcome, now: Date) async throws
}

extension TaskQueue {
    package func leaseTasks(limit: Int, now: Date, until: Date) async throws -> [TaskLease] {
        try await leaseTasks(limit: limit, suspects: nil, now: now, until: until)
    }
}
