package import Foundation

/// A fingerprint of the catalog's lists. Comparing it with an earlier one shows cheaply which lists must be read again.
package struct CatalogFingerprint: Sendable, Hashable {
    /// Changes with every write by any process.
    package struct ChangeToken: Sendable, Hashable {
        private let own: Int64
        private let others: Int64

        /// - Parameters:
        ///   - own: Changes with every write through this connection.
        ///   - others: Changes with every write by other connections.
        package init(own: Int64, others: Int64) {
            self.own = own
            self.others = others
        }
    }

    /// Equal tokens of the same open catalog mean that nothing was written in between. Different tokens do not prove that the lists
    /// changed.
    package var changeToken: ChangeToken
    /// One number for each day with ended outputs, keyed by the start of the day in UTC. It changes with the day's counts and
    /// sums.
    package var days: [Date: Int]

    package init(changeToken: ChangeToken, days: [Date: Int]) {
        self.changeToken = changeToken
        self.days = days
    }
}
