package import Foundation

/// The current time, and waiting. Code that reads the time or waits gets a clock as a parameter, so that tests control the time.
package protocol WallClock: Sendable {
    /// The current time in whole milliseconds, the precision of every record and row.
    var now: Date { get }

    /// Sleeps for `duration`.
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws
}

package struct SystemClock: WallClock {
    package init() {}

    package var now: Date { Date().wholeMilliseconds }

    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: max(duration, .zero))
    }
}

extension WallClock {
    /// Sleeps until `date`; returns at once if it is in the past.
    package func sleep(until date: Date) async throws {
        try await sleep(for: .seconds(max(0, date.timeIntervalSince(now))))
    }
}

extension Date {
    /// Milliseconds since 1970 UTC, clamped to the years 1 to 9999, the range that ``init(iso8601:)`` and ``iso8601`` support.
    package var milliseconds: Int64 {
        let value = (timeIntervalSince1970 * 1000).rounded()
        guard !value.isNaN else { return 0 }
        return Int64(min(max(value, Double(Self.first)), Double(Self.last)))
    }

    /// - Parameter milliseconds: Since 1970 UTC. A value outside the years 1 to 9999, from damage or a hostile answer, is clamped
    ///   to that range, because Foundation's calendar traps far outside it.
    package init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(min(max(milliseconds, Self.first), Self.last)) / 1000)
    }

    /// 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z.
    private static let first: Int64 = -62_135_596_800_000
    private static let last: Int64 = 253_402_300_799_999

    /// The nearest whole millisecond. Rounding down would subtract one from many dates that are already whole.
    package var wholeMilliseconds: Date { Date(milliseconds: milliseconds) }

    /// ISO 8601 in UTC with milliseconds: `2026-11-22T12:51:00.250Z`.
    package var iso8601: String {
        // The formatter truncates fractions, and most whole milliseconds have no exact binary representation. Adding half a
        // millisecond keeps 8 ms from being written as 7.
        let middle = Date(milliseconds: milliseconds).addingTimeInterval(0.0005)
        return middle.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Parses ISO 8601 of the years 1 to 9999, with or without fractional seconds, which are rounded to milliseconds.
    package init?(iso8601 text: String) {
        let styles = [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()]
        guard let date = styles.lazy.compactMap({ try? Date(text, strategy: $0) }).first,
            (-62_135_596_800..<253_402_300_800).contains(date.timeIntervalSince1970)
        else { return nil }
        self.init(milliseconds: date.milliseconds)
    }
}

extension TimeInterval {
    package init(_ duration: Duration) {
        let parts = duration.components
        self = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
