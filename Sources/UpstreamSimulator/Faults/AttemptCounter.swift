import NIOConcurrencyHelpers

/// Counts the attempts per subject.
final class AttemptCounter: Sendable {
    private let counts = NIOLockedValueBox<[String: Int]>([:])

    /// - Returns: The number of this attempt, from 1.
    func count(_ subject: String) -> Int {
        counts.withLockedValue { counts in
            let number = counts[subject, default: 0] + 1
            counts[subject] = number
            return number
        }
    }
}
