import Foundation
import SizeContract

/// How long a download takes, as measured here: the time from taking up an output until it is filed, by what was asked for.
struct DownloadPace: Sendable {
    /// What a request costs before its first byte counts, as so many bytes.
    private static let overhead = 200_000.0
    /// The weight of the newest measurement.
    private static let weight = 0.1
    /// Bytes to begin with: measured sizes of PNG deliveries of each tier.
    private var bytes: [Tier?: Double] = [.oneK: 2_000_000, .twoK: 4_000_000, .fourK: 9_000_000, nil: 2_000_000]
    /// `nil` before the first measurement.
    private var secondsPerByte: Double?

    var isMeasured: Bool { secondsPerByte != nil }

    /// Takes in one download.
    /// - Parameters:
    ///   - tier: What was billed for it; `nil` when that is not known.
    ///   - seconds: How long it held its place.
    mutating func note(bytes count: Int, tier: Tier?, seconds: TimeInterval) {
        let old = bytes[tier] ?? Double(count)
        bytes[tier] = old + Self.weight * (Double(count) - old)
        let measured = max(seconds, 0.001) / (Double(count) + Self.overhead)
        secondsPerByte = secondsPerByte.map { $0 + Self.weight * (measured - $0) } ?? measured
    }

    /// Seconds that a download of a tier will take; 0 as long as nothing is measured.
    func seconds(_ tier: Tier?) -> TimeInterval {
        ((bytes[tier] ?? 0) + Self.overhead) * (secondsPerByte ?? 0)
    }
}
