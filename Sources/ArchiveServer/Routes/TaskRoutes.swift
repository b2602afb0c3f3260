import ArchiveModel
import Archiver
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Routes that change the archive: registering tasks, and retrying outputs.
struct TaskRoutes {
    let catalog: any Catalog
    let clock: any WallClock
    let register: @Sendable ([TaskRegistration]) async throws -> Void

    func add(to group: RouterGroup<ServerContext>) {
        group.post("tasks") { request, _ in try await add(request) }
        group.post("outputs/:name/retry") { _, context in try await retry(context.parameters.get("name") ?? "") }
    }

    /// Maximum size of a list of tasks in bytes.
    private static let mostBytes = 4 << 20

    /// Registers tasks in the format of a manifest: `{"tasks":[{"task_id":"…","size":"16:9","resolution":"2K","prompt":"…"}]}`.
    private func add(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.mostBytes)
        guard let reading = try? JSONReading(Array(body.readableBytesView)),
            reading.findings.isDisjoint(with: .inexact.subtracting(.deep)), let items = reading.value["tasks"]?.array,
            !items.isEmpty
        else { throw Problem(.badRequest, #"The body must be {"tasks":[{"task_id":"…"}, …]}."#) }
        for (index, item) in items.enumerated() { try Self.check(item, number: index + 1) }
        let manifest = Manifest(items, now: clock.now)
        // A list is accepted completely or not at all, so that its sender learns of every problem at once.
        guard manifest.tasks.count == items.count else {
            let problems = manifest.problems.prefix(5).map { "task \($0.line): \($0.detail)" }
            throw Problem(.unprocessableContent, problems.joined(separator: "; "))
        }
        try await register(
            manifest.tasks.map { task in
                var task = task
                task.source = "api"
                task.reopens = true
                return task
            })
        struct Taken: Encodable {
            var tasks: Int
            var remarks: [String]
        }
        return try JSONResponse.json(
            Taken(tasks: items.count, remarks: manifest.problems.map { "task \($0.line): \($0.detail)" }), status: .accepted)
    }

    /// Stricter than a manifest, since a client of the API gets an immediate error.
    private static func check(_ item: JSONValue, number: Int) throws {
        guard case .object = item else { throw Problem(.unprocessableContent, "task \(number): it is not a JSON object") }
        guard let id = item["task_id"]?.string else {
            throw Problem(.unprocessableContent, "task \(number): \"task_id\" is missing or not a string")
        }
        guard isPlain(id) else { throw Problem(.unprocessableContent, "task \(number): \"\(id.prefix(80))\" is not a task ID") }
        for name in ["model", "prompt", "size", "resolution"] {
            guard let value = item[name], value != .null, value.string == nil else { continue }
            throw Problem(.unprocessableContent, "task \(number): \"\(name)\" is not a string")
        }
    }

    /// Whether a text can be a task ID of the upstream. The catalog accepts more, but over HTTP only printable ASCII is accepted.
    static func isPlain(_ id: String) -> Bool { id.utf8.allSatisfy { (0x21...0x7E).contains($0) } && TaskID(id) != nil }

    private func retry(_ name: String) async throws -> Response {
        guard let id = OutputID(name: name), try await catalog.task(id.task) != nil else {
            throw Problem(.notFound, "The archive has no output \(name.prefix(80)).")
        }
        let tasks = try await catalog.retry([id.task], now: clock.now)
        struct Retried: Encodable { var retried: Bool }
        return try JSONResponse.json(Retried(retried: !tasks.isEmpty), status: .accepted)
    }
}
