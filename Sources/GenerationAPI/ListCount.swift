import ArchiveModel

/// Compares the tasks that readings of a list have shown with the totals that the list has announced.
///
/// The account changes while its list is read: totals rise and fall, and rows move between pages. So the tasks of all readings count
/// together. A task that one reading has skipped appears in the next one, and new tasks appear at the top.
package struct ListCount: Sendable {
    /// The tolerated difference in rows, if the totals differ from each other: such totals are inexact.
    private static let tolerance = 5

    private var shown: Set<TaskID> = []
    /// Rows of this reading without a task ID.
    private var unreadable = 0
    /// The first total of this reading.
    private var announced: Int?
    /// The lowest total of this reading.
    private var lowest: Int?
    /// The totals of all readings.
    private var totals: ClosedRange<Int>?

    private var rows: Int { shown.count + unreadable }

    package init() {}

    /// Starts another reading of the list.
    package mutating func beginReading() { (unreadable, announced, lowest) = (0, nil, nil) }

    package mutating func record(_ page: AccountPage) {
        shown.formUnion(page.tasks.map(\.id))
        unreadable += page.rows - page.tasks.count
        guard let total = page.total.map({ max(0, $0) }) else { return }
        announced = announced ?? total
        lowest = min(lowest ?? total, total)
        totals = min(totals?.lowerBound ?? total, total)...max(totals?.upperBound ?? total, total)
    }

    /// Why a recorded page may hide tasks; `nil` if it does not. An empty page after the last announced row hides nothing.
    package func problem(of page: AccountPage) -> String? {
        let isPastTheEnd = page.rows == 0 && announced.map { rows >= $0 } ?? false
        return page.isIncomplete && !isPastTheEnd ? "pages of it are cut off, damaged or refused" : nil
    }

    /// Whether this reading has announced more rows than were shown. To be asked at the end of the list.
    package var isShort: Bool { rows < lowest ?? 0 }

    /// Describes the rows that are missing at the end of the list; `nil` if changes of the account explain the difference.
    package var shortage: String? {
        guard let announced, let totals else { return nil }
        let tolerated = totals.lowerBound < totals.upperBound ? Self.tolerance : 0
        return announced - rows > tolerated ? "it announces \(announced) tasks, but shows only \(rows)" : nil
    }
}
