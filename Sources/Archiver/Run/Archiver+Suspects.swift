import ArchiveModel
import Catalog
import Foundation

/// Items that were in progress when a process died are retried one at a time, since one of them may be the cause.
extension Archiver {
    /// Filters `ids` down to those that may start now. Outputs and tasks that were in progress when a process died start one at a
    /// time. This identifies the one that crashes the process, and keeps the others from being in progress at the next crash.
    func withoutSuspects(_ ids: [OutputID], _ state: RunState) -> [OutputID] {
        guard !state.suspects.isEmpty else { return ids }
        var isTaken = state.hasSuspectInHand
        return ids.filter { id in
            guard state.suspects.contains(id) else { return true }
            defer { isTaken = true }
            return !isTaken
        }
    }
}
