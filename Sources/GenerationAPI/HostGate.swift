package import ArchiveModel
package import Foundation

/// The door of each host: whoever sends a request passes through it, so that limits and pauses are shared by all of a process.
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

    /// Waits for a place among the requests to a host. After `nil`, call ``leave(_:)`` when the request has ended.
    ///
    /// - Parameter patience: Seconds that a pause of the host is waited for here.
    /// - Returns: `nil` for a place; the end of the pause when that is further off.
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

    /// How many requests the host bears at once now.
    package func width(of host: String) -> Int { paces[host]?.width ?? limits.concurrent }

    package func leave(_ host: String) {
        paces[host]?.leave()
        wake(host, all: false)
        if paces.count > Self.mostDoors { forgetIdleDoors() }
    }

    /// Callers' keys each have a door, and anybody can send another key.
    private static let mostDoors = 1000

    private func forgetIdleDoors() {
        let now = clock.now
        paces = paces.filter { !$0.value.isIdle || $0.value.closedUntil > now || waiters[$0.key] != nil }
    }

    /// The host has answered as it should.
    package func noteGoodAnswer(of host: String) {
        paces[host]?.noteGoodAnswer()
        wake(host, all: false)
    }

    /// The host has answered that it is asked too much.
    package func noteRefusal(of host: String, retryAfter: Date?) {
        paces[host, default: HostPace(limits)].noteRefusal(now: clock.now, retryAfter: retryAfter, using: &generator)
        // All who wait for a place learn of the pause.
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
