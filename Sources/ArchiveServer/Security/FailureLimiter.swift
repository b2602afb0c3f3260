import ArchiveModel
import Foundation
import Logging
import Synchronization

/// Counts wrong tokens and secrets per client address, and logs them at most once a minute.
final class FailureLimiter: Sendable {
    /// Failures allowed per address: bucket size, and refill per minute.
    static let most = 20
    /// Maximum number of addresses remembered.
    private static let mostClients = 4096
    /// Seconds between log lines.
    private static let logInterval: TimeInterval = 60

    private struct Bucket {
        var left: Double
        var date: Date

        func refilled(now: Date) -> Double {
            min(Double(most), left + max(0, now.timeIntervalSince(date)) * Double(most) / 60)
        }
    }

    private struct State {
        var buckets: [ClientAddress: Bucket] = [:]
        var logger: Logger?
        var loggedAt = Date.distantPast
        var unlogged = 0
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    init(clock: any WallClock) { self.clock = clock }

    func log(to logger: Logger) { state.withLock { $0.logger = logger } }

    /// - Returns: `nil` while the address is below the limit; otherwise the seconds until it is again.
    func record(_ client: ClientAddress) -> Int? {
        let now = clock.now
        let (wait, line) = state.withLock { state -> (Int?, (logger: Logger, count: Int)?) in
            let left = state.buckets[client]?.refilled(now: now) ?? Double(Self.most)
            let isWithin = left >= 1
            if state.buckets.count >= Self.mostClients {
                state.buckets = state.buckets.filter { $0.value.refilled(now: now) < Double(Self.most) }
                if state.buckets.count >= Self.mostClients { state.buckets = [:] }
            }
            state.buckets[client] = Bucket(left: isWithin ? left - 1 : left, date: now)
            state.unlogged += 1
            var line: (logger: Logger, count: Int)?
            if now.timeIntervalSince(state.loggedAt) >= Self.logInterval, let logger = state.logger {
                line = (logger: logger, count: state.unlogged)
                state.loggedAt = now
                state.unlogged = 0
            }
            return (isWithin ? nil : Int(((1 - left) * 60 / Double(Self.most)).rounded(.up)), line)
        }
        line?.logger.warning(
            "wrong tokens or secrets; at most one such line a minute",
            metadata: ["address": "\(client)", "since the last line": "\(line?.count ?? 0)"])
        return wait
    }
}
