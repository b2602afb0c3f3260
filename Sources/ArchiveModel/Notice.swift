package import Foundation
import SizeContract

/// A notification about an output or a task. Its JSON is the body of a webhook.
package struct Notice: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Archived, and the delivery has no known fault.
        case archived = "output.archived"
        /// Archived, but not as requested, or not a complete picture: see ``Verdict/isClean``.
        case mismatch = "output.mismatch"
        /// Has failed for ten minutes; reported at once if the cause is on this side. It is retried until its window closes.
        case failing = "output.failing"
        /// Archived after an earlier `failing` notice.
        case recovered = "output.recovered"
        /// Not yet archived, with little time left before the deadline.
        case atRisk = "output.at_risk"
        /// Can no longer be downloaded.
        case unavailable = "output.unavailable"
        case taskAtRisk = "task.at_risk"
        /// A task could not be read from the API for ten minutes. The reading is retried until the task's window closes.
        case taskFailing = "task.failing"
        /// The results are known now, after an earlier `failing` notice.
        case taskRecovered = "task.recovered"
        /// A task that ended without a picture: it failed, was cancelled, or is unavailable.
        case taskUnavailable = "task.unavailable"
    }

    package var type: Kind
    /// When it happened.
    package var timestamp: Date
    /// The facts about the output or task, without its prompt. They contain no link and no key.
    package var data: OutputView

    package init(_ type: Kind, at timestamp: Date, _ data: OutputView) {
        self.type = type
        self.timestamp = timestamp
        self.data = data
    }

    /// The same for each repetition of a notice, so that receivers can drop duplicates.
    package var id: String {
        // `atRisk` is reported once per deadline, however often it is detected.
        let moment = type == .atRisk || type == .taskAtRisk ? data.deadline ?? timestamp : timestamp
        let text = "\(type.rawValue) \(data.taskId.text) \(data.index ?? -1) \(moment.milliseconds)"
        return "msg_" + Digest(of: text).hex.prefix(32)
    }

    /// For an output that has ended.
    package init(_ record: ArchiveRecord) {
        let entry = OutputEntry(record)
        let isClean = entry.judgement?.verdict.isClean ?? true
        let type: Kind = entry.state == .unavailable ? .unavailable : isClean ? .archived : .mismatch
        self.init(type, at: record.endedAt, OutputView(entry, prompts: false))
    }

    /// For an output that is waiting and has little time left.
    package init(atRisk entry: OutputEntry, deadline: Date, reason: String, now: Date) {
        var view = OutputView(entry, prompts: false)
        view.deadline = deadline
        view.reason = reason
        self.init(.atRisk, at: now, view)
    }

    /// For a task without an output: it has ended, or it is still unread with little time left.
    package init(
        _ type: Kind, task: TaskID, state: TaskState, request: RecordedRequest?, deadline: Date?, reason: String, now: Date
    ) {
        var view = OutputView(task: task, state: state, request: request, createdAt: nil, reason: reason, prompts: false)
        view.deadline = deadline
        self.init(type, at: now, view)
    }
}
