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
        /// A task that could not be read for ten minutes. It is retried until its window closes.
        case taskFailing = "task.failing"
        /// The results are known now, after an earlier `failing` notice.
        case taskRecovered = "task.recovered"
        /// A task that ended without a picture: it failed, was cancelled, or is unavailable.
        case taskUnavailable = "task.unavailable"
    }

    package struct Asked: Sendable, Hashable, Codable {
        package var model: String?
        package var size: String?
        package var resolution: String?
        /// The promised size in pixels.
        package var width: Int?
        package var height: Int?
    }

    package struct Delivered: Sendable, Hashable, Codable {
        package var width: Int?
        package var height: Int?
        package var bytes: Int?
        package var mediaType: String?
    }

    /// The facts about the output or task. They contain no link and no key.
    package struct Facts: Sendable, Hashable, Codable {
        package var taskId: TaskID
        /// The output's name in URLs of the HTTP API, and its index in the task; `nil` for a task.
        package var name: String?
        package var index: Int?
        package var state: String?
        package var verdict: String?
        package var asked: Asked?
        package var delivered: Delivered?
        /// The digest of the original.
        package var sha256: Digest?
        package var reason: String?
        package var cause: FailureCause?
        package var deadline: Date?

        package init(taskId: TaskID) { self.taskId = taskId }
    }

    package var type: Kind
    /// When it happened.
    package var timestamp: Date
    package var data: Facts

    package init(_ type: Kind, at timestamp: Date, _ data: Facts) {
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
        self.init(type, at: record.endedAt, Facts(entry))
    }

    /// For an output that is waiting and has little time left.
    package init(atRisk entry: OutputEntry, deadline: Date, reason: String, now: Date) {
        var facts = Facts(entry)
        facts.deadline = deadline
        facts.reason = reason
        self.init(.atRisk, at: now, facts)
    }

    /// For a task without an output: it has ended, or it is still unread with little time left.
    package init(
        _ type: Kind, task: TaskID, state: TaskState, request: RecordedRequest?, deadline: Date?, reason: String, now: Date
    ) {
        var facts = Facts(taskId: task)
        facts.state = state.rawValue
        facts.asked = request.map { Asked(model: $0.model, size: $0.size, resolution: $0.resolution) }
        facts.deadline = deadline
        facts.reason = reason
        self.init(type, at: now, facts)
    }
}

extension Notice.Facts {
    package init(_ entry: OutputEntry) {
        self.init(taskId: entry.id.task)
        name = entry.id.name
        index = entry.id.index
        state = entry.state.rawValue
        verdict = entry.judgement?.verdict.rawValue
        let expected = entry.judgement?.expected
        if entry.request != nil || expected != nil {
            asked = Notice.Asked(
                model: entry.request?.model, size: entry.request?.size, resolution: entry.request?.resolution,
                width: expected?.width, height: expected?.height)
        }
        let pixels = entry.judgement?.delivered
        delivered = entry.original.map {
            Notice.Delivered(width: pixels?.width, height: pixels?.height, bytes: $0.bytes, mediaType: $0.mediaType)
        }
        sha256 = entry.original?.digest
        reason = entry.reason
        cause = entry.cause
        deadline = entry.deadline
    }
}
