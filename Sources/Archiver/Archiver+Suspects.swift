import ArchiveModel
import Catalog
import Foundation
import GenerationAPI

/// Items that were in progress when a process died are retried one at a time, since one of them may be the cause.
extension Archiver {
    /// Those of `ids` that may start now: of outputs and tasks that were in hand when a process died one at a time, so that the one
    /// that kills is found, and none of the others is in hand again at its next death.
    func withoutSuspects(_ ids: [OutputID], _ shift: Shift) -> [OutputID] {
        guard !shift.suspects.isEmpty else { return ids }
        var isTaken = shift.hasSuspectInHand
        return ids.filter { id in
            guard shift.suspects.contains(id) else { return true }
            defer { isTaken = true }
            return !isTaken
        }
    }

    /// The tasks to read now: those that no process died of, and in turn with them one of the others alone.
    func leaseTasks(_ shift: inout Shift, now: Date) async throws -> [TaskLease] {
        let until = now.addingTimeInterval(options.leaseDuration)
        for suspects in shift.hasReadSuspect ? [false, true] : [true, false] where !(suspects && shift.hasSuspectInHand) {
            let leases = try await catalog.leaseTasks(
                limit: suspects ? 1 : GenerationClient.batchLimit, suspects: suspects, now: now, until: until)
            guard leases.isEmpty else {
                shift.hasReadSuspect = suspects
                return leases
            }
        }
        return []
    }
}
