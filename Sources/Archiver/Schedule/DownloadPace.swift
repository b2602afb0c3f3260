import Foundation
import SizeContract

/// Estimates the duration of downloads per price class. The estimate is based on measured times from the start of an attempt
/// until the output is filed.
struct DownloadPace: Sendable {
    /// The cost of a request before its first byte, expressed in bytes.
    private static let overhead = 200_000.0
    /// Weight of the newest measurement in the moving average.
    private static let weight = 0.1
    /// Initial sizes in bytes: measured PNG deliveries of each tier.
    private var bytes: [Tier?: Double] = [.oneK: 2_000_000, .twoK: 4_000_000, .fourK: 9_000_000, nil: 2_000_000]
    /// `nil` before the first measurement.
    private var secondsPerByte: Double?

    var isMeasured: Bool { secondsPerByte != nil }

    /// Adds the measurement of one download.
    /// - Parameters:
    ///   - tier: The billed tier; `nil` if unknown.
    ///   - seconds: How long the download held its slot.
    mutating func record(bytes count: Int, tier: Tier?, seconds: TimeInterval) {
        let old = bytes[tier] ?? Double(count)
        bytes[tier] = old + Self.weight * (Double(count) - old)
        let measured = max(seconds, 0.001) / (Double(count) + Self.overhead)
        secondsPerByte = secondsPerByte.map { $0 + Self.weight * (measured - $0) } ?? measured
    }

    /// Estimated seconds for a download of a tier; 0 before the first measurement.
    func seconds(_ tier: Tier?) -> TimeInterval {
        ((bytes[tier] ?? 0) + Self.overhead) * (secondsPerByte ?? 0)
    }
}
