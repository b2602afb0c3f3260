import Foundation

/// Minimum transfer rate, like curl's low-speed limit: a transfer slower than the minimum over a given time has failed.
///
/// The rate is checked when bytes arrive. If none arrive, the idle timeout ends the transfer.
struct ThroughputFloor {
    private let bytesPerSecond: Double
    private let seconds: TimeInterval
    private var start: Date
    private var bytes = 0

    /// - Parameter bytesPerSecond: 0 for no minimum.
    init(bytesPerSecond: Double, seconds: TimeInterval, now: Date) {
        self.bytesPerSecond = bytesPerSecond
        self.seconds = seconds
        start = now
    }

    /// - Returns: `false` if the period ending now was too slow.
    mutating func record(_ count: Int, now: Date) -> Bool {
        bytes += count
        let elapsed = now.timeIntervalSince(start)
        guard elapsed >= seconds else { return true }
        defer { (start, bytes) = (now, 0) }
        return Double(bytes) >= bytesPerSecond * elapsed
    }
}
