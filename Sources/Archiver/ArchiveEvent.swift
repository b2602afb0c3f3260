package import ArchiveModel
package import Foundation
package import GenerationAPI

/// What happens while archiving, for whoever shows or logs it. No event holds a link's query or a key.
package enum ArchiveEvent: Sendable {
    /// A source has named tasks, of which `new` were not known.
    case discovered(named: Int, new: [TaskID])
    /// A sweep of the account came to its end; `isDeep` when it looked at all tasks whose links may live.
    case swept(tasks: Int, new: Int, isDeep: Bool)
    /// A sweep failed, and comes again; `isRefused` when the API does not give the list at all.
    case sweepFailed(reason: String, isRefused: Bool, until: Date)
    case resolved(TaskID, outputs: Int)
    /// A task that will have no picture.
    case taskEnded(TaskID, TaskState, reason: String)
    case archived(OutputEntry)
    case unavailable(OutputEntry)
    /// A try that failed, and when the next one comes.
    case postponed(String, error: String, until: Date)
    /// It has failed for ten minutes, or at once for a cause of our own. Told once until it recovers.
    case failing(String, cause: FailureCause, reason: String)
    /// Nothing can be done before then: retries, or the lease of another worker, which may have died.
    case waiting(until: Date)
    /// A source stopped; what it has not delivered yet stays in the queue.
    case sourceStopped(reason: String)
    /// Less time is left than is comfortable, and it is not archived yet. Told once of each in a run.
    case atRisk(String, deadline: Date, reason: String)
    /// Something that went wrong and was dealt with.
    case warning(String)
    /// The account is perhaps not seen as it is: what follows is a failure until the problem is cleared.
    case problemFound(UpstreamProblem)
    case problemCleared(UpstreamProblem.Name)
    /// Something that is worth a line in the log and changes nothing.
    case note(String)
}

/// What a run has done.
package struct ArchiveSummary: Sendable {
    package var archived = 0
    /// Of these, the ones whose bytes are no whole picture.
    package var undecodable = 0
    package var unavailable = 0
    /// Outputs and tasks that still wait at the end of the run although little of their time is left.
    package var atRisk = 0
    package var endedTasks = 0
    /// Outputs and tasks that are not at their end.
    package var waiting = 0
    /// Bytes of originals that were not stored before.
    package var newBytes: Int64 = 0
    /// Outputs whose bytes were stored before.
    package var duplicates = 0
    /// Set when a source stopped before its end.
    package var stopReason: String?
    /// Set when the run was asked to stop and did so.
    package var wasStopped = false
}
