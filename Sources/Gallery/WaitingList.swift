package import ArchiveModel
package import Foundation

/// The outputs and tasks that an archive still waits for, as they stood at one moment.
///
/// An output is final only when it is archived, when its window has closed, or when a person has ended it. Until then it is here.
package struct WaitingList: Sendable, Hashable {
    /// An output or task that failed, or that has little time left.
    package struct Entry: Sendable, Hashable {
        package var task: TaskID
        /// `nil` for a task whose results are not known yet.
        package var index: Int?
        package var prompt: String?
        /// The reason of the last failure.
        package var reason: String
        /// `nil` when no try has failed.
        package var cause: FailureCause?
        package var tries: Int
        /// `nil` when no try has failed.
        package var nextTry: Date?
        /// The end of the window: until then nothing is final.
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

    /// The most entries that a page lists; the others are counted.
    package static let mostListed = 100

    /// In whole minutes, so that a page changes once a minute at most.
    package let asOf: Date
    /// All outputs and tasks that wait, with those that have not failed.
    package let count: Int
    package let failing: [FailureCause: Int]
    /// Outputs and tasks with little time left.
    package let atRisk: Int
    /// Tasks that the program has put aside, and why.
    package let held: Int
    package let holdReason: String?
    /// At most ``mostListed``, the nearest end of a window first.
    package let entries: [Entry]
    /// Entries that are not in ``entries``.
    package let unlisted: Int

    /// - Parameters:
    ///   - entries: In any order.
    ///   - total: All entries, with those that are not in `entries`.
    /// - Returns: `nil` when nothing waits, so that an archive at rest has no moment on its pages.
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

    /// Whether a person should act: something is held back by this installation, or may be lost soon.
    package var isUrgent: Bool { failing[.ours, default: 0] + atRisk + held > 0 }
}
