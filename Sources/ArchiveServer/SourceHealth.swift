package import ArchiveModel
package import Foundation
import Synchronization

/// How the parts of a running service are: told by whoever runs them, asked by health and metrics.
package final class SourceHealth: Sendable {
    package enum State: String, Sendable, Encodable {
        case running
        /// It failed, and is begun again after a wait.
        case restarting
        /// It works, but the upstream does not give all that it could.
        case limited
        /// It works, but what it sees can't be trusted.
        case failing
    }

    package struct Source: Sendable, Encodable {
        package var name: String
        package var state: State
        /// Since when it is in this state.
        package var since: Date
        /// What failed, or is missing.
        package var reason: String?
        /// When it is tried again.
        package var nextTry: Date?
        /// How often it was begun again since the process began.
        package var restarts: Int
    }

    private let clock: any WallClock
    private let known = Mutex<[String: Source]>([:])

    package init(clock: any WallClock) { self.clock = clock }

    /// In the order of their names.
    package var sources: [Source] { known.withLock { $0.values.sorted { $0.name < $1.name } } }

    package func isRunning(_ name: String) { note(name, .running) }

    package func isLimited(_ name: String, reason: String, nextTry: Date?) {
        note(name, .limited, reason: reason, nextTry: nextTry)
    }

    package func isFailing(_ name: String, reason: String) { note(name, .failing, reason: reason) }

    /// Forgets a part that is there only while something is wrong with it.
    package func clear(_ name: String) { known.withLock { _ = $0.removeValue(forKey: name) } }

    /// - Parameter isEnd: Whether it has ended and will be begun again, and does not merely try again by itself.
    package func failed(_ name: String, reason: String, nextTry: Date?, isEnd: Bool) {
        note(name, .restarting, reason: reason, nextTry: nextTry, restarts: isEnd ? 1 : 0)
    }

    private func note(_ name: String, _ state: State, reason: String? = nil, nextTry: Date? = nil, restarts: Int = 0) {
        let now = clock.now
        known.withLock { known in
            let before = known[name]
            let since = before?.state == state ? before?.since ?? now : now
            known[name] = Source(
                name: name, state: state, since: since, reason: reason, nextTry: nextTry,
                restarts: (before?.restarts ?? 0) + restarts)
        }
    }
}
