package import ArchiveModel
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

    package init(clock: any WallClock) { gate = HostRateLimiter(limits: HostLimits(concurrent: Self.places), clock: clock) }

    /// The place of one answer. Give it back when the answer has been parsed, whatever happened before.
    package func place() -> Place { Place(gate: gate) }

    package final class Place: Sendable {
        private let gate: HostRateLimiter
        private let isTaken = Mutex(false)

        fileprivate init(gate: HostRateLimiter) { self.gate = gate }

        /// Waits for a free place. Does nothing if this one is taken already.
        /// - Throws: `CancellationError`.
        package func take() async throws {
            guard !isTaken.withLock({ $0 }) else { return }
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
