import ArchiveModel
import Archiver
import Foundation
import Synchronization
import TestSupport
import Testing
import Upkeep

@testable import FixativeCommands

/// Moves on by every wait, however long, from 2026-11-22T12:00:00Z.
private final class DayClock: WallClock {
    private let time = Mutex(Date(milliseconds: 1_795_348_800_000))

    var now: Date { time.withLock { $0 } }

    func sleep(for duration: Duration) async throws { time.withLock { $0 += TimeInterval(duration) } }
}

@Suite struct DailySealerTests {
    /// From 2026-11-22T12:00:00Z: the days close at 00:15, and a second later is safe.
    @Test(.timeLimit(.minutes(1))) func theServiceSealsEachDayAndAsksAnAuthorityThatIsDownAgain() async throws {
        let clock = DayClock()
        let calls = Mutex<[Date]>([])
        let said = Mutex<[String]>([])
        let sealer = DailySealer(
            clock: clock,
            seal: {
                let count = calls.withLock { calls -> Int in
                    calls.append(clock.now)
                    return calls.count
                }
                var report = SealMaker.Report()
                if count == 1 || count == 2 { report.stampProblem = "nobody answers" }
                if count == 4 { report.failed = ["task-0: its record is missing"] }
                if count == 6 { throw CancellationError() }
                return report
            },
            report: { event in
                switch event {
                case .warning(let text), .note(let text): said.withLock { $0.append(text) }
                default: break
                }
            })
        do {
            try await sealer.run()
        } catch is CancellationError {}
        #expect(
            calls.withLock { $0.map(\.iso8601) } == [
                "2026-11-22T12:00:00.000Z", "2026-11-22T13:00:01.000Z", "2026-11-22T14:00:02.000Z", "2026-11-23T00:15:01.000Z",
                "2026-11-24T00:15:01.000Z", "2026-11-25T00:15:01.000Z",
            ])
        // The same problem is told once.
        #expect(said.withLock { $0.count } == 2)
        #expect(said.withLock { $0.first }?.contains("nobody answers") == true)
        #expect(said.withLock { $0.last }?.contains("not sealed: task-0") == true)
    }
}
