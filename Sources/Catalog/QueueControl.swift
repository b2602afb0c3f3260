package import ArchiveModel
package import Foundation

/// The queue as a whole: pauses, retries, and the health of the engine.
package protocol QueueControl: Sendable {
    /// Puts all unread tasks on hold, with a reason, until ``releaseHeld(now:)`` is called.
    func holdTasks(reason: String) async throws

    func releaseHeld(now: Date) async throws

    /// When the next task or output is due or the next lease expires; `nil` when nothing is pending.
    func nextDue() async throws -> Date?

    /// Makes a durable write that changes no data. It fails when the disk is full or the database stays locked.
    func probe() async throws

    /// Retries what was given up: unavailable outputs and tasks, and undecodable deliveries. Failed and cancelled tasks are
    /// retried only if `tasks` names them.
    /// - Parameter tasks: `nil` for all.
    /// - Returns: The tasks that will be read again.
    func retry(_ tasks: [TaskID]?, now: Date) async throws -> [TaskID]

    /// Makes all failing outputs and tasks due now, except those with `most` or more attempts. A wait that a host or the API
    /// requested is still respected. Also ends waits and leases that are longer than any rule allows: the clock was wrong when
    /// they were written.
    func takeUpWaiting(most: Int, now: Date) async throws

    /// Makes everything that waits due now. For a clock that was set back: a wait that began before would end hours or days late.
    func takeUpAll(now: Date) async throws

    /// Retries outputs and tasks that release 0.1.0 gave up too early. They are unavailable or undecodable without a recorded
    /// cause, and their download window is still open. Each task is retried only once.
    /// - Returns: The tasks that will be read again.
    func reopenEndedEarly(now: Date) async throws -> [TaskID]

    /// Leases a task and its pending outputs, due or not, so that a user can end them. Entries held by a worker are left out.
    func leaseForEnding(_ task: TaskID, now: Date, until: Date) async throws -> (task: TaskLease?, outputs: [OutputLease])

    /// Deletes the key that decrypts stored links once no output is pending.
    func forgetLinks() async throws

    /// Makes deleted data, such as a link's query, unreadable on the disk.
    func forgetDeleted() async throws

    /// Explains why the catalog file is no longer the one that was opened, for example after a user restored a backup; `nil` when
    /// it is the same. Cheap: one system call for each open file.
    func fileProblem() -> String?
}

extension QueueControl {
    package func fileProblem() -> String? { nil }
}
