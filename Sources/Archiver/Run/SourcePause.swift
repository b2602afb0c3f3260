package import Foundation

/// The pauses of a source whose key the API refused. One refusal may be a proxy's, and a download may always be in progress, so the
/// source is tried again within the same run.
package struct SourcePause: Sendable {
    /// The first and the longest pause, in seconds.
    private static let waits: ClosedRange<TimeInterval> = 30...300

    /// The last refusal, until the API accepts the key again.
    package private(set) var reason: String?
    /// When the source is tried again; `nil` while it is open.
    package private(set) var resumesAt: Date?
    /// Refusals since the API last accepted the key.
    private var refusals = 0

    package var isPaused: Bool { resumesAt != nil }

    package init() {}

    package mutating func begin(_ reason: String, now: Date) {
        self.reason = reason
        let wait = Self.waits.lowerBound * pow(2, Double(min(refusals, 10)))
        refusals += 1
        resumesAt = now.addingTimeInterval(min(wait, Self.waits.upperBound))
    }

    /// Ends the pause when it is over, or when the clock was set back since it began. Whether the key works is not known yet.
    /// - Returns: Whether a pause has ended now.
    package mutating func end(now: Date) -> Bool {
        guard let date = resumesAt, date <= now || date > now.addingTimeInterval(Self.waits.upperBound) else { return false }
        resumesAt = nil
        return true
    }

    /// Call when the API has accepted the key.
    /// - Returns: Whether it had refused the key before.
    package mutating func clear() -> Bool {
        // An answer that was under way when the pause began says nothing about the key of now.
        guard reason != nil, !isPaused else { return false }
        self = SourcePause()
        return true
    }
}
