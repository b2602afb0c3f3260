import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// Handles `GET /v1/tasks/{id}`, `POST /v1/tasks/batch` and `GET /v1/tasks`.
struct TaskController {
    static let batchLimit = 50
    static let pageSizes = 1...100

    let account: Account
    let answers: TaskAnswer
    let links: ResultLinks
    let plan: FaultPlan
    let clock: any WallClock
    /// Counts list requests, so that inaccuracies change between reads of the same page.
    let lists: AttemptCounter

    func add(to group: RouterGroup<BasicRequestContext>) {
        group.get("tasks") { request, _ in try await list(request) }
        group.post("tasks/batch") { request, _ in try await batch(request) }
        group.get("tasks/:id") { _, context in
            let id = context.parameters.get("id") ?? ""
            guard let entry = await account.task(id.removingPercentEncoding ?? id) else { throw SimulatedAPIError.taskNotFound() }
            return try await answer(entry).answer()
        }
    }

    func answer(_ entry: SimulatedEntry) async -> JSONValue {
        answers.task(entry, links: await links.links(of: entry), at: clock.now)
    }

    private func batch(_ request: Request) async throws -> Response {
        let body = try JSONValue(body: try await request.body.collect(upTo: APIFaults.largestBody))
        guard let items = body["task_ids"]?.array else {
            throw SimulatedAPIError.invalidRequest("task_ids is required and is a list of strings", param: "task_ids")
        }
        guard items.count <= Self.batchLimit else {
            throw SimulatedAPIError.invalidRequest("\(items.count) task_ids are more than \(Self.batchLimit)", param: "task_ids")
        }
        var found: [JSONValue] = []
        var seen: Set<String> = []
        for item in items {
            guard let id = item.string else {
                throw SimulatedAPIError.invalidRequest("task_ids contains an item that is not a string", param: "task_ids")
            }
            guard seen.insert(id).inserted, let entry = await account.task(id) else { continue }
            found.append(await answer(entry))
        }
        return try JSONValue.object(["data": .array(found)]).answer()
    }

    private func list(_ request: Request) async throws -> Response {
        let query = QueryItems(request)
        let page = try query.number("page", in: 1...1_000_000) ?? 1
        let size = try query.number("page_size", in: Self.pageSizes) ?? 50
        let filter = Account.Filter(statuses: try Self.statuses(query["status"]), type: query["type"], model: query["model"])
        let (rows, previous, total) = await account.list(filter, page: page, pageSize: size)

        let noise = plan.listNoise(page: page, round: plan.profile == .hostile ? lists.count("page \(page)") : 0)
        let shown = (noise.repeatsRow && !rows.isEmpty ? [previous].compactMap { $0 } : []) + rows
        return try JSONValue.object([
            "data": .array(shown.map { answers.row($0, at: clock.now) }),
            "total": .integer(Int64(max(0, total + noise.totalShift))), "page": .integer(Int64(page)),
            "page_size": .integer(Int64(size)),
        ]).answer()
    }

    /// `processing` includes pending tasks.
    private static func statuses(_ text: String?) throws(SimulatedAPIError) -> Set<SimulatedEntry.Status>? {
        guard let text, !text.isEmpty else { return nil }
        guard let status = SimulatedEntry.Status(rawValue: text) else {
            throw .invalidRequest("the status '\(text)' is not known", param: "status")
        }
        return status == .processing ? [.pending, .processing] : [status]
    }
}
