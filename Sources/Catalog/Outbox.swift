package import ArchiveModel
package import Foundation

/// Notices to deliver to an external system, kept until they are delivered. Part of every catalog, with the same guarantees.
package protocol Outbox: Sendable {
    /// Starts recording a notice for each output and task that ends, in every process that uses the catalog. A notice is written
    /// in the same transaction as the end itself.
    /// - Parameter most: The maximum number of notices kept; beyond it the oldest is dropped. `nil` stops recording; existing
    ///   notices stay.
    func keepNotices(_ most: Int?) async throws

    /// Records notices that do not come from an ended output or task, such as a risk. An existing notice with the same ID stays
    /// unchanged. Does nothing while recording is off.
    func post(_ notices: [Notice]) async throws

    /// Up to `limit` due notices, the longest overdue first.
    func dueNotices(limit: Int, now: Date) async throws -> [WaitingNotice]

    /// When the next notice is due; `nil` when none is pending.
    func nextNoticeDue() async throws -> Date?

    /// Deletes a notice because it was delivered or because there is no recipient for it.
    func forgetNotice(_ id: String) async throws

    /// Records a failed delivery and postpones the notice.
    func postponeNotice(_ id: String, until due: Date) async throws

    /// The number of pending notices.
    func waitingNotices() async throws -> Int

    /// Returns and resets the number of dropped notices, so each drop is reported to one caller only.
    func takeDroppedNotices() async throws -> Int
}

/// A notice that is pending delivery.
package struct WaitingNotice: Sendable, Hashable {
    package var id: String
    package var type: String
    /// JSON; identical in every attempt.
    package var body: String
    /// Failed attempts so far.
    package var attempts: Int
}
