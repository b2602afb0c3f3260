import ArchiveModel
import Foundation

/// How many of all connections each host may hold, so that one host does not starve the others.
///
/// - A host that has not delivered a file yet may hold half of them, and all such hosts together half while one that has wants places.
/// - A host that has may hold all, but only half while another host holds or wants one.
/// - A host whose last transfer was too slow may hold an eighth, and all such hosts together a quarter.
/// - While others are sent away, a host that has not delivered a file yet holds a place for ``trial`` at most.
struct HostShareBook {
    private struct Host {
        var active = 0
        var isProven = false
        var isSlow = false
        /// When a place was last asked for or held.
        var wantedAt = Date.distantPast
        /// Downloads that were sent away since a place was last free.
        var turnedAway = 0
    }

    private enum Standing { case proven, unproven, slow }

    /// Seconds that a host without a connection still counts as one that wants places.
    private static let interest: TimeInterval = 10
    /// Seconds.
    static let trial: TimeInterval = 60
    /// Which host found no place last, and when.
    private var lastSentAway: (key: String, date: Date)?
    private static let mostHosts = 1000

    private let places: Int
    private var hosts: [String: Host] = [:]

    init(places: Int) { self.places = max(1, places) }

    /// - Parameter width: How many connections the host bears now.
    func allowance(of key: String, width: Int, now: Date) -> Int {
        let host = hosts[key] ?? Host()
        let isContested = hosts.contains { other, state in
            other != key && (state.active > 0 || now.timeIntervalSince(state.wantedAt) < Self.interest)
        }
        let share =
            if host.isSlow { places / 8 } else if isContested || !host.isProven { (places + 1) / 2 } else { places }
        return max(1, min(share, width))
    }

    /// - Returns: Whether there is a place; call ``leave(_:_:now:)`` when it is no longer needed.
    mutating func enter(_ key: String, width: Int, now: Date) -> Bool {
        if hosts[key] == nil { forgetIdle() }
        let isFree =
            hosts[key, default: Host()].active < allowance(of: key, width: width, now: now)
            && isGroupFree(Self.standing(of: hosts[key] ?? Host()), now: now)
        hosts[key, default: Host()].wantedAt = now
        if isFree {
            hosts[key, default: Host()].active += 1
            hosts[key, default: Host()].turnedAway = 0
        } else {
            lastSentAway = (key, now)
        }
        return isFree
    }

    /// Whether a transfer must give up its place to others: it began `start`, and its host has not delivered a file yet.
    func isTrialOver(of key: String, since start: Date, now: Date) -> Bool {
        guard let host = hosts[key], Self.standing(of: host) == .unproven, now.timeIntervalSince(start) >= Self.trial else {
            return false
        }
        guard let lastSentAway, lastSentAway.key != key else { return false }
        return now.timeIntervalSince(lastSentAway.date) < Self.interest
    }

    private static func standing(of host: Host) -> Standing {
        if host.isSlow { return .slow }
        return host.isProven ? .proven : .unproven
    }

    /// Whether the hosts of one standing together have a place left.
    private func isGroupFree(_ standing: Standing, now: Date) -> Bool {
        guard standing != .proven else { return true }
        let active = hosts.values.reduce(0) { $0 + (Self.standing(of: $1) == standing ? $1.active : 0) }
        if standing == .slow { return active < max(1, places / 4) }
        let isWanted = hosts.values.contains {
            Self.standing(of: $0) == .proven && ($0.active > 0 || now.timeIntervalSince($0.wantedAt) < Self.interest)
        }
        return !isWanted || active < (places + 1) / 2
    }

    enum Outcome { case delivered, slow, other }

    mutating func leave(_ key: String, _ outcome: Outcome, now: Date) {
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

    /// Seconds until a download that found no place should ask again: longer, the more were sent away before it.
    mutating func pause(_ key: String) -> TimeInterval {
        hosts[key]?.turnedAway += 1
        return min(30, 3 + Double(hosts[key]?.turnedAway ?? 0) / 4)
    }

    /// Whether waiting for a place is in vain: then a download must not hold a connection of others while it waits.
    func isCrowded(_ key: String) -> Bool { hosts[key].map { $0.isSlow || $0.turnedAway > 0 } ?? false }

    private mutating func forgetIdle() {
        guard hosts.count >= Self.mostHosts else { return }
        hosts = hosts.filter { $0.value.active > 0 || $0.value.isSlow }
        if hosts.count >= Self.mostHosts { hosts = hosts.filter { $0.value.active > 0 } }
    }
}

/// The places of one downloader, shared by all its downloads.
actor HostShares {
    private var book: HostShareBook
    private let clock: any WallClock
    /// Seconds between looks for a free place.
    private static let interval = 0.1

    init(places: Int, clock: any WallClock) {
        book = HostShareBook(places: places)
        self.clock = clock
    }

    /// Waits for a place of the host's share.
    /// - Returns: `nil` for a place; when to come back, if none became free within `patience` seconds.
    func enter(_ key: String, width: @Sendable () async -> Int, patience: TimeInterval) async throws -> Date? {
        let end = clock.now.addingTimeInterval(patience)
        while true {
            let bearable = await width()
            if book.enter(key, width: bearable, now: clock.now) { return nil }
            guard clock.now < end, !book.isCrowded(key) else { return clock.now.addingTimeInterval(book.pause(key)) }
            try await clock.sleep(for: .seconds(Self.interval))
        }
    }

    func leave(_ key: String, _ outcome: HostShareBook.Outcome) { book.leave(key, outcome, now: clock.now) }

    /// Whether one of the hosts of a transfer that began `start` must give up its place to others.
    func isTrialOver(of keys: [String], since start: Date) -> Bool {
        keys.contains { book.isTrialOver(of: $0, since: start, now: clock.now) }
    }
}
