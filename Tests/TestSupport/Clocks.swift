import ArchiveModel
package import Foundation
import Synchronization

/// A clock that moves on by itself when somebody waits, so that no test waits.
package final class LeapingClock: WallClock {
    private let time: Mutex<Date>
    private let waited = Mutex<[TimeInterval]>([])

    /// - Parameter now: By default 2026-11-22T12:00:00Z.
    package init(now: Date = Date(milliseconds: 1_795_348_800_000)) { time = Mutex(now) }

    package var now: Date { time.withLock { $0 } }
    /// The waits that were asked for, in seconds, without time limits.
    package var waits: [TimeInterval] { waited.withLock { $0 } }

    package func sleep(for duration: Duration) async throws {
        let seconds = TimeInterval(duration)
        // A time limit watches a call: it must not fire because time leaps.
        guard seconds < 50 else {
            try await Task.sleep(for: .seconds(3600))
            return
        }
        waited.withLock { $0.append(seconds) }
        time.withLock { $0 += seconds }
        try Task.checkCancellation()
    }
}

/// A clock that is set by hand, for code that does not wait.
package final class HandClock: WallClock {
    private let time: Mutex<Date>

    package init(now: Date) { time = Mutex(now) }

    package var now: Date { time.withLock { $0 } }

    package func pass(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }

    package func sleep(for duration: Duration) async throws { throw CancellationError() }
}
