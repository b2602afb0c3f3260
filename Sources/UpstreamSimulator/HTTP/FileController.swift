import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// A client's mistake that would be harmful with the real service.
package struct Violation: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A download carried an `Authorization` header: the key was sent to a storage host.
        case keySentToStorage
    }

    package let kind: Kind
    /// Without the query.
    package let path: String
}

/// The storage host: `GET` and `HEAD` of `/files/{task}/{index}.{ending}`, with a signed query and without a key.
struct FileController {
    let account: Account
    let shelf: PictureShelf
    let signer: LinkSigner
    let plan: FaultPlan
    let attempts: AttemptCounter
    let clock: any WallClock
    let base: NIOLockedValueBox<String>
    let violations: NIOLockedValueBox<[Violation]>

    func add(to router: Router<BasicRequestContext>) {
        router.get("files/:task/:name") { request, context in try await serve(request, context) }
        router.head("files/:task/:name") { request, context in try await serve(request, context) }
    }

    private func serve(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        if request.headers.contains(.authorization) {
            violations.withLockedValue { $0.append(Violation(kind: .keySentToStorage, path: request.uri.path)) }
            return StorageAnswer.refusal(.badRequest, "InvalidArgument", "Only one auth mechanism allowed")
        }
        if plan.profile == .hostile, UserAgentRule.isLibrary(request.headers[.userAgent]) { return StorageAnswer.bannedUserAgent }

        let query = QueryItems(request)
        guard let link = signer.check(path: request.uri.path, query: query.all) else {
            return StorageAnswer.refusal(.forbidden, "SignatureDoesNotMatch", "The signature of the link does not match")
        }
        let name = context.parameters.get("name") ?? ""
        guard let entry = await account.task(context.parameters.get("task") ?? ""),
            let index = Int(name.prefix { $0 != "." }), entry.deliveries.indices.contains(index)
        else { return StorageAnswer.refusal(.notFound, "NoSuchKey", "The specified key does not exist") }
        let file = StoredFile(entry: entry, index: index)
        guard clock.now < link.expires else { return expired(file) }
        if let response = await refusal(file, linkNumber: link.number, request: request, query: query) { return response }
        return try await deliver(file, request: request, isRedirected: query["hop"] != nil)
    }

    private func expired(_ file: StoredFile) -> Response {
        var draw = Draw(seed: plan.seed, "expired:" + file.name)
        let status = plan.profile == .none ? 403 : draw.pick([403, 403, 404, 410])
        return StorageAnswer.dead(status: status, message: "Request has expired")
    }

    /// - Returns: The answer required by the task's fate; `nil` to deliver the file.
    private func refusal(_ file: StoredFile, linkNumber: Int, request: Request, query: QueryItems) async -> Response? {
        switch file.entry.fate {
        case .ordinary, .vanished, .truncated: return nil
        case .linkDiesOnce(let status):
            guard linkNumber == 1 else { return nil }
            await account.recordRefusal(of: file.name)
            return StorageAnswer.dead(status: status, message: "The link is no longer valid")
        case .linkDead(let status):
            await account.recordRefusal(of: file.name)
            return StorageAnswer.dead(status: status, message: "The link is no longer valid")
        case .redirectLoop:
            let next = query["hop"] == "1" ? "2" : "1"
            return StorageAnswer.redirect(.found, to: Self.target(request, hop: next))
        case .redirectToPrivateAddress:
            // Port 9 is the discard port: nothing answers there, and no packet leaves this machine.
            return StorageAnswer.redirect(.found, to: "http://127.0.0.1:9\(request.uri.path)")
        case .alwaysHTML: return FaultyAnswer.htmlPage(isHead: request.method == .head)
        }
    }

    private func deliver(_ file: StoredFile, request: Request, isRedirected: Bool) async throws -> Response {
        let delivery = file.entry.deliveries[file.index]
        let isCounted = plan.profile == .hostile && request.method == .get && !isRedirected
        let fault = isCounted ? plan.downloadFault(file.name, attempt: attempts.count(file.name)) : nil
        if let fault, let response = answerWithoutFile(fault, request: request) { return response }

        var shelved: ShelvedFile
        do {
            shelved = try await shelf.file(for: delivery)
        } catch {
            return StorageAnswer.refusal(.internalServerError, "InternalError", "\(error)")
        }
        if file.entry.fate == .truncated { shelved = shelved.truncated(percent: 60) }
        let answer = StorageAnswer(file: shelved, contentType: delivery.contentType, modified: file.entry.finishes)
        guard let fault else { return answer.response(to: request) }
        return try await spoil(answer, with: fault, request: request)
    }

    private func answerWithoutFile(_ fault: DownloadFault, request: Request) -> Response? {
        switch fault {
        case .tooManyRequests(let hint):
            var response = StorageAnswer.refusal(.tooManyRequests, "SlowDown", "Please reduce your request rate")
            response.headers[.retryAfter] = hint.header(now: clock.now)
            return response
        case .serverError(let code):
            return StorageAnswer.refusal(HTTPResponse.Status(code: code), "InternalError", "We encountered an internal error")
        case .htmlPage: return FaultyAnswer.htmlPage()
        case .emptyBody: return Response(status: .ok, headers: [.contentType: "image/png", .contentLength: "0"])
        case .redirectRelative: return StorageAnswer.redirect(.temporaryRedirect, to: Self.target(request, hop: "1"))
        case .redirectAbsolute:
            return StorageAnswer.redirect(.found, to: base.withLockedValue { $0 } + Self.target(request, hop: "1"))
        case .drip, .cut, .announcedTooLong, .announcedTooShort, .truncated, .late: return nil
        }
    }

    private func spoil(_ answer: StorageAnswer, with fault: DownloadFault, request: Request) async throws -> Response {
        let (headers, bytes) = (answer.headers, answer.file.bytes)
        switch fault {
        case .drip(let milliseconds):
            return FaultyAnswer.drip(headers: headers, bytes: bytes, over: .milliseconds(milliseconds), clock: clock)
        case .cut(let percent): return FaultyAnswer.cut(status: .ok, headers: headers, bytes: bytes, percent: percent)
        case .announcedTooLong: return FaultyAnswer.announcedTooLong(headers: headers, bytes: bytes)
        case .announcedTooShort: return FaultyAnswer.announcedTooShort(headers: headers, bytes: bytes)
        case .truncated(let percent):
            let part = answer.file.truncated(percent: percent)
            return StorageAnswer(file: part, contentType: answer.contentType, modified: answer.modified).response(to: request)
        case .late(let milliseconds):
            try await clock.sleep(for: .milliseconds(milliseconds))
            return answer.response(to: request)
        case .tooManyRequests, .serverError, .htmlPage, .emptyBody, .redirectRelative, .redirectAbsolute:
            return answer.response(to: request)
        }
    }

    /// The same link, marked as redirected.
    private static func target(_ request: Request, hop: String) -> String {
        let query = (request.uri.query ?? "").split(separator: "&").filter { !$0.hasPrefix("hop=") }.joined(separator: "&")
        return "\(request.uri.path)?\(query)&hop=\(hop)"
    }

    private struct StoredFile {
        let entry: SimulatedEntry
        let index: Int
        var name: String { ResultLinks.file(task: entry.id, index: index) }
    }
}
