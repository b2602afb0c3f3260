package import ArchiveModel
package import Foundation
import Synchronization

/// The states of the service's parts. Set by the code that runs them; read by health and metrics.
package final class SourceHealth: Sendable {
    package enum State: String, Sendable, Encodable {
        case running
        /// The part failed and will be restarted after a wait.
        case restarting
        /// The part works, but the upstream does not provide everything.
        case limited
        /// The part works, but the data it gets can't be trusted.
        case failing
    }

    package struct Source: Sendable, Encodable {
        package var name: String
        package var state: State
        /// When the source entered its current state.
        package var since: Date
        /// The failed or missing part.
        package var reason: String?
        /// When the part is tried again.
        package var nextTry: Date?
        /// Restarts since the process started.
        package var restarts: Int
    }

    private let clock: any WallClock
    private let known = Mutex<[String: Source]>([:])

    package init(clock: any WallClock) { self.clock = clock }

    /// Sorted by name.
    package var sources: [Source] { known.withLock { $0.values.sorted { $0.name < $1.name } } }

    package func isRunning(_ name: String) { record(name, .running) }

    package func isLimited(_ name: String, reason: String, nextTry: Date?) {
        record(name, .limited, reason: reason, nextTry: nextTry)
    }

    package func isFailing(_ name: String, reason: String) { record(name, .failing, reason: reason) }

    /// Removes a part that is only listed while it has a problem.
    package func clear(_ name: String) { known.withLock { _ = $0.removeValue(forKey: name) } }

    /// - Parameter isEnd: Whether the part has ended and will be restarted, as opposed to retrying by itself.
    package func failed(_ name: String, reason: String, nextTry: Date?, isEnd: Bool) {
        record(name, .restarting, reason: reason, nextTry: nextTry, restarts: isEnd ? 1 : 0)
    }

    private func record(_ name: String, _ state: State, reason: String? = nil, nextTry: Date? = nil, restarts: Int = 0) {
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
