package import ArchiveModel
package import Foundation
import Networking
import Synchronization

/// Bounds the memory of answers: only a few large ones are received and parsed at the same time. Parsing needs several times the size
/// of an answer.
package struct LargeAnswers: Sendable {
    /// An answer of at most this many bytes needs no place.
    static let threshold = 4 << 20
    private static let places = 2
    private static let key = "large answers"

    private let gate: HostRateLimiter
    private let clock: any WallClock

    package init(clock: any WallClock) {
        gate = HostRateLimiter(limits: HostLimits(concurrent: Self.places), clock: clock)
        self.clock = clock
    }

    /// The place of one answer. Give it back when the answer has been parsed, whatever happened before.
    package func place() -> Place { Place(gate: gate, clock: clock) }

    package final class Place: Sendable {
        private let gate: HostRateLimiter
        private let clock: any WallClock
        private let isTaken = Mutex(false)
        /// When the wait for the place began and ended.
        private let wait = Mutex<(begin: Date?, end: Date?)>((nil, nil))

        fileprivate init(gate: HostRateLimiter, clock: any WallClock) {
            self.gate = gate
            self.clock = clock
        }

        /// The seconds for which this answer has waited for its place so far. Other answers caused them, not the API.
        package var waited: TimeInterval {
            let (begin, end) = wait.withLock { $0 }
            return begin.map { max(0, (end ?? clock.now).timeIntervalSince($0)) } ?? 0
        }

        /// Waits for a free place. Does nothing if this one is taken already.
        /// - Throws: `CancellationError`.
        package func take() async throws {
            guard !isTaken.withLock({ $0 }) else { return }
            wait.withLock { $0 = (clock.now, nil) }
            defer { wait.withLock { $0.end = clock.now } }
            // The gate is never paused, so it always gives a place.
            _ = try await gate.acquire(LargeAnswers.key, maxWait: .infinity)
            isTaken.withLock { $0 = true }
        }

        package func giveBack() async {
            let wasTaken = isTaken.withLock { isTaken in
                defer { isTaken = false }
                return isTaken
            }
            if wasTaken { await gate.release(LargeAnswers.key) }
        }
    }
}
