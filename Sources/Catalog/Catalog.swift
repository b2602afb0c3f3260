package import ArchiveModel
package import Foundation
package import SizeContract

/// The index of tasks and outputs, and the work queue. Every implementation guarantees the following; one test suite checks each
/// of them:
/// - a change is durable (it survives a power cut) once the call returns;
/// - a lease belongs to one worker at a time; a write under a lease that another worker has taken over is refused;
/// - an ended output or task (archived, unavailable) changes only through a call that names it.
package protocol Catalog: Outbox {
    // MARK: Tasks

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

    /// Stores sealed caller keys, which are needed to read tasks of other accounts. Unknown tasks are skipped.
    /// - Parameter account: The number of the caller's account; 0 for this archive's own account.
    func keep(_ sealedKeys: [TaskID: Data], account: Int64) async throws

    /// The stored sealed keys of these tasks.
    func sealedKeys(of tasks: [TaskID]) async throws -> [TaskID: Data]

    /// Deletes the sealed keys of tasks discovered before `date`.
    func forgetSealedKeys(before date: Date) async throws

    // MARK: Submissions

    /// Records a request before it is sent.
    func recordSubmission(key: String, request: RecordedRequest, now: Date) async throws

    /// The request recorded under a key; the first one if several used the same key.
    func submission(key: String, of task: TaskID?) async throws -> RecordedRequest?

    /// Records which task a request has become.
    func completeSubmission(key: String, task: TaskID) async throws

    /// Deletes requests recorded before `date` that have become tasks; the task rows hold the same facts.
    func forgetSubmissions(before date: Date) async throws

    /// Deletes a request that the upstream has refused.
    func dropSubmission(key: String) async throws

    /// Requests that have no answer yet. They may or may not have been sent.
    func openSubmissions() async throws -> [OpenSubmission]

    // MARK: Outputs

    /// Up to `limit` due outputs, without leasing them. Outputs without a deadline come first, then those before their deadline,
    /// then those past it; each group by deadline. If more are due, up to `limit` further outputs are added so that every account
    /// gets a share.
    func queuedOutputs(limit: Int, now: Date) async throws -> [QueuedOutput]

    /// Leases those of `ids` that are due and not held by another worker, in the given order.
    func leaseOutputs(_ ids: [OutputID], now: Date, until: Date) async throws -> [OutputLease]

    /// Extends leases that are still held.
    /// - Returns: The leases that another worker has taken over.
    func extend(_ leases: [OutputLease], until: Date) async throws -> [OutputLease]

    /// The request of a task, as far as it is known.
    func request(of task: TaskID) async throws -> RecordedRequest?

    /// When a lease expires; `nil` when another worker has taken it over.
    func expiry(of lease: OutputLease) async throws -> Date?

    /// Ends an output's lease and stores the outcome.
    /// - Throws: ``CatalogError`` with code `leaseLost` when another worker has taken over the lease; nothing is written then.
    func finish(_ lease: OutputLease, _ outcome: OutputOutcome, now: Date) async throws

    // MARK: The queue as a whole

    /// Puts all unread tasks on hold, with a reason, until ``releaseHeld(now:)`` is called.
    func holdTasks(reason: String) async throws
    func releaseHeld(now: Date) async throws

    /// When the next task or output is due or the next lease expires; `nil` when nothing is pending.
    func nextDue() async throws -> Date?

    /// Makes a durable write that changes no data. It fails when the disk is full or the database stays locked.
    func probe() async throws

    /// The number of tasks and outputs in each state.
    func status(now: Date) async throws -> CatalogStatus

    /// Pending outputs and tasks that are running out of time, the most urgent first.
    /// - Parameters:
    ///   - deadline: Selects outputs whose deadline is before this time.
    ///   - created: Selects unread tasks created before this time (discovered, if the creation time is unknown).
    ///   - limit: The maximum number of entries of each kind; the counts cover all of them.
    func atRisk(deadlineBefore deadline: Date, createdBefore created: Date, limit: Int) async throws -> AtRisk

    /// Retries what was given up: unavailable outputs and tasks, and undecodable deliveries. Failed and cancelled tasks are
    /// retried only if `tasks` names them.
    /// - Parameter tasks: `nil` for all.
    /// - Returns: The tasks that will be read again.
    func retry(_ tasks: [TaskID]?, now: Date) async throws -> [TaskID]

    /// Makes all failing outputs and tasks due now, except those with `most` or more attempts. A wait that a host or the API
    /// requested is still respected.
    func takeUpWaiting(most: Int, now: Date) async throws

    /// Retries outputs and tasks that release 0.1.0 gave up too early. They are unavailable or undecodable without a recorded
    /// cause, and their download window is still open. Each task is retried only once.
    /// - Returns: The tasks that will be read again.
    func reopenEndedEarly(now: Date) async throws -> [TaskID]

    /// Leases a task and its pending outputs, due or not, so that a user can end them. Entries held by a worker are left out.
    func leaseForEnding(_ task: TaskID, now: Date, until: Date) async throws -> (task: TaskLease?, outputs: [OutputLease])

    /// Outputs and tasks that are waiting for a retry after a failure, the longest failing first.
    /// - Parameter limit: The maximum number of entries of each kind; the counts cover all of them.
    func failing(limit: Int) async throws -> Failing

    /// The links of a task's results by index. While a result is pending this is the full link, which is a secret. Afterwards it
    /// is the URL without the query, or the digest of inline data.
    func resultLinks(of task: TaskID) async throws -> [Int: ResultLink]

    /// Deletes the key that decrypts stored links once no output is pending.
    func forgetLinks() async throws

    /// Makes deleted data, such as a link's query, unreadable on the disk.
    func forgetDeleted() async throws

    /// Explains why the catalog file is no longer the one that was opened, for example after a user restored a backup; `nil` when
    /// it is the same. Cheap: one system call for each open file.
    func fileProblem() -> String?

    // MARK: Reading

    /// The matching outputs after `cursor`, the newest task first, then by output index. Returns at most `query.limit` entries or
    /// one page, whichever is smaller.
    func page(_ query: EntryQuery, after cursor: ListCursor?) async throws -> EntryPage

    /// One page of outputs for an audit, the newest task first.
    func auditPage(_ query: EntryQuery, _ detail: AuditDetail, after cursor: ListCursor?) async throws -> AuditPage

    /// Reads all matching tasks that ended without an output for an audit, the newest first. Credits are read only if `detail`
    /// asks for them.
    func auditTasks(_ query: EndedTaskQuery, _ detail: AuditDetail) async throws -> [AuditTask]

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

    // MARK: Rebuilding

    /// Replaces the rows of ended tasks and outputs with the contents of the records. Pending rows stay.
    /// - Parameters:
    ///   - unfinished: Tasks in `outputs` that have more results than these records; they are queued to be read again.
    ///   - now: When reading the records began. Rows that ended later stay too.
    func rebuild(outputs: [ArchiveRecord], tasks: [TaskRecord], unfinished: Set<TaskID>, now: Date) async throws

    /// Updates the row of an ended output after its record was rewritten.
    func update(_ record: ArchiveRecord) async throws
}

/// Outputs and tasks that are waiting for a retry after a failure.
package struct Failing: Sendable, Hashable {
    /// The longest failing first.
    package var outputs: [OutputEntry] = []
    package var tasks: [TaskEntry] = []
    package var outputCounts: [FailureCause: Int] = [:]
    package var taskCounts: [FailureCause: Int] = [:]

    package var count: Int { outputCounts.values.reduce(0, +) + taskCounts.values.reduce(0, +) }
    package var isEmpty: Bool { count == 0 }
}

/// A task, for lists.
package struct TaskEntry: Sendable, Hashable {
    package var id: TaskID
    package var state: TaskState
    package var reason: String?
    package var source: String
    package var createdAt: Date?
    package var discoveredAt: Date
    package var request: RecordedRequest?
    /// The party that caused the task to have no result; `nil` if the upstream itself ended it.
    package var cause: FailureCause?
    /// Set while the task is waiting for a retry after a failure.
    package var failing: FailingState?
}

/// The number of tasks, outputs and bytes, and the state of the queue.
package struct CatalogStatus: Sendable, Hashable {
    package var tasks: [TaskState: Int] = [:]
    package var outputs: [OutputState: Int] = [:]
    package var verdicts: [Verdict: Int] = [:]
    package var originalBytes: Int64 = 0
    /// The earliest deadline among pending outputs.
    package var nearestDeadline: Date?
    /// Why tasks are held; `nil` when none is.
    package var holdReason: String?
}

extension Catalog {
    package func submission(key: String) async throws -> RecordedRequest? { try await submission(key: key, of: nil) }

    package func keep(_ sealedKeys: [TaskID: Data]) async throws { try await keep(sealedKeys, account: 0) }

    package func leaseTasks(limit: Int, now: Date, until: Date) async throws -> [TaskLease] {
        try await leaseTasks(limit: limit, suspects: nil, now: now, until: until)
    }

    package func fileProblem() -> String? { nil }
}

/// An error of the catalog.
package struct CatalogError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The lease has expired and another worker has taken it over.
        case leaseLost
        /// The database can't be opened, read or written, for example because of a lock that is never released or a failing disk.
        case database
        /// The disk is full or read-only, or the file belongs to another user.
        case noRoom
        /// The file is not a database, or it is damaged.
        case damaged
        /// The database was made by a newer version of the program.
        case newerSchema
    }

    package var code: Code
    package var subject: String
    package var detail: String

    package init(_ code: Code, _ subject: String, detail: String = "") {
        self.code = code
        self.subject = subject
        self.detail = detail
    }
}

extension CatalogError: CustomStringConvertible {
    package var description: String {
        switch code {
        case .leaseLost: "the lease of \(subject) has passed on to another worker; this one leaves it alone"
        case .database, .noRoom:
            "the catalog \(subject) failed: \(detail). Check free space and permissions, then run the command again."
        case .damaged:
            "the catalog \(subject) is damaged: \(detail). 'fixative rebuild' makes it again from the records."
        case .newerSchema:
            "the catalog \(subject) was made by a newer Fixative: it holds \(detail), which this one does not know. "
                + "Install that version or a later one; nothing was changed."
        }
    }
}
