import ArchiveModel
import Catalog
import Foundation
import GenerationAPI

/// The clock of a machine can be wrong by any amount, for example after it wakes up, and is set back or forward later.
extension Archiver {
    /// Waits that were counted from a wrong time would last until that time comes. So when the clock is set back, everything that
    /// waits is due at once.
    func takeUpAfterClockChange(_ state: inout RunState, now: Date) async throws {
        let step = state.latestTime.timeIntervalSince(now)
        guard step > UpstreamMonitor.clockTolerance else {
            state.latestTime = now
            return
        }
        try await catalog.takeUpAll(now: now)
        state.latestTime = now
        state.heartbeatDueAt = .distantPast
        state.riskCheckDueAt = .distantPast
        state.schedule = DownloadSchedule(connections: options.downloads)
        if state.sweepDueAt != nil {
            state.sweepDueAt = now
            state.sweepMark = SweepMark()
        }
        report(.note("the clock was set back by \(Int(step.rounded())) s; everything that waits is tried again"))
    }

    /// Deletes what is kept only as long as links live. Not under an unconfirmed clock, which may be ahead of living links.
    func forgetExpired() async throws {
        guard client.isClockConfirmed else { return }
        let past = clock.now.addingTimeInterval(-2 * UpstreamRules.linkLifetime)
        try await catalog.forgetSealedKeys(before: past)
        try await catalog.forgetSubmissions(before: past)
    }
}
