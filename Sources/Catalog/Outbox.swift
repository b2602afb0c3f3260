package import ArchiveModel
package import Foundation

/// What is to be told to a system outside, until it has been told: part of every catalog, under the same promises.
package protocol Outbox: Sendable {
    /// From now on, the end of each output and task is noted in the same transaction as the end itself, whichever process writes it.
    /// - Parameter most: How many notices are kept; when there are more, the oldest is dropped. `nil` to note nothing any more; what
    ///   is there stays.
    func keepNotices(_ most: Int?) async throws

    /// Notes what no end brings about, such as a risk. One that is there already stays as it is. Does nothing while nothing is to be
    /// noted.
    func post(_ notices: [Notice]) async throws

    /// Up to `limit` notices that are due, the one that is due longest first.
    func dueNotices(limit: Int, now: Date) async throws -> [WaitingNotice]

    /// When the next notice is due; `nil` when none waits.
    func nextNoticeDue() async throws -> Date?

    /// Forgets a notice: it was told, or nobody will listen.
    func forgetNotice(_ id: String) async throws

    /// Notes that a notice was told in vain.
    func postponeNotice(_ id: String, until due: Date) async throws

    /// How many notices wait.
    func waitingNotices() async throws -> Int

    /// How many notices were dropped since this was last asked: each is told to one asker only.
    func takeDroppedNotices() async throws -> Int
}

/// A notice that is to be told.
package struct WaitingNotice: Sendable, Hashable {
    package var id: String
    package var type: String
    /// JSON, the same in every try.
    package var body: String
    /// Tries that failed so far.
    package var attempts: Int
}
