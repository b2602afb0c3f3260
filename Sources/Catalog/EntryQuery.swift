package import ArchiveModel
package import Foundation
package import SizeContract

/// Selects outputs to list.
package struct EntryQuery: Sendable {
    /// Words that the prompt must contain, each as a whole word or as a prefix. Words of one or two Latin letters match whole
    /// words only.
    package var text: String?
    package var verdict: Verdict?
    package var states: Set<OutputState>?
    package var billedTier: Tier?
    package var deliveredTier: Tier?
    package var model: String?
    /// Created at or after this time.
    package var since: Date?
    /// Created before this time.
    package var before: Date?
    package var task: TaskID?
    package var digest: Digest?
    /// The exact name of the signer. Selects only manifests that may be believed, because any other can name anyone.
    package var signer: String?
    /// The exact name of the software that made the picture. Selects only manifests that may be believed.
    package var agent: String?
    /// The state of the Content Credentials at the time of archiving.
    package var credentials: CredentialFacts.State?
    package var limit: Int?

    package init(
        text: String? = nil, verdict: Verdict? = nil, states: Set<OutputState>? = nil, billedTier: Tier? = nil,
        deliveredTier: Tier? = nil, model: String? = nil, since: Date? = nil, before: Date? = nil, task: TaskID? = nil,
        digest: Digest? = nil, signer: String? = nil, agent: String? = nil, credentials: CredentialFacts.State? = nil,
        limit: Int? = nil
    ) {
        self.text = text
        self.verdict = verdict
        self.states = states
        self.billedTier = billedTier
        self.deliveredTier = deliveredTier
        self.model = model
        self.since = since
        self.before = before
        self.task = task
        self.digest = digest
        self.signer = signer
        self.agent = agent
        self.credentials = credentials
        self.limit = limit
    }
}

/// Selects ended tasks to list.
package struct EndedTaskQuery: Sendable {
    /// Any of `failed`, `cancelled` and `unavailable`.
    package var states: Set<TaskState>
    /// Words that the prompt must contain, as in ``EntryQuery/text``.
    package var text: String?
    package var model: String?
    /// Selects tasks created at or after this time. If the creation time is unknown, the time of discovery counts.
    package var since: Date?
    /// Selects tasks created before this time. If the creation time is unknown, the time of discovery counts.
    package var before: Date?
    package var limit: Int?

    package init(
        states: Set<TaskState> = [.failed, .cancelled, .unavailable], text: String? = nil, model: String? = nil,
        since: Date? = nil, before: Date? = nil, limit: Int? = nil
    ) {
        self.states = states
        self.text = text
        self.model = model
        self.since = since
        self.before = before
        self.limit = limit
    }
}

/// Keyset cursor, stable under concurrent inserts. The next page begins after it.
package struct ListCursor: Sendable, Hashable {
    /// The task's sort key; the newest task has the highest.
    let place: Int64
    /// The output's index; `nil` in lists of tasks.
    let index: Int?

    init(place: Int64, index: Int?) {
        self.place = place
        self.index = index
    }

    /// Whether the cursor belongs to a list of tasks rather than a list of outputs.
    package var isAmongTasks: Bool { index == nil }

    /// The position before the first task without outputs.
    package static let beforeTasks = ListCursor(place: .max, index: nil)

    /// Parses the format of ``description``.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let place = Int64(parts[0]), place >= 0 else { return nil }
        if parts[1] == "task" {
            self.init(place: place, index: nil)
        } else if let index = Int(parts[1]), index >= 0 {
            self.init(place: place, index: index)
        } else {
            return nil
        }
    }
}

extension ListCursor: CustomStringConvertible {
    package var description: String { "\(place).\(index.map(String.init) ?? "task")" }
}

/// One page of a list of outputs.
package struct EntryPage: Sendable, Hashable {
    package var entries: [OutputEntry]
    /// The cursor for the next page; `nil` after the last page.
    package var next: ListCursor?
}

/// One page of outputs for an audit.
package struct AuditPage: Sendable, Hashable {
    package var entries: [AuditEntry]
    /// The cursor for the next page; `nil` after the last page.
    package var next: ListCursor?
}

/// Optional facts that an audit can read for each output. Each one costs time.
package struct AuditDetail: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The charge that the upstream states.
    package static let charges = AuditDetail(rawValue: 1)
    /// The prompt.
    package static let prompts = AuditDetail(rawValue: 8)
    /// The prompt, thumbnail and perceptual hash.
    package static let pictures = AuditDetail(rawValue: 2)
    /// The link and Content-Type, from the catalog's copy of the record.
    package static let delivery = AuditDetail(rawValue: 4)
}

/// One page of a list of tasks.
package struct TaskPage: Sendable, Hashable {
    package var tasks: [TaskEntry]
    /// The cursor for the next page; `nil` after the last page.
    package var next: ListCursor?
}

extension CatalogReader {
    /// Calls `body` with all matching outputs, some hundred at a time, so that memory use does not grow with the archive.
    package func forEachPage(
        _ query: EntryQuery, after cursor: ListCursor? = nil, _ body: (EntryPage) async throws -> Void
    ) async throws {
        var (query, cursor) = (query, cursor)
        repeat {
            let page = try await page(query, after: cursor)
            try await body(page)
            query.limit = query.limit.map { $0 - page.entries.count }
            cursor = page.next
        } while cursor != nil && (query.limit ?? 1) > 0
    }

    /// Calls `body` with all matching outputs for an audit, some thousand at a time.
    package func forEachAuditPage(
        _ query: EntryQuery, _ detail: AuditDetail, _ body: (AuditPage) async throws -> Void
    ) async throws {
        var cursor: ListCursor?
        repeat {
            let page = try await auditPage(query, detail, after: cursor)
            try await body(page)
            cursor = page.next
        } while cursor != nil
    }

    /// All matching outputs at once, the newest task first, then by output index. Use it only for one task or for small results.
    package func entries(_ query: EntryQuery) async throws -> [OutputEntry] {
        var entries: [OutputEntry] = []
        try await forEachPage(query) { entries += $0.entries }
        return entries
    }

    /// Calls `body` with all matching ended tasks, some hundred at a time.
    package func forEachEndedTask(
        _ query: EndedTaskQuery = EndedTaskQuery(), after cursor: ListCursor? = nil, _ body: (TaskPage) async throws -> Void
    ) async throws {
        var (query, cursor) = (query, cursor)
        repeat {
            let page = try await endedTasks(query, after: cursor)
            try await body(page)
            query.limit = query.limit.map { $0 - page.tasks.count }
            cursor = page.next
        } while cursor != nil && (query.limit ?? 1) > 0
    }

    /// Tasks that ended without an output, with the reason; the newest first.
    package func endedTasks(limit: Int) async throws -> [TaskEntry] {
        var tasks: [TaskEntry] = []
        try await forEachEndedTask(EndedTaskQuery(limit: limit)) { tasks += $0.tasks }
        return tasks
    }
}
