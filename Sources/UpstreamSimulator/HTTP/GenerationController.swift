import ArchiveModel
import HTTPTypes
import Hummingbird
import NIOCore

/// Handles `POST /v1/images/generations`.
struct GenerationController {
    let account: Account
    let answers: TaskAnswer
    let callbacks: CallbackSender
    let allowInternalCallbacks: Bool

    func add(to group: RouterGroup<BasicRequestContext>) {
        group.post("images/generations") { request, _ in try await create(request) }
    }

    /// A repeated `Idempotency-Key` returns the task of the first request, whatever the body contains.
    private func create(_ request: Request) async throws -> Response {
        let body = try JSONValue(body: try await request.body.collect(upTo: APIFaults.largestBody))
        let wanted = try CreateBody(allowInternalCallbacks: allowInternalCallbacks).request(body)
        let (entry, isReplayed) = try await account.create(wanted, key: request.headers[.idempotencyKey])
        if !isReplayed { callbacks.schedule(entry) }
        var response = try answers.created(entry).answer()
        if isReplayed { response.headers[.idempotencyReplayed] = "true" }
        return response
    }
}
