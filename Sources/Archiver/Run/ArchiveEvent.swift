package import ArchiveModel
package import Foundation
package import GenerationAPI

/// Events of a run, for display and logs. No event contains a key or the query of a link.
package enum ArchiveEvent: Sendable {
    /// A source has named tasks; `new` are those that were unknown before.
    case discovered(named: Int, new: [TaskID])
    /// A sweep of the account has finished; `isDeep` if it read every task whose links may still work.
    case swept(tasks: Int, new: Int, isDeep: Bool)
    /// A sweep failed and is retried at `until`; `isRefused` if the API does not provide the list at all.
    case sweepFailed(reason: String, isRefused: Bool, until: Date)
    case resolved(TaskID, outputs: Int)
    /// A task ended without a picture.
    case taskEnded(TaskID, TaskState, reason: String)
    case archived(OutputEntry)
    case unavailable(OutputEntry)
    /// An attempt failed; the next one is at `until`.
    case postponed(String, error: String, until: Date)
    /// An item has been failing for ten minutes, or has just failed with the cause `ours`. Sent once until the item recovers.
    case failing(String, cause: FailureCause, reason: String)
    /// No work is due before `until`. Only retries and leases of other workers remain; such a worker may have died.
    case waiting(until: Date)
    /// The API has refused the key. Unfinished tasks stay in the queue, and are tried again after a pause.
    case sourceStopped(reason: String)
    /// The API accepts the key again.
    case sourceResumed
    /// An item is not archived yet, and less than the risk time is left. Sent once per item and run.
    case atRisk(String, deadline: Date, reason: String)
    /// A problem that was handled.
    case warning(String)
    /// The API's answers may not show the account's real state. The service is reported as failing until the problem is cleared.
    case problemFound(UpstreamProblem)
    case problemCleared(UpstreamProblem.Name)
    /// Worth a line in the log; requires no action.
    case note(String)
}

/// Totals of a run.
package struct ArchiveSummary: Sendable {
    package var archived = 0
    /// The subset of `archived` whose bytes are not a complete picture.
    package var undecodable = 0
    package var unavailable = 0
    /// Outputs and tasks still waiting at the end of the run with less than the risk time left.
    package var atRisk = 0
    package var endedTasks = 0
    /// Outputs and tasks that have not ended.
    package var waiting = 0
    /// Bytes of originals that were new to the store.
    package var newBytes: Int64 = 0
    /// Outputs whose bytes were already stored.
    package var duplicates = 0
    /// Set if a source stopped early.
    package var stopReason: String?
    /// Set if the run stopped on request.
    package var wasStopped = false
}
