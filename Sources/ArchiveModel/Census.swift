package import Foundation

/// What lists hold, in sums to be compared with earlier ones: tells cheaply what has to be read again.
package struct Census: Sendable, Hashable {
    /// Moves with every write by any process.
    package struct Mark: Sendable, Hashable {
        private let own: Int64
        private let others: Int64

        /// - Parameters:
        ///   - own: What has been written through this connection.
        ///   - others: What has been written by anybody else.
        package init(own: Int64, others: Int64) {
            self.own = own
            self.others = others
        }
    }

    /// The same as in an earlier census of the same open catalog only when nothing was written between the two. It may also move when
    /// nothing of the lists has changed.
    package var mark: Mark
    /// Of each day, by its first moment in UTC, that holds ended outputs: a number that changes with their counts and sums.
    package var days: [Date: Int]

    package init(mark: Mark, days: [Date: Int]) {
        self.mark = mark
        self.days = days
    }
}
