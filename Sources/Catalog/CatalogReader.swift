package import ArchiveModel
package import Foundation

/// Lists, counts and reports. No call changes anything.
package protocol CatalogReader: Sendable {
    /// The number of tasks and outputs in each state.
    func status(now: Date) async throws -> CatalogStatus

    /// Pending outputs and tasks that are running out of time, the most urgent first.
    /// - Parameters:
    ///   - deadline: Selects outputs whose deadline is before this time.
    ///   - created: Selects unread tasks created before this time (discovered, if the creation time is unknown).
    ///   - limit: The maximum number of entries of each kind; the counts cover all of them.
    func atRisk(deadlineBefore deadline: Date, createdBefore created: Date, limit: Int) async throws -> AtRisk

    /// Outputs and tasks that are waiting for a retry after a failure, the longest failing first.
    /// - Parameter limit: The maximum number of entries of each kind; the counts cover all of them.
    func failing(limit: Int) async throws -> Failing

    /// The matching outputs after `cursor`, the newest task first, then by output index. Returns at most `query.limit` entries or
    /// one page, whichever is smaller.
    func page(_ query: EntryQuery, after cursor: ListCursor?) async throws -> EntryPage

    /// One page of outputs for an audit, the newest task first.
    func auditPage(_ query: EntryQuery, _ detail: AuditDetail, after cursor: ListCursor?) async throws -> AuditPage

    /// Reads all matching tasks that ended without an output for an audit, the newest first. Charges are read only if
    /// `detail` asks for them.
    func auditTasks(_ query: EndedTaskQuery, _ detail: AuditDetail) async throws -> [AuditTask]

    /// The charges of all calls on record, counted by model, requested size and amount.
    func chargeTallies() async throws -> [ChargeTally]

    /// One page of what is known of Content Credentials, the newest task first.
    func credentialPage(_ query: EntryQuery, after cursor: ListCursor?) async throws -> CredentialPage

    /// Tasks after `cursor` that ended without an output, with the reason; the newest first.
    func endedTasks(_ query: EndedTaskQuery, after cursor: ListCursor?) async throws -> TaskPage

    /// The number of outputs by state, verdict, tiers and model. Uses counters for whole days instead of reading every row.
    /// - Parameters:
    ///   - since: Counts only outputs created at or after this time.
    ///   - before: Counts only outputs created before this time.
    func tallies(since: Date?, before: Date?) async throws -> [OutputTally]

    /// A fingerprint of the ended outputs: hashes by day and a counter of all writes. Comparing it with an earlier one shows what
    /// has changed.
    func fingerprint() async throws -> CatalogFingerprint

    /// One task; `nil` when it is not known.
    func task(_ id: TaskID) async throws -> TaskEntry?
}
