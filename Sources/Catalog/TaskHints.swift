package import ArchiveModel
package import Foundation

/// Task IDs known only from a callback. They are not tasks: lists, counts and reports leave them out until the upstream confirms
/// the task.
package protocol TaskHints: Sendable {
    /// Stores a task ID durably, unless the catalog needs no hint for it.
    /// - Parameter most: The maximum number of hints. A full table drops a hint that was read unsuccessfully several times, or
    ///   refuses the new one.
    func keepHint(_ id: TaskID, most: Int, now: Date) async throws -> HintOutcome

    /// Up to `limit` due hints, those with the fewest reads first.
    func dueHints(limit: Int, now: Date) async throws -> [TaskHint]

    /// When the next hint is due; `nil` when there is none.
    func nextHintDue() async throws -> Date?

    /// - Parameter countsReading: Whether to count a read, because the upstream answered that it does not know these tasks.
    func postponeHints(_ due: [TaskID: Date], countsReading: Bool) async throws

    func dropHints(_ ids: [TaskID]) async throws
}

package enum HintOutcome: Sendable, Hashable {
    /// The task is already in the catalog.
    case known
    /// The hint is stored durably.
    case kept
    /// The table is full; nothing was written.
    case full
}

package struct TaskHint: Sendable, Hashable {
    package var id: TaskID
    package var receivedAt: Date
    /// Reads that did not find the task.
    package var attempts: Int
}
