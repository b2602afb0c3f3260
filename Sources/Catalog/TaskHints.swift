package import ArchiveModel
package import Foundation

/// Names of tasks that only a callback has told of. They are no tasks: nothing lists, counts or reports them until the upstream knows one.
package protocol TaskHints: Sendable {
    /// Keeps a name durably, unless the catalog needs no hint of it.
    /// - Parameter most: How many hints are kept at once. A full table gives up one that was read in vain several times, or takes none.
    func keepHint(_ id: TaskID, most: Int, now: Date) async throws -> HintOutcome

    /// Up to `limit` hints that are due, those with the fewest readings first.
    func dueHints(limit: Int, now: Date) async throws -> [TaskHint]

    /// When the next hint is due; `nil` when there is none.
    func nextHintDue() async throws -> Date?

    /// - Parameter countsReading: Whether the upstream has said that it knows none of them.
    func postponeHints(_ due: [TaskID: Date], countsReading: Bool) async throws

    func dropHints(_ ids: [TaskID]) async throws
}

package enum HintOutcome: Sendable, Hashable {
    /// The task is in the catalog already.
    case known
    /// The hint is on disk.
    case kept
    /// The table is full, and nothing was written.
    case full
}

package struct TaskHint: Sendable, Hashable {
    package var id: TaskID
    package var receivedAt: Date
    /// Readings that did not find the task.
    package var attempts: Int
}
