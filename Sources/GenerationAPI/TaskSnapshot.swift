package import ArchiveModel
package import Foundation

/// The current state of a task, parsed leniently: a field that is missing, null or of another type is `nil`. The raw JSON is kept
/// as well.
package struct TaskSnapshot: Sendable, Hashable {
    package enum Status: Sendable, Hashable {
        case pending, processing, completed, failed, cancelled
        /// An unknown status.
        case other(String)

        init(_ text: String) {
            switch text.lowercased().filter({ $0.isLetter }) {
            case "pending", "queued", "queueing", "queuing", "waiting", "created", "submitted", "scheduled", "accepted", "new",
                "notstarted", "inqueue":
                self = .pending
            case "processing", "running", "inprogress", "started", "starting", "working", "generating", "active", "executing":
                self = .processing
            case "completed", "complete", "succeeded", "succeed", "success", "successful", "done", "finished", "finish", "ready",
                "ok", "ended", "partiallycompleted", "partialsuccess":
                self = .completed
            case "failed", "fail", "failure", "error", "errored", "rejected", "expired", "timeout", "timedout", "aborted",
                "contentfiltered", "moderated":
                self = .failed
            case "cancelled", "canceled", "cancel", "cancelling", "canceling", "revoked", "terminated": self = .cancelled
            default: self = .other(text)
            }
        }
    }

    /// The upstream's status; known statuses are normalized.
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

    /// The meaning of an answer for the archive.
    package enum Stage: Sendable, Hashable {
        /// At least one link is given, whatever the status. ``failure`` may be set as well.
        case delivered
        /// The status is completed, but there is no link: results may follow later, or all of them are problems.
        case completed
        case failed
        case cancelled
        case unfinished
        /// An error with no status or an unknown one. It may be transient.
        case unclear
    }

    package var id: TaskID
    package var status: Status?
    package var createdAt: Date?
    package var model: String?
    /// All results; the index is the number. Links include their queries and are therefore secret.
    package var results: [TaskResult]
    /// The upstream's error message; may be set although there are results.
    package var failure: String?
    /// The complete answer, including the links' queries. Embedded files are replaced by their media type, size and SHA-256.
    package var json: JSONValue

    /// - Returns: `nil` for JSON without a usable `id`.
    package init?(_ json: JSONValue) { self.init(json, base: nil) }

    /// - Parameters:
    ///   - base: The API's address, used to resolve relative links.
    ///   - mostResults: If there are more results, a final problem result says so.
    /// - Returns: `nil` for JSON without a usable `id`.
    package init?(_ json: JSONValue, base: String?, mostResults: Int = UpstreamRules.mostResults) {
        guard let id = Self.id(in: json) else { return nil }
        self.id = id
        self.json = json.mapValues { InlineData.cutting($0) }
        let words = [json["status"], json["state"], json["task_status"]].lazy.compactMap { $0?.string }.first
        status = words.map(Status.init)
        createdAt =
            [json["created"], json["created_at"], json["createdAt"], json["create_time"]].lazy.compactMap(Self.date).first
        model = json["model"]?.string
        results = ResultReader(address: ResultAddress(base: base), most: mostResults).results(
            of: json, isUnfinished: status == .pending || status == .processing)
        failure =
            [json["error"], json["fail_reason"], json["failure_reason"], json["error_message"]].lazy
            .compactMap { $0.flatMap(UpstreamText.failure)?.cut(to: 2000) }.first
    }

    /// Finds the task in an answer, which may be wrapped, such as `{"code":200,"data":{…}}`.
    ///
    /// - Parameter expected: The requested task, if one was requested. An answer about another one is not taken: a cache or a proxy
    ///   may mix answers up.
    package static func find(in json: JSONValue, expected: TaskID? = nil, base: String? = nil) -> TaskSnapshot? {
        var candidates = [json]
        for name in ["data", "task", "result"] {
            guard let inner = json[name] else { continue }
            if case .object = inner { candidates.append(inner) }
            if let only = inner.array, only.count == 1 { candidates += only }
        }
        if let expected {
            var task = candidates.first { ids(in: $0).contains(expected) }.flatMap { TaskSnapshot($0, base: base) }
            task?.id = expected
            return task
        }
        let tasks = candidates.filter { id(in: $0) != nil }
        return (tasks.first { $0["status"] != nil } ?? tasks.first).flatMap { TaskSnapshot($0, base: base) }
    }

    private static func id(in json: JSONValue) -> TaskID? { ids(in: json).first }

    private static func ids(in json: JSONValue) -> [TaskID] {
        // U+FFFD replaces an unreadable character, so an ID that contains it is not the real ID.
        [json["id"], json["task_id"], json["taskId"]].compactMap { $0?.string.flatMap { TaskID($0) } }
            .filter { !$0.text.unicodeScalars.contains("\u{FFFD}") }
    }

    /// The links among the results; their positions here are not their numbers.
    package var links: [ResultLink] { results.compactMap(\.link) }

    /// Whether more results may follow: the API says that it still works on the task.
    package var isUnfinished: Bool { status == .pending || status == .processing }

    /// Whether the status is none that this program knows, so that it may mean either.
    package var isOfUnknownStatus: Bool { if case .other = status { true } else { false } }

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

    /// When the links expire, as promised by the API.
    package var deadline: Date? { createdAt.map { $0.addingTimeInterval(UpstreamRules.linkLifetime) } }

    /// Dates before 2000 or after 2200 are ignored.
    private static let plausible = 946_684_800.0..<7_258_118_400.0

    /// Parses seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or as digits, or ISO 8601.
    static func date(_ value: JSONValue?) -> Date? {
        guard let value else { return nil }
        if let number = value.double {
            let seconds = [1, 1e3, 1e6, 1e9].map { number / $0 }.first { plausible.contains($0) }
            return seconds.map { Date(timeIntervalSince1970: $0).wholeMilliseconds }
        }
        return value.string.flatMap { Date(iso8601: $0) }.flatMap { plausible.contains($0.timeIntervalSince1970) ? $0 : nil }
    }
}

/// Extracts the upstream's error message.
enum UpstreamText {
    static func failure(_ error: JSONValue) -> String? {
        if let text = error.string { return text.isEmpty ? nil : text }
        let code = (error["code"] ?? error["type"]).flatMap { $0.string ?? $0.integer.map(String.init) }
        let parts = [code, (error["message"] ?? error["msg"])?.string, error["suggestion"]?.string].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ": ")
    }
}

/// One page of the account's task list. Its rows have no links, so finished tasks must be read individually or in batches.
package struct AccountPage: Sendable {
    package var tasks: [TaskSnapshot]
    /// Rows on the page, including unreadable ones.
    package var rows: Int
    package var total: Int?
    /// Whether the answer is truncated or corrupted. The absence of a task then proves nothing.
    package var isIncomplete = false

    package init(tasks: [TaskSnapshot], rows: Int, total: Int?, isIncomplete: Bool = false) {
        self.tasks = tasks
        self.rows = rows
        self.total = total
        self.isIncomplete = isIncomplete
    }
}

/// The tasks returned by a batch call.
package struct TaskBatch: Sendable {
    package var tasks: [TaskID: TaskSnapshot]
    /// Whether some rows could not be read. A missing task must then be read individually, since it may exist.
    package var hasGaps: Bool

    package init(tasks: [TaskID: TaskSnapshot], hasGaps: Bool = false) {
        self.tasks = tasks
        self.hasGaps = hasGaps
    }
}
