package import ArchiveModel
package import Foundation

/// A task as the upstream shows it now, read with tolerance: a field that is missing, null or of another type is `nil`, and the raw
/// JSON keeps what is not understood.
package struct TaskSnapshot: Sendable, Hashable {
    package enum Status: Sendable, Hashable {
        case pending, processing, completed, failed, cancelled
        /// A word that is not known.
        case other(String)

        init(_ text: String) {
            switch text.lowercased().filter({ $0.isLetter }) {
            case "pending", "queued", "queueing", "queuing", "waiting", "created", "submitted", "scheduled", "accepted", "new",
                "notstarted", "inqueue":
                self = .pending
            case "processing", "running", "inprogress", "started", "starting", "working", "generating", "active", "executing":
                self = .processing
            case "completed", "complete", "succeeded", "succeed", "success", "successful", "done", "finished", "finish", "ready",
                "ok", "ended", "partiallycompleted", "partialsuccess", "partial":
                self = .completed
            case "failed", "fail", "failure", "error", "errored", "rejected", "expired", "timeout", "timedout", "aborted",
                "contentfiltered", "moderated":
                self = .failed
            case "cancelled", "canceled", "cancel", "cancelling", "canceling", "revoked", "terminated": self = .cancelled
            default: self = .other(text)
            }
        }
    }

    /// The task's state as the upstream names it, in our spelling where it is known.
    package var stateWord: String? {
        switch status {
        case .other(let text): text
        case .pending: "pending"
        case .processing: "processing"
        case .completed: "completed"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case nil: nil
        }
    }

    /// What an answer means for the archive.
    package enum Stage: Sendable, Hashable {
        /// It names at least one link, whatever it says of its status. ``failure`` may say more.
        case delivered
        /// It calls itself completed and names no link: its results may come later, or are all problems.
        case completed
        case failed
        case cancelled
        case unfinished
        /// An error without a state, or with an unknown state. It may pass.
        case unclear
    }

    package var id: TaskID
    package var status: Status?
    package var createdAt: Date?
    package var model: String?
    /// Every result that it names, by its number. Links have their queries, so they are secrets.
    package var results: [TaskResult]
    /// The upstream's words on a failure; also of a task that delivers something.
    package var failure: String?
    /// The whole answer with the links' queries. Files inside it are replaced by their media type, size and SHA-256.
    package var json: JSONValue

    /// The most results of a task that are read: the upper bound of the setting `maxResults`.
    package static let mostResults = 10_000

    /// - Returns: `nil` for JSON without a usable `id`.
    package init?(_ json: JSONValue) { self.init(json, base: nil) }

    /// - Parameters:
    ///   - base: The API's address, by which relative links are read.
    ///   - mostResults: Of more results, the last one is a problem that says so.
    /// - Returns: `nil` for JSON without a usable `id`.
    package init?(_ json: JSONValue, base: String?, mostResults: Int = mostResults) {
        guard let id = Self.id(in: json) else { return nil }
        self.id = id
        self.json = json.mapValues { InlineData.cutting($0) }
        let words = [json["status"], json["state"], json["task_status"]].lazy.compactMap { $0?.string }.first
        status = words.map(Status.init)
        createdAt =
            [json["created"], json["created_at"], json["createdAt"], json["create_time"]].lazy.compactMap(Self.date).first
        model = json["model"]?.string
        let isUnfinished = status == .pending || status == .processing
        results = ResultReader(address: ResultAddress(base: base), most: mostResults).results(
            of: json, isUnfinished: isUnfinished)
        failure =
            [json["error"], json["fail_reason"], json["failure_reason"], json["error_message"]].lazy
            .compactMap { $0.flatMap(UpstreamWords.failure) }.first
    }

    /// The task of an answer, which may stand there as it is or be wrapped, such as `{"code":200,"data":{…}}`.
    ///
    /// - Parameter expected: The task that was asked for, where one was.
    package static func find(in json: JSONValue, expected: TaskID? = nil, base: String? = nil) -> TaskSnapshot? {
        var candidates = [json]
        for name in ["data", "task", "result"] {
            guard let inner = json[name] else { continue }
            if case .object = inner { candidates.append(inner) }
            if let only = inner.array, only.count == 1 { candidates += only }
        }
        let tasks = candidates.filter { id(in: $0) != nil }
        let wanted = tasks.first { id(in: $0) == expected } ?? tasks.first { $0["status"] != nil } ?? tasks.first
        return wanted.flatMap { TaskSnapshot($0, base: base) }
    }

    private static func id(in json: JSONValue) -> TaskID? {
        // An id with a character that could not be read is another id, if any.
        [json["id"], json["task_id"], json["taskId"]].lazy.compactMap { $0?.string.flatMap { TaskID($0) } }
            .first { !$0.text.unicodeScalars.contains("\u{FFFD}") }
    }

    /// The links among the results; their places here are not their numbers.
    package var links: [String] { results.compactMap(\.link) }

    package var stage: Stage {
        if results.contains(where: { $0.link != nil }) { return .delivered }
        switch status {
        case .completed: return .completed
        case .failed: return .failed
        case .cancelled: return .cancelled
        case .pending, .processing: return .unfinished
        case .other, nil: return failure == nil ? .unfinished : .unclear
        }
    }

    /// How long a link lives, from the task's creation: 24 hours by the reference page.
    package static let linkLifetime: TimeInterval = 24 * 3600

    /// The promised end of the links.
    package var deadline: Date? { createdAt.map { $0.addingTimeInterval(Self.linkLifetime) } }

    /// Before and after these, a date is not believed: the years 2000 and 2200.
    private static let plausible = 946_684_800.0..<7_258_118_400.0

    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or in digits, or ISO 8601.
    static func date(_ value: JSONValue?) -> Date? {
        guard let value else { return nil }
        if let number = value.double {
            let seconds = [1, 1e3, 1e6, 1e9].map { number / $0 }.first { plausible.contains($0) }
            return seconds.map { Date(timeIntervalSince1970: $0).wholeMilliseconds }
        }
        return value.string.flatMap { Date(iso8601: $0) }.flatMap { plausible.contains($0.timeIntervalSince1970) ? $0 : nil }
    }
}

/// What the upstream says of a failure, in its own words.
enum UpstreamWords {
    static func failure(_ error: JSONValue) -> String? {
        if let text = error.string { return text.isEmpty ? nil : text }
        let code = (error["code"] ?? error["type"]).flatMap { $0.string ?? $0.integer.map(String.init) }
        let parts = [code, (error["message"] ?? error["msg"])?.string, error["suggestion"]?.string].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ": ")
    }
}

/// One page of the account's task list. Its rows have no links: read finished tasks one by one or in batches.
package struct TaskPage: Sendable {
    package var tasks: [TaskSnapshot]
    /// Rows on the page, also those that could not be read.
    package var rows: Int
    package var total: Int?
    /// Whether rows of the answer are missing, because it is cut or broken: the page proves nothing of what it does not name.
    package var isIncomplete = false

    package init(tasks: [TaskSnapshot], rows: Int, total: Int?, isIncomplete: Bool = false) {
        self.tasks = tasks
        self.rows = rows
        self.total = total
        self.isIncomplete = isIncomplete
    }
}

/// The tasks that a batch call has brought.
package struct TaskBatch: Sendable {
    package var tasks: [TaskID: TaskSnapshot]
    /// Whether rows could not be read: then a task that is missing is not unknown to the upstream, but to be read alone.
    package var hasGaps: Bool

    package init(tasks: [TaskID: TaskSnapshot], hasGaps: Bool = false) {
        self.tasks = tasks
        self.hasGaps = hasGaps
    }
}
