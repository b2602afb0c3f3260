import ArchiveModel
import ArchiveStore
import Archiver
import Foundation
import Upkeep

/// Seals each day shortly after its end in UTC, for as long as the service runs.
struct DailySealer {
    /// Seconds until a time stamp that could not be had is requested again.
    static let retryTime: TimeInterval = 3600

    let clock: any WallClock
    /// Makes the seals with the current settings.
    let seal: @Sendable () async throws -> SealMaker.Report
    let report: @Sendable (ArchiveEvent) -> Void

    /// Runs until it is cancelled.
    /// - Throws: An error of the archive. The supervisor starts it again.
    func run() async throws {
        var lastProblem: String?
        while true {
            let done = try await seal()
            for sealed in done.sealed { report(.note("sealed \(sealed.records) records of \(sealed.seal), root \(sealed.root)")) }
            for failure in done.failed { report(.warning("not sealed: \(failure)")) }
            if let problem = done.stampProblem, problem != lastProblem {
                report(.warning("seals have no time stamp yet, and one is requested again every hour: \(problem)"))
            }
            lastProblem = done.stampProblem
            let closing = SealMaker.nextClosing(after: clock.now)
            let retry = clock.now.addingTimeInterval(Self.retryTime)
            // A clock may wake a little early, before the day has closed.
            try await clock.sleep(until: (lastProblem == nil ? closing : min(closing, retry)).addingTimeInterval(1))
        }
    }
}
