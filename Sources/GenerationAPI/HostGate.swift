package import ArchiveModel
package import Foundation

/// Limits requests per host. All requests of a process pass through one gate, so they share limits and pauses.
package actor HostGate {
    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private let limits: HostLimits
    private let clock: any WallClock
    private var paces: [String: HostPace] = [:]
    private var waiters: [String: [Waiter]] = [:]
    private var numbers = 0
    private var generator = SystemRandomNumberGenerator()

    package init(limits: HostLimits = HostLimits(), clock: any WallClock) {
        self.limits = limits
        self.clock = clock
    }

    /// Waits for a slot for a request to a host. After `nil`, call ``leave(_:)`` when the request has ended.
    ///
    /// - Parameter patience: Longest pause of the host in seconds that is waited for.
    /// - Returns: `nil` if a slot was acquired; the end of the host's pause if it is longer than `patience`.
    /// - Throws: `CancellationError`.
    package func enter(_ host: String, patience: TimeInterval) async throws -> Date? {
        while true {
            try Task.checkCancellation()
            let now = clock.now
            switch paces[host, default: HostPace(limits)].enter(now: now) {
            case .entered: return nil
            case .closed(let date) where date.timeIntervalSince(now) > patience: return date
            case .closed(let date): try await clock.sleep(until: date)
            case .full: try await waitForPlace(host)
            }
        }
    }

    /// The number of concurrent requests currently allowed for a host.
    package func width(of host: String) -> Int { paces[host]?.width ?? limits.concurrent }

    package func leave(_ host: String) {
        paces[host]?.leave()
        wake(host, all: false)
        if paces.count > Self.mostDoors { forgetIdleDoors() }
    }

    /// Bounds the table, since every caller's key has its own entry and anyone can send new keys.
    private static let mostDoors = 1000

    private func forgetIdleDoors() {
        let now = clock.now
        paces = paces.filter { !$0.value.isIdle || $0.value.closedUntil > now || waiters[$0.key] != nil }
    }

    /// The host gave a successful answer.
    package func noteGoodAnswer(of host: String) {
        paces[host]?.noteGoodAnswer()
        wake(host, all: false)
    }

    /// The host rejected a request because of too many requests.
    package func noteRefusal(of host: String, retryAfter: Date?) {
        paces[host, default: HostPace(limits)].noteRefusal(now: clock.now, retryAfter: retryAfter, using: &generator)
        // Wake all waiters, so that they see the pause.
        wake(host, all: true)
    }

    private func waitForPlace(_ host: String) async throws {
        numbers += 1
        let number = numbers
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                waiters[host, default: []].append(Waiter(number: number, continuation: continuation))
            }
        } onCancel: {
            Task { await self.cancel(number, host) }
        }
    }

    private func cancel(_ number: Int, _ host: String) {
        guard let place = waiters[host]?.firstIndex(where: { $0.number == number }) else { return }
        waiters[host]?.remove(at: place).continuation.resume(throwing: CancellationError())
    }

    private func wake(_ host: String, all: Bool) {
        guard var waiting = waiters[host], !waiting.isEmpty else { return }
        let woken = all ? waiting : [waiting.removeFirst()]
        waiters[host] = all || waiting.isEmpty ? nil : waiting
        for waiter in woken { waiter.continuation.resume() }
    }
}
