import ArchiveModel
import Audit
import BlobStore
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SizeContract

/// Queries of the catalog: lists, one output, one task, the audit.
struct OutputRoutes {
    let catalog: any CatalogReader
    let records: any RecordStore
    let clock: any WallClock

    func add(to group: RouterGroup<ServerContext>) {
        group.get("outputs") { request, _ in try await list(request) }
        group.get("outputs/:name") { _, context in try await output(context.parameters.get("name") ?? "") }
        group.get("tasks/:id") { _, context in try await task(context.parameters.get("id") ?? "") }
        group.get("audit") { request, _ in try await audit(request) }
    }

    // MARK: Responses

    private struct Picture: Encodable {
        var path: String
        var mediaType: String
        var width: Int?
        var height: Int?
        var bytes: Int?
        var sha256: Digest
    }

    private struct Failing: Encodable {
        var since: Date
        var tries: Int
        var nextTry: Date
        /// Set if the process has died at least three times with this item in progress.
        var deaths: Int?

        init(_ failing: FailingState, now: Date) {
            since = failing.since
            tries = failing.tries
            nextTry = failing.nextTry
            deaths = failing.isSuspect(at: now) ? failing.deaths(at: now) : nil
        }
    }

    private struct Output: Encodable {
        var view: OutputView
        /// Set while the output waits after a failure.
        var failing: Failing?
        var original: Picture?
        var thumbnail: Picture?
        var preview: Picture?

        init(_ entry: OutputEntry, now: Date) {
            view = OutputView(entry)
            failing = entry.failing.map { Failing($0, now: now) }
            original = entry.original.map {
                Picture(
                    path: BlobRoutes.path($0.digest), mediaType: $0.mediaType, width: entry.judgement?.delivered?.width,
                    height: entry.judgement?.delivered?.height, bytes: $0.bytes, sha256: $0.digest)
            }
            thumbnail = entry.thumbnail.map(Self.picture)
            preview = entry.preview.map(Self.picture)
        }

        private static func picture(_ rendition: OutputEntry.Rendition) -> Picture {
            Picture(
                path: BlobRoutes.path(rendition.digest), mediaType: rendition.mediaType, width: rendition.width,
                height: rendition.height, sha256: rendition.digest)
        }

        private enum CodingKeys: CodingKey { case failing, original, thumbnail, preview }

        func encode(to encoder: any Encoder) throws {
            try view.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(failing, forKey: .failing)
            try container.encodeIfPresent(original, forKey: .original)
            try container.encodeIfPresent(thumbnail, forKey: .thumbnail)
            try container.encodeIfPresent(preview, forKey: .preview)
        }
    }

    private struct List: Encodable {
        var outputs: [Output]
        /// The value for the next page's `cursor`; absent on the last page.
        var next: String?
    }

    private func list(_ request: Request) async throws -> Response {
        let query = try EntryQuery(Parameters(request, allowed: Self.filters + ["limit", "cursor"]))
        let cursor = try Parameters(request).read("cursor", "a cursor of an earlier answer") { ListCursor($0) }
        let page = try await catalog.page(query, after: cursor)
        let now = clock.now
        return try JSONResponse.json(List(outputs: page.entries.map { Output($0, now: now) }, next: page.next.map { "\($0)" }))
    }

    static let filters = [
        "query", "state", "verdict", "tier", "billed", "model", "signer", "agent", "credentials", "since", "until",
    ]

    private func output(_ name: String) async throws -> Response {
        guard let id = OutputID(name: name) else {
            throw Problem(.notFound, "'\(name.prefix(80))' is not an output name: <task>-<index>.")
        }
        guard let task = try await catalog.task(id.task),
            let entry = try await catalog.entries(EntryQuery(task: id.task)).first(where: { $0.id == id })
        else { throw Problem(.notFound, "The archive has no output \(name.prefix(80)).") }
        struct Whole: Encodable {
            var output: Output
            var record: ArchiveRecord?
        }
        let record = try await records.record(of: id, day: task.createdAt ?? task.discoveredAt)
        return try JSONResponse.json(Whole(output: Output(entry, now: clock.now), record: record))
    }

    private func task(_ text: String) async throws -> Response {
        guard let id = TaskID(text), let task = try await catalog.task(id) else {
            throw Problem(.notFound, "The archive has no task \(text.prefix(80)).")
        }
        struct Whole: Encodable {
            var taskId: TaskID
            var state: TaskState
            var reason: String?
            var source: String
            var createdAt: Date?
            var discoveredAt: Date
            var requested: OutputView.Requested?
            var failing: Failing?
            var outputs: [Output]
        }
        let now = clock.now
        let entries = try await catalog.entries(EntryQuery(task: id))
        return try JSONResponse.json(
            Whole(
                taskId: id, state: task.state, reason: task.reason, source: task.source, createdAt: task.createdAt,
                discoveredAt: task.discoveredAt, requested: .init(task.request, withPrompt: true),
                failing: task.failing.map { Failing($0, now: now) },
                outputs: entries.map { Output($0, now: now) }))
    }

    /// The totals of the audit, from the catalog's counters.
    private func audit(_ request: Request) async throws -> Response {
        let query = try EntryQuery(Parameters(request, allowed: ["since", "until"]))
        struct Whole: Encodable { var summary: AuditReport.Summary }
        var summary = AuditReport.Summary()
        for tally in try await catalog.tallies(since: query.since, before: query.before) { summary.add(tally) }
        let lost = EndedTaskQuery(states: [.unavailable], since: query.since, before: query.before)
        for task in try await catalog.auditTasks(lost, []) { summary.add(task, nil) }
        return try JSONResponse.json(Whole(summary: summary))
    }
}

/// A JSON response.
enum JSONResponse {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder.archive(pretty: false).encode(value))))
    }
}

extension EntryQuery {
    /// Parses the filter parameters of a request.
    init(_ parameters: Parameters) throws {
        self.init()
        text = try parameters.read("query", "a text of at most \(Self.longestText) characters", Self.text)
        model = try parameters.read("model", "a text of at most \(Self.longestText) characters", Self.text)
        signer = try parameters.read("signer", "a text of at most \(Self.longestText) characters", Self.text)
        agent = try parameters.read("agent", "a text of at most \(Self.longestText) characters", Self.text)
        let kinds = CredentialFacts.State.allCases.map(\.rawValue).joined(separator: ", ")
        credentials = try parameters.read("credentials", "one of \(kinds)") { CredentialFacts.State(rawValue: $0) }
        states = try parameters.read("state", "one of \(OutputState.allCases.map(\.rawValue).joined(separator: ", "))") {
            OutputState(rawValue: $0).map { [$0] }
        }
        verdict = try parameters.read("verdict", "one of \(Verdict.allCases.map(\.rawValue).joined(separator: ", "))") {
            Verdict(rawValue: $0)
        }
        deliveredTier = try parameters.read("tier", "1K, 2K or 4K") { Tier(parsing: $0) }
        billedTier = try parameters.read("billed", "1K, 2K or 4K") { Tier(parsing: $0) }
        since = try parameters.read("since", "a date such as 2026-11-22T12:00:00Z", Self.date)
        before = try parameters.read("until", "a date such as 2026-11-22T12:00:00Z", Self.date)
        limit =
            try parameters.read("limit", "a number from 1 to 500") { Int($0).flatMap { (1...500).contains($0) ? $0 : nil } } ?? 50
    }

    private static let longestText = 500

    private static func text(_ text: String) -> String? { text.unicodeScalars.count <= longestText ? text : nil }

    private static func date(_ text: String) -> Date? { Date(rfc3339: text) ?? Date(rfc3339: text + "T00:00:00Z") }
}
