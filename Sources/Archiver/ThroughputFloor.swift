import Foundation

/// The low-speed rule of curl: a transfer that brings less than so many bytes a second, over so many seconds, has failed.
///
/// The rule is applied when bytes come. Without any, the idle timeout ends the transfer.
struct ThroughputFloor {
    private let bytesPerSecond: Double
    private let seconds: TimeInterval
    private var start: Date
    private var bytes = 0

    /// - Parameter bytesPerSecond: 0 for no floor.
    init(bytesPerSecond: Double, seconds: TimeInterval, now: Date) {
        self.bytesPerSecond = bytesPerSecond
        self.seconds = seconds
        start = now
    }

    /// - Returns: `false` when the period that ends now was too slow.
    mutating func note(_ count: Int, now: Date) -> Bool {
        bytes += count
        let elapsed = now.timeIntervalSince(start)
        guard elapsed >= seconds else { return true }
        defer { (start, bytes) = (now, 0) }
        return Double(bytes) >= bytesPerSecond * elapsed
    }
}
