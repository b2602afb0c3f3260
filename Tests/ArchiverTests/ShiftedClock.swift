import ArchiveModel
import Foundation
import Synchronization

/// A clock that is ahead of the one that it follows, until a test sets it right.
final class ShiftedClock: WallClock {
    private let base: any WallClock
    private let shift: Mutex<TimeInterval>

    init(_ base: any WallClock, ahead seconds: TimeInterval) {
        self.base = base
        shift = Mutex(seconds)
    }

    var now: Date { base.now.addingTimeInterval(shift.withLock { $0 }).wholeMilliseconds }

    func set(ahead seconds: TimeInterval) { shift.withLock { $0 = seconds } }

    func sleep(for duration: Duration) async throws { try await base.sleep(for: duration) }
}
