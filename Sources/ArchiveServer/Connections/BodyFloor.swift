import NIOCore

/// The minimum rate at which a client must send the body of a request to the gateway, like curl's low-speed limit.
///
/// Only time in which the server waits for the client counts: while the upstream reads slowly, the server does not read either.
struct BodyFloor {
    private let bytesPerSecond: Int
    private let period: TimeAmount
    private var bytes = 0
    private var waited = TimeAmount.zero
    /// When the server began to wait for the client; `nil` while it does not wait.
    private var waitsSince: NIODeadline?

    init(_ limits: ConnectionLimits) {
        bytesPerSecond = limits.slowestRate
        period = TimeAmount(limits.slowestTime)
    }

    mutating func waits(from now: NIODeadline) { waitsSince = waitsSince ?? now }

    mutating func record(_ count: Int, now: NIODeadline) {
        bytes += count
        endWait(now)
    }

    /// Ends a period, and begins the next one.
    /// - Returns: Whether the client was fast enough in the period.
    mutating func isMet(now: NIODeadline) -> Bool {
        let isWaiting = waitsSince != nil
        endWait(now)
        defer {
            (bytes, waited) = (0, .zero)
            if isWaiting { waitsSince = now }
        }
        // A shorter wait says little about the client.
        guard waited.nanoseconds >= period.nanoseconds / 2 else { return true }
        return Double(bytes) >= Double(bytesPerSecond) * Double(waited.nanoseconds) / 1e9
    }

    private mutating func endWait(_ now: NIODeadline) {
        guard let since = waitsSince else { return }
        waited = waited + (now - since)
        waitsSince = nil
    }
}
