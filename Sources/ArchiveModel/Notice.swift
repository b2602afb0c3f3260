import Crypto
package import Foundation
import SizeContract

/// Something that happened to an output or task, as it is told to a system outside: its JSON is the body of a webhook.
package struct Notice: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Archived, and nothing is to be complained of.
        case archived = "output.archived"
        /// Archived, but not what was asked for, or no whole picture: see ``Verdict/isClean``.
        case mismatch = "output.mismatch"
        /// It has failed for ten minutes, or at once for a cause of our own; it is tried again until its window closes.
        case failing = "output.failing"
        /// It was told as failing, and is archived now.
        case recovered = "output.recovered"
        /// It waits although little of its time is left.
        case atRisk = "output.at_risk"
        /// It can't be had any more.
        case unavailable = "output.unavailable"
        case taskAtRisk = "task.at_risk"
        /// A task that could not be read for ten minutes; it is tried again until its window closes.
        case taskFailing = "task.failing"
        /// It was told as failing, and its results are known now.
        case taskRecovered = "task.recovered"
        /// A task that ended without a picture: failed, cancelled, or not to be had.
        case taskUnavailable = "task.unavailable"
    }

    package struct Asked: Sendable, Hashable, Codable {
        package var model: String?
        package var size: String?
        package var resolution: String?
        /// The promised pixels.
        package var width: Int?
        package var height: Int?
    }

    package struct Delivered: Sendable, Hashable, Codable {
        package var width: Int?
        package var height: Int?
        package var bytes: Int?
        package var mediaType: String?
    }

    /// What is known of it. No link and no key is among it.
    package struct Facts: Sendable, Hashable, Codable {
        package var taskId: TaskID
        /// The output's name in the API's addresses, and its place in the task; none for a task.
        package var name: String?
        package var index: Int?
        package var state: String?
        package var verdict: String?
        package var asked: Asked?
        package var delivered: Delivered?
        /// Of the original.
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

    /// The same for the same happening, however often it is told, so that whoever is told knows a repetition.
    package var id: String {
        // Something comes to be at risk once for each deadline, however often that is seen.
        let moment = type == .atRisk || type == .taskAtRisk ? data.deadline ?? timestamp : timestamp
        let text = "\(type.rawValue) \(data.taskId.text) \(data.index ?? -1) \(moment.milliseconds)"
        let hash = SHA256.hash(data: Data(text.utf8))
        return "msg_" + hash.prefix(16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// An output's end.
    package init(_ record: ArchiveRecord) {
        let entry = OutputEntry(record)
        let isClean = entry.judgement?.verdict.isClean ?? true
        let type: Kind = entry.state == .unavailable ? .unavailable : isClean ? .archived : .mismatch
        self.init(type, at: record.endedAt, Facts(entry))
    }

    /// An output that waits and has little time left.
    package init(atRisk entry: OutputEntry, deadline: Date, reason: String, now: Date) {
        var facts = Facts(entry)
        facts.deadline = deadline
        facts.reason = reason
        self.init(.atRisk, at: now, facts)
    }

    /// A task without an output: one that ended, or one that is still to be read and has little time left.
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
        name = "\(entry.id.task.fileStem)-\(entry.id.index)"
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
