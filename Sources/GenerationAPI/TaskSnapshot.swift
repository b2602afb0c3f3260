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
            switch text.lowercased() {
            case "pending", "queued": self = .pending
            case "processing", "running", "in_progress": self = .processing
            case "completed", "succeeded", "success": self = .completed
            case "failed", "error": self = .failed
            case "cancelled", "canceled": self = .cancelled
            default: self = .other(text)
            }
        }
    }

    package var id: TaskID
    package var status: Status?
    package var createdAt: Date?
    package var model: String?
    /// Result links in the upstream's order, each once, with their queries: secrets.
    package var links: [String]
    /// The upstream's words on a failure.
    package var failure: String?
    /// The whole answer, with the links' queries.
    package var json: JSONValue

    /// - Returns: `nil` for JSON without a usable `id`.
    package init?(_ json: JSONValue) {
        guard let id = (json["id"] ?? json["task_id"])?.string.flatMap({ TaskID($0) }) else { return nil }
        self.id = id
        self.json = json
        status = json["status"]?.string.map(Status.init)
        createdAt = Self.date(json["created"]) ?? Self.date(json["created_at"])
        model = json["model"]?.string
        links = Self.links(in: json)
        failure = Self.failure(json["error"])
    }

    /// How long a link lives, from the task's creation: 24 hours by the reference page.
    package static let linkLifetime: TimeInterval = 24 * 3600

    /// The promised end of the links.
    package var deadline: Date? { createdAt.map { $0.addingTimeInterval(Self.linkLifetime) } }

    private static func links(in json: JSONValue) -> [String] {
        var found: [String] = []
        for part in [json["results"], json["result_data"]] {
            guard let part else { continue }
            for item in part.array ?? [part] {
                guard let link = link(in: item), !found.contains(link) else { continue }
                found.append(link)
            }
            // Both fields tell of the same pictures; the documented one goes first.
            if !found.isEmpty { break }
        }
        return found
    }

    private static func link(in item: JSONValue) -> String? {
        let text =
            item.string ?? ["url", "image_url", "link"].lazy.compactMap { item[$0]?.string ?? item[$0]?["url"]?.string }.first
        guard let text, let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            url.host != nil
        else { return nil }
        return text
    }

    private static func failure(_ error: JSONValue?) -> String? {
        guard let error, error != .null else { return nil }
        if let text = error.string { return text }
        let code = error["code"].flatMap { $0.string ?? $0.integer.map(String.init) }
        let parts = [code, error["message"]?.string, error["suggestion"]?.string].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ": ")
    }

    /// Seconds or milliseconds since 1970, as a number or in digits, or ISO 8601.
    static func date(_ value: JSONValue?) -> Date? {
        guard let value else { return nil }
        if let number = value.double, number > 0, number < 1e14 {
            return Date(timeIntervalSince1970: number > 1e11 ? number / 1000 : number).wholeMilliseconds
        }
        return value.string.flatMap { Date(iso8601: $0) }
    }
}

/// One page of the account's task list. Its rows have no links: read finished tasks one by one or in batches.
package struct TaskPage: Sendable {
    package var tasks: [TaskSnapshot]
    /// Rows on the page, also those that could not be read.
    package var rows: Int
    package var total: Int?

    package init(tasks: [TaskSnapshot], rows: Int, total: Int?) {
        self.tasks = tasks
        self.rows = rows
        self.total = total
    }
}
