import ArchiveModel
import Foundation

/// Limits how many connections each host may use, so that one host does not starve the others.
///
/// - A host that has not delivered a file yet is unproven. It may use half of all connections. All unproven hosts together may
///   use half while a proven host wants slots.
/// - A proven host may use all connections, but only half while another host uses or wants one.
/// - A host whose last transfer was too slow may use an eighth, and all such hosts together a quarter.
/// - While other hosts are waiting for slots, an unproven host holds a slot for at most ``trial`` seconds.
struct HostShareBook {
    private struct Host {
        var active = 0
        var isProven = false
        var isSlow = false
        /// When a slot was last requested or held.
        var wantedAt = Date.distantPast
        /// Downloads rejected since a slot was last free.
        var turnedAway = 0
    }

    private enum SpeedClass { case proven, unproven, slow }

    /// Seconds for which a host without a connection still counts as wanting slots.
    private static let interest: TimeInterval = 10
    /// The longest time in seconds that an unproven host holds a slot while others wait.
    static let trial: TimeInterval = 60
    /// The host that was last denied a slot, and when.
    private var lastSentAway: (key: String, date: Date)?
    private static let mostHosts = 1000

    private let places: Int
    private var hosts: [String: Host] = [:]

    init(places: Int) { self.places = max(1, places) }

    /// The number of connections that a host may use now.
    /// - Parameter concurrency: How many connections the host can currently handle.
    func allowance(of key: String, concurrency: Int, now: Date) -> Int {
        let host = hosts[key] ?? Host()
        let isContested = hosts.contains { other, state in
            other != key && (state.active > 0 || now.timeIntervalSince(state.wantedAt) < Self.interest)
        }
        let share =
            if host.isSlow { places / 8 } else if isContested || !host.isProven { (places + 1) / 2 } else { places }
        return max(1, min(share, concurrency))
    }

    /// - Returns: Whether a slot was acquired; call ``release(_:_:now:)`` to release it.
    mutating func acquire(_ key: String, concurrency: Int, now: Date) -> Bool {
        if hosts[key] == nil { forgetIdle() }
        let isFree =
            hosts[key, default: Host()].active < allowance(of: key, concurrency: concurrency, now: now)
            && isGroupFree(Self.speedClass(of: hosts[key] ?? Host()), now: now)
        hosts[key, default: Host()].wantedAt = now
        if isFree {
            hosts[key, default: Host()].active += 1
            hosts[key, default: Host()].turnedAway = 0
        } else {
            lastSentAway = (key, now)
        }
        return isFree
    }

    /// Whether a transfer that began at `start` must give up its slot: its host is unproven, and other hosts are waiting.
    func isTrialOver(of key: String, since start: Date, now: Date) -> Bool {
        guard let host = hosts[key], Self.speedClass(of: host) == .unproven, now.timeIntervalSince(start) >= Self.trial else {
            return false
        }
        guard let lastSentAway, lastSentAway.key != key else { return false }
        return now.timeIntervalSince(lastSentAway.date) < Self.interest
    }

    private static func speedClass(of host: Host) -> SpeedClass {
        if host.isSlow { return .slow }
        return host.isProven ? .proven : .unproven
    }

    /// Whether the hosts of one group together have a free slot.
    private func isGroupFree(_ speedClass: SpeedClass, now: Date) -> Bool {
        guard speedClass != .proven else { return true }
        let active = hosts.values.reduce(0) { $0 + (Self.speedClass(of: $1) == speedClass ? $1.active : 0) }
        if speedClass == .slow { return active < max(1, places / 4) }
        let isWanted = hosts.values.contains {
            Self.speedClass(of: $0) == .proven && ($0.active > 0 || now.timeIntervalSince($0.wantedAt) < Self.interest)
        }
        return !isWanted || active < (places + 1) / 2
    }

    enum Outcome { case delivered, slow, other }

    mutating func release(_ key: String, _ outcome: Outcome, now: Date) {
        hosts[key]?.active -= 1
        hosts[key]?.wantedAt = now
        switch outcome {
        case .delivered:
            hosts[key]?.isProven = true
            hosts[key]?.isSlow = false
        case .slow: hosts[key]?.isSlow = true
        case .other: break
        }
    }

    /// Seconds until a rejected download should ask again; grows with the number of rejections.
    mutating func pause(_ key: String) -> TimeInterval {
        hosts[key]?.turnedAway += 1
        return min(30, 3 + Double(hosts[key]?.turnedAway ?? 0) / 4)
    }

    /// Whether waiting for a slot is useless. The download must then return, since it would hold other hosts' connections while
    /// waiting.
    func isCrowded(_ key: String) -> Bool { hosts[key].map { $0.isSlow || $0.turnedAway > 0 } ?? false }

    private mutating func forgetIdle() {
        guard hosts.count >= Self.mostHosts else { return }
        hosts = hosts.filter { $0.value.active > 0 || $0.value.isSlow }
        if hosts.count >= Self.mostHosts { hosts = hosts.filter { $0.value.active > 0 } }
    }
}

/// The connection slots of one downloader, shared by all its downloads.
actor HostShares {
    private var book: HostShareBook
    private let clock: any WallClock
    /// Seconds between checks for a free slot.
    private static let interval = 0.1

    init(places: Int, clock: any WallClock) {
        book = HostShareBook(places: places)
        self.clock = clock
    }

    /// Waits for a slot within the host's share.
    /// - Returns: `nil` if a slot was acquired; when to retry, if no slot became free within `maxWait` seconds.
    func acquire(_ key: String, concurrency: @Sendable () async -> Int, maxWait: TimeInterval) async throws -> Date? {
        let end = clock.now.addingTimeInterval(maxWait)
        while true {
            let bearable = await concurrency()
            if book.acquire(key, concurrency: bearable, now: clock.now) { return nil }
            guard clock.now < end, !book.isCrowded(key) else { return clock.now.addingTimeInterval(book.pause(key)) }
            try await clock.sleep(for: .seconds(Self.interval))
        }
    }

    func release(_ key: String, _ outcome: HostShareBook.Outcome) { book.release(key, outcome, now: clock.now) }

    /// Whether a transfer that began at `start` must give up its slot because one of its hosts is unproven.
    func isTrialOver(of keys: [String], since start: Date) -> Bool {
        keys.contains { book.isTrialOver(of: $0, since: start, now: clock.now) }
    }
}
