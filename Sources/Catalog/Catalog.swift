package import ArchiveModel
package import Foundation
package import SizeContract

/// The index of tasks and outputs, and the queue of what is still to be done. Every implementation keeps these promises, and one
/// suite of tests holds each to them:
/// - what a call has returned survives a power cut;
/// - a lease belongs to one worker at a time, and every write under a lease that has passed on is refused;
/// - what has ended (archived, unavailable) is changed only by a call that names it.
package protocol Catalog: Outbox {
    // MARK: Tasks

    /// Enters tasks that are not known yet, as `waiting`. Of a known task, facts that were missing are filled in, and a size that can't
    /// be read is replaced.
    func register(_ tasks: [TaskRegistration], now: Date) async throws -> RegistrationSummary

    /// The newest task that a sweep of the account has shown, of those created until `before`.
    func newestListed(before: Date) async throws -> (id: TaskID, createdAt: Date)?

    /// Leases up to `limit` tasks that are due, the oldest first.
    /// - Parameter suspects: Whether to lease those whose lease has run out, since a process died with them in hand, or only the
    ///   others; `nil` for both.
    func leaseTasks(limit: Int, suspects: Bool?, now: Date, until: Date) async throws -> [TaskLease]

    /// Lengthens leases that are still held.
    /// - Returns: Those of `leases` that have passed on to somebody else.
    func extend(_ leases: [TaskLease], until: Date) async throws -> [TaskLease]

    /// Ends a task's lease with what was learnt.
    /// - Throws: ``CatalogError`` with code `leaseLost` when the lease has passed on: then nothing was written.
    func finish(_ lease: TaskLease, _ outcome: TaskOutcome, now: Date) async throws

    /// Keeps what reads tasks that are not this account's own: callers' keys, sealed. Tasks that are not known are passed over.
    /// - Parameter account: A number that stands for the caller's account; 0 for the own one.
    func keep(_ sealedKeys: [TaskID: Data], account: Int64) async throws

    /// What was kept for those tasks.
    func sealedKeys(of tasks: [TaskID]) async throws -> [TaskID: Data]

    /// Throws away what was kept for tasks that were discovered before `date`.
    func forgetSealedKeys(before date: Date) async throws

    // MARK: Submissions

    /// Puts a request on record before it is sent.
    func recordSubmission(key: String, request: RecordedRequest, now: Date) async throws

    /// What was put on record under a key; of several requests under one key the first.
    func submission(key: String) async throws -> RecordedRequest?

    /// Notes which task a request has become.
    func completeSubmission(key: String, task: TaskID) async throws

    /// Forgets requests that have become tasks, and were put on record before `date`: the tasks have them.
    func forgetSubmissions(before date: Date) async throws

    /// Forgets a request that the upstream has refused.
    func dropSubmission(key: String) async throws

    /// Requests that were sent, or were about to be, and never answered.
    func openSubmissions() async throws -> [OpenSubmission]

    // MARK: Outputs

    /// Up to `limit` outputs that are due, without leasing them: those without a deadline, then by deadline those before theirs, then
    /// those past it. When there are more, up to as many again, so that each account has its share among them.
    func queuedOutputs(limit: Int, now: Date) async throws -> [QueuedOutput]

    /// Leases those of `ids` that are due and nobody else has taken, in the order given.
    func leaseOutputs(_ ids: [OutputID], now: Date, until: Date) async throws -> [OutputLease]

    /// Lengthens leases that are still held.
    /// - Returns: Those of `leases` that have passed on to somebody else.
    func extend(_ leases: [OutputLease], until: Date) async throws -> [OutputLease]

    /// What was asked for, as far as it is known.
    func request(of task: TaskID) async throws -> RecordedRequest?

    /// When a lease runs out; `nil` when it has passed on to somebody else.
    func expiry(of lease: OutputLease) async throws -> Date?

    /// Ends an output's lease with what was done.
    /// - Throws: ``CatalogError`` with code `leaseLost` when the lease has passed on: then nothing was written.
    func finish(_ lease: OutputLease, _ outcome: OutputOutcome, now: Date) async throws

    // MARK: The queue as a whole

    /// Puts everything that waits for a source aside, with the reason; ``releaseHeld(now:)`` takes it up again.
    func holdTasks(reason: String) async throws
    func releaseHeld(now: Date) async throws

    /// When the next task or output is due, or the next lease runs out; `nil` when nothing waits.
    func nextDue() async throws -> Date?

    /// Writes something that changes nothing, durably: whether the disk has room, and nobody holds the lock.
    func probe() async throws

    /// How much is in which state.
    func status(now: Date) async throws -> CatalogStatus

    /// What still waits although little of its time is left, the most urgent first.
    /// - Parameters:
    ///   - deadline: Outputs with a deadline before this.
    ///   - created: Tasks that are still to be read, created (or, where that is unknown, discovered) before this.
    ///   - limit: The most entries of each kind; the counts are of all.
    func atRisk(deadlineBefore deadline: Date, createdBefore created: Date, limit: Int) async throws -> AtRisk

    /// Takes up again what was given up: outputs and tasks that are unavailable and deliveries that were no whole picture; of tasks
    /// named here also failed and cancelled ones.
    /// - Parameter tasks: `nil` for all.
    /// - Returns: The tasks that will be read again.
    func retry(_ tasks: [TaskID]?, now: Date) async throws -> [TaskID]

    /// Makes everything due that waits after a failure, except what a host or the API has asked to wait for, and what has had
    /// `most` tries.
    func takeUpWaiting(most: Int, now: Date) async throws

    /// Takes up again, once, what an archive of release 0.1.0 gave up while its window is open: outputs and tasks that are
    /// unavailable or undecodable without a cause on record.
    /// - Returns: The tasks that will be read again.
    func reopenEndedEarly(now: Date) async throws -> [TaskID]

    /// Leases a task and its outputs that wait, due or not, so that a person can end them. What a worker holds is left out.
    func leaseForEnding(_ task: TaskID, now: Date, until: Date) async throws -> (task: TaskLease?, outputs: [OutputLease])

    /// What waits after a failure, the longest failing first.
    /// - Parameter limit: The most entries of each kind; the counts are of all.
    func failing(limit: Int) async throws -> Failing

    /// What is known of the links of a task's results, by their numbers: the link itself (a secret) while a result waits, afterwards
    /// its address without the query, or the digest of inline data.
    func resultLinks(of task: TaskID) async throws -> [Int: String]

    /// Throws away what reads the links that were deleted, as soon as none is left that waits.
    func forgetLinks() async throws

    /// Sees to it that nothing of what was deleted remains readable on the disk, such as a link's query.
    func forgetDeleted() async throws

    /// Why the catalog's file is no longer the one that was opened, such as after somebody restored another; `nil` when it is. Cheap:
    /// one call of the operating system.
    func fileProblem() -> String?

    // MARK: Reading

    /// The outputs that fit and come after `cursor`, the newest task first; of one task in the order of their index. At most
    /// `query.limit` of them, or as many as a page holds.
    func page(_ query: EntryQuery, after cursor: ListCursor?) async throws -> EntryPage

    /// A part of the outputs as an audit reads them, the newest task first.
    func auditPage(_ query: EntryQuery, _ detail: AuditDetail, after cursor: ListCursor?) async throws -> AuditPage

    /// All tasks that ended without a picture and fit, as an audit reads them, the newest first; without credits unless asked for.
    func auditTasks(_ query: EndedTaskQuery, _ detail: AuditDetail) async throws -> [AuditTask]

    /// Tasks that ended without an output and come after `cursor`, and why; the newest first.
    func endedTasks(_ query: EndedTaskQuery, after cursor: ListCursor?) async throws -> TaskPage

    /// Outputs counted by what they are, from the given times on; without opening each.
    /// - Parameters:
    ///   - since: Only what was created at or after this.
    ///   - before: Only what was created before this.
    func tallies(since: Date?, before: Date?) async throws -> [OutputTally]

    /// What the lists of ended outputs hold, as sums by day and a mark of all writes, to see what has changed since an earlier one.
    func census() async throws -> Census

    /// One task; `nil` when it is not known.
    func task(_ id: TaskID) async throws -> TaskEntry?

    // MARK: Rebuilding

    /// Replaces what the catalog knows of ended tasks and outputs by what the records say; what still waits stays.
    /// - Parameters:
    ///   - unfinished: Tasks of `outputs` that have more results than these: they wait to be read again.
    ///   - now: When the reading of the records began. What has ended since then stays too.
    func rebuild(outputs: [ArchiveRecord], tasks: [TaskRecord], unfinished: Set<TaskID>, now: Date) async throws

    /// Replaces the facts of one ended output, after its record was written anew.
    func update(_ record: ArchiveRecord) async throws
}

/// What waits after a failure.
package struct Failing: Sendable, Hashable {
    /// The longest failing first.
    package var outputs: [OutputEntry] = []
    package var tasks: [TaskEntry] = []
    package var outputCounts: [FailureCause: Int] = [:]
    package var taskCounts: [FailureCause: Int] = [:]

    package var count: Int { outputCounts.values.reduce(0, +) + taskCounts.values.reduce(0, +) }
    package var isEmpty: Bool { count == 0 }
}

/// A task as lists show it.
package struct TaskEntry: Sendable, Hashable {
    package var id: TaskID
    package var state: TaskState
    package var reason: String?
    package var source: String
    package var createdAt: Date?
    package var discoveredAt: Date
    package var request: RecordedRequest?
    /// Who caused that it has no result; `nil` for what the upstream itself ended.
    package var cause: FailureCause?
    /// Set while it waits after a failure.
    package var failing: FailingState?
}

/// The queue and the archive in numbers.
package struct CatalogStatus: Sendable, Hashable {
    package var tasks: [TaskState: Int] = [:]
    package var outputs: [OutputState: Int] = [:]
    package var verdicts: [Verdict: Int] = [:]
    package var originalBytes: Int64 = 0
    /// The nearest deadline among outputs that wait.
    package var nearestDeadline: Date?
    /// Why tasks are held, when some are.
    package var holdReason: String?
}

extension Catalog {
    package func keep(_ sealedKeys: [TaskID: Data]) async throws { try await keep(sealedKeys, account: 0) }

    package func leaseTasks(limit: Int, now: Date, until: Date) async throws -> [TaskLease] {
        try await leaseTasks(limit: limit, suspects: nil, now: now, until: until)
    }

    package func fileProblem() -> String? { nil }
}

/// Why the catalog could not do what was asked.
package struct CatalogError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The lease has run out and passed on.
        case leaseLost
        /// The database can't be opened, read or written: a lock that is never let go, or a disk that fails.
        case database
        /// The disk is full, read-only, or belongs to somebody else.
        case noRoom
        /// The file is no database, or a damaged one.
        case damaged
        /// It was made by a newer program.
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
