package import ArchiveModel
package import Foundation
package import SizeContract

/// Which outputs to list.
package struct EntryQuery: Sendable {
    /// Words that the prompt must hold, each as a word or the beginning of one; words of one or two Latin letters only whole.
    package var text: String?
    package var verdict: Verdict?
    package var states: Set<OutputState>?
    package var billedTier: Tier?
    package var deliveredTier: Tier?
    package var model: String?
    /// Created at or after this.
    package var since: Date?
    /// Created before this.
    package var before: Date?
    package var task: TaskID?
    package var digest: Digest?
    package var limit: Int?

    package init(
        text: String? = nil, verdict: Verdict? = nil, states: Set<OutputState>? = nil, billedTier: Tier? = nil,
        deliveredTier: Tier? = nil, model: String? = nil, since: Date? = nil, before: Date? = nil, task: TaskID? = nil,
        digest: Digest? = nil, limit: Int? = nil
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
        self.limit = limit
    }
}

/// Which ended tasks to list.
package struct EndedTaskQuery: Sendable {
    /// Any of `failed`, `cancelled` and `unavailable`.
    package var states: Set<TaskState>
    /// Words that the prompt must hold, as in ``EntryQuery/text``.
    package var text: String?
    package var model: String?
    /// Created, or else discovered, at or after this.
    package var since: Date?
    /// Created, or else discovered, before this.
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

/// A place in a list that what is filed meanwhile does not move: the next page begins after it.
package struct ListCursor: Sendable, Hashable {
    /// The place of the task, the newest highest.
    let place: Int64
    /// Of the output; `nil` where tasks are listed.
    let index: Int?

    init(place: Int64, index: Int?) {
        self.place = place
        self.index = index
    }

    /// Whether it lies among tasks without outputs, not among outputs.
    package var isAmongTasks: Bool { index == nil }

    /// Before the first of the tasks without outputs.
    package static let beforeTasks = ListCursor(place: .max, index: nil)

    /// Reads what ``description`` writes.
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

/// A part of a list of outputs.
package struct EntryPage: Sendable, Hashable {
    package var entries: [OutputEntry]
    /// Where the next page begins; `nil` when nothing more fits.
    package var next: ListCursor?
}

/// A part of what an audit reads.
package struct AuditPage: Sendable, Hashable {
    package var entries: [AuditEntry]
    /// Where the next page begins; `nil` when nothing more fits.
    package var next: ListCursor?
}

/// What an audit reads of each output beyond its judgement; each takes time.
package struct AuditDetail: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// What the upstream says that it charged.
    package static let credits = AuditDetail(rawValue: 1)
    /// Prompt, thumbnail and perceptual hash.
    package static let pictures = AuditDetail(rawValue: 2)
    /// Link and Content-Type, from what the catalog remembers of the record.
    package static let delivery = AuditDetail(rawValue: 4)
}

/// A part of a list of tasks.
package struct TaskPage: Sendable, Hashable {
    package var tasks: [TaskEntry]
    /// Where the next page begins; `nil` when nothing more fits.
    package var next: ListCursor?
}

extension Catalog {
    /// Hands over all outputs that fit, some hundred at a time, so that memory does not grow with the archive.
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

    /// Hands over all outputs that fit, as an audit reads them, some thousand at a time.
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

    /// Outputs, the newest task first; of one task in the order of their index. All at once: for a task's, or a few.
    package func entries(_ query: EntryQuery) async throws -> [OutputEntry] {
        var entries: [OutputEntry] = []
        try await forEachPage(query) { entries += $0.entries }
        return entries
    }

    /// Hands over all ended tasks that fit, some hundred at a time.
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

    /// Tasks that ended without an output, and why; the newest first.
    package func endedTasks(limit: Int) async throws -> [TaskEntry] {
        var tasks: [TaskEntry] = []
        try await forEachEndedTask(EndedTaskQuery(limit: limit)) { tasks += $0.tasks }
        return tasks
    }
}
