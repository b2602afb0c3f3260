package import ArchiveModel
package import Foundation

/// Limits requests per host. All requests of a process pass through one gate, so they share limits and pauses.
package actor HostRateLimiter {
    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private let limits: HostLimits
    private let clock: any WallClock
    private var states: [String: HostPace] = [:]
    private var waiters: [String: [Waiter]] = [:]
    private var numbers = 0
    private var generator = SystemRandomNumberGenerator()

    package init(limits: HostLimits = HostLimits(), clock: any WallClock) {
        self.limits = limits
        self.clock = clock
    }

    /// Waits for a slot for a request to a host. After `nil`, call ``release(_:)`` when the request has ended.
    ///
    /// - Parameter maxWait: Longest pause of the host in seconds that is waited for.
    /// - Returns: `nil` if a slot was acquired; the end of the host's pause if it is longer than `maxWait`.
    /// - Throws: `CancellationError`.
    package func acquire(_ host: String, maxWait: TimeInterval) async throws -> Date? {
        while true {
            try Task.checkCancellation()
            let now = clock.now
            switch states[host, default: HostPace(limits)].acquire(now: now) {
            case .entered: return nil
            case .closed(let date) where date.timeIntervalSince(now) > maxWait: return date
            case .closed(let date): try await clock.sleep(until: date)
            case .full:
                try await waitForPlace(host)
                // Cancelled after it was woken: another one gets its turn.
                if Task.isCancelled { wake(host, all: false) }
            }
        }
    }

    /// The number of concurrent requests currently allowed for a host.
    package func concurrency(of host: String) -> Int { states[host]?.concurrency ?? limits.concurrent }

    package func release(_ host: String) {
        states[host]?.release()
        wake(host, all: false)
        if states.count > Self.maxHosts { forgetIdleHosts() }
    }

    /// Bounds the table, since every caller's key has its own entry and anyone can send new keys.
    private static let maxHosts = 1000

    private func forgetIdleHosts() {
        let now = clock.now
        states = states.filter { !$0.value.isIdle || $0.value.closedUntil > now || waiters[$0.key] != nil }
    }

    /// The host gave a successful answer.
    package func recordSuccess(of host: String) {
        states[host]?.recordSuccess()
        wake(host, all: false)
    }

    /// The host rejected a request because of too many requests.
    package func recordRefusal(of host: String, retryAfter: Date?) {
        states[host, default: HostPace(limits)].recordRefusal(now: clock.now, retryAfter: retryAfter, using: &generator)
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
