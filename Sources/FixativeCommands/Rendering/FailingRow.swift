import ArchiveModel
import Archiver
import Catalog
import Foundation

/// An output or task that waits after a failure, as shown by `status`, `list --failing` and at the end of a run.
struct FailingRow: Encodable {
    var taskId: TaskID
    var index: Int?
    /// `held` if the cause is `ours`, otherwise `waiting`.
    var state: String
    var cause: FailureCause
    var reason: String
    var since: Date
    var tries: Int
    var nextTry: Date
    /// The time until which the link is promised to work. No failure before it is final, and tries may go on after it.
    var windowEnds: Date
    /// Set if the process died at least three times in a row while this item was in progress.
    var deaths: Int?

    init?(_ entry: OutputEntry, now: Date) {
        guard let failing = entry.failing else { return nil }
        self.init(
            entry.id.task, entry.id.index, failing, reason: entry.reason, windowEnds: AtRisk.deadline(of: entry, now: now),
            now: now
        )
    }

    init?(_ entry: TaskEntry, now: Date) {
        guard let failing = entry.failing else { return nil }
        self.init(entry.id, nil, failing, reason: entry.reason, windowEnds: AtRisk.deadline(of: entry), now: now)
    }

    private init(_ task: TaskID, _ index: Int?, _ failing: FailingState, reason: String?, windowEnds: Date, now: Date) {
        taskId = task
        self.index = index
        state = failing.cause == .ours ? "held" : "waiting"
        cause = failing.cause
        self.reason = failing.reason(last: reason, at: now)
        since = failing.since
        tries = failing.tries
        nextTry = failing.nextTry
        self.windowEnds = windowEnds
        deaths = failing.isSuspect(at: now) ? failing.deaths(at: now) : nil
    }

    var name: String { index.map { "\(taskId) #\($0)" } ?? taskId.text }

    /// A line of text for the terminal.
    var text: String {
        let tries = "\(tries) \(tries == 1 ? "try" : "tries"), next at \(nextTry.iso8601.dropFirst(11).prefix(8)) UTC"
        return "\(state.padded(to: 9))\(name): \(Table.plain(reason)) (\(tries); window ends \(Rendering.minute(windowEnds)) UTC)"
    }
}

extension Failing {
    /// Sorted by the start of the failure, oldest first.
    func rows(now: Date) -> [FailingRow] {
        (outputs.compactMap { FailingRow($0, now: now) } + tasks.compactMap { FailingRow($0, now: now) }).sorted {
            ($0.since, $0.name) < ($1.since, $1.name)
        }
    }
}
