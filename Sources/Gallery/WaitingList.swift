package import ArchiveModel
package import Foundation

/// The pending outputs and tasks of an archive at one point in time.
///
/// An output leaves this list only when it is archived, its window has closed, or a user has ended it.
package struct WaitingList: Sendable, Hashable {
    /// An output or task that has failed or has little time left.
    package struct Entry: Sendable, Hashable {
        package var task: TaskID
        /// `nil` for a task whose results are not known yet.
        package var index: Int?
        package var prompt: String?
        /// The reason of the last failure.
        package var reason: String
        /// `nil` when no attempt has failed.
        package var cause: FailureCause?
        package var tries: Int
        /// `nil` when no attempt has failed.
        package var nextTry: Date?
        /// The end of the window; before it, no failure is final.
        package var windowEnds: Date

        package init(
            task: TaskID, index: Int?, prompt: String?, reason: String, cause: FailureCause?, tries: Int, nextTry: Date?,
            windowEnds: Date
        ) {
            self.task = task
            self.index = index
            self.prompt = prompt
            self.reason = reason
            self.cause = cause
            self.tries = tries
            self.nextTry = nextTry
            self.windowEnds = windowEnds
        }
    }

    /// The maximum number of entries listed on a page; the others are only counted.
    package static let mostListed = 100

    /// In whole minutes, so that a page changes at most once a minute.
    package let asOf: Date
    /// All pending outputs and tasks, including those that have not failed.
    package let count: Int
    package let failing: [FailureCause: Int]
    /// Outputs and tasks with little time left.
    package let atRisk: Int
    /// The number of held tasks, and why they are held.
    package let held: Int
    package let holdReason: String?
    /// At most ``mostListed`` entries, the earliest end of a window first.
    package let entries: [Entry]
    /// The number of pending outputs and tasks that ``entries`` does not contain.
    package let unlisted: Int

    /// - Parameters:
    ///   - entries: In any order.
    ///   - total: The number of all entries, including those not in `entries`.
    /// - Returns: `nil` when nothing is pending, so that the pages of an idle archive contain no timestamp.
    package init?(
        asOf: Date, count: Int, failing: [FailureCause: Int] = [:], atRisk: Int = 0, held: Int = 0, holdReason: String? = nil,
        entries: [Entry], total: Int
    ) {
        guard count > 0 else { return nil }
        self.asOf = Date(timeIntervalSince1970: (asOf.timeIntervalSince1970 / 60).rounded(.down) * 60)
        self.count = count
        self.failing = failing.filter { $0.value > 0 }
        self.atRisk = atRisk
        self.held = held
        self.holdReason = held > 0 ? holdReason : nil
        let sorted = entries.sorted {
            ($0.windowEnds, $0.task.text, $0.index ?? -1) < ($1.windowEnds, $1.task.text, $1.index ?? -1)
        }
        self.entries = Array(sorted.prefix(Self.mostListed))
        unlisted = max(total - self.entries.count, 0)
    }

    /// Whether the user should act: this installation causes failures, tasks are held, or something may be lost soon.
    package var isUrgent: Bool { failing[.ours, default: 0] + atRisk + held > 0 }
}
