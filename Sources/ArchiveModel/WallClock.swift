package import Foundation

/// The time of day, and waiting for it: injected wherever either matters, so that tests decide what time it is.
package protocol WallClock: Sendable {
    /// The time now, in whole milliseconds, as every record and row keeps it.
    var now: Date { get }

    /// Waits.
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
    /// Waits until `date`; returns at once when that is past.
    package func sleep(until date: Date) async throws {
        try await sleep(for: .seconds(max(0, date.timeIntervalSince(now))))
    }
}

extension Date {
    /// Milliseconds since 1970 UTC.
    package var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    package init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// The nearest date that a record or row can hold.
    package var wholeMilliseconds: Date { Date(milliseconds: milliseconds) }

    /// ISO 8601 in UTC with milliseconds: `2026-11-22T12:51:00.250Z`.
    package var iso8601: String {
        let (seconds, fraction) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let whole = Date(timeIntervalSince1970: Double(fraction < 0 ? seconds - 1 : seconds))
        let digits = String((fraction + 1000) % 1000 + 1000).dropFirst()
        return whole.formatted(Date.ISO8601FormatStyle()).dropLast() + ".\(digits)Z"
    }

    /// Reads ISO 8601, with or without fractions of a second.
    package init?(iso8601 text: String) {
        if let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) {
            self.init(milliseconds: date.milliseconds)
        } else if let date = try? Date(text, strategy: Date.ISO8601FormatStyle()) {
            self = date
        } else {
            return nil
        }
    }
}

extension TimeInterval {
    package init(_ duration: Duration) {
        let parts = duration.components
        self = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
