import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// An error as a problem document (RFC 9457).
struct Problem: Error, HTTPResponseError {
    var status: HTTPResponse.Status
    /// The problem of this request, and the next step.
    var detail: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    private struct Document: Encodable {
        var type = "about:blank"
        var title: String
        var status: Int
        var detail: String
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        let document = Document(title: status.reasonPhrase, status: status.code, detail: detail)
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder.archive(pretty: false).encode(document))))
    }
}

/// Turns every error into a problem document. Unexpected errors are reported without internal details.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return try problem.response(from: request, context: context)
        } catch let error as any HTTPResponseError {
            let problem = Problem(error.status, Self.words(error.status), headers: [:])
            return try problem.response(from: request, context: context)
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as HTTPParserError {
            // The client disconnected or did not speak HTTP. The server library answers, and nothing is logged.
            throw error
        } catch {
            // Log the route pattern instead of the path, since the webhook's path contains a secret.
            let route = "\(request.method) \(context.endpointPath ?? "?")"
            context.logger.error("a request failed", metadata: ["route": "\(route)", "error": "\(error)"])
            let problem = Problem(
                .serviceUnavailable, "The archive can't answer now; its log says why.", headers: [.retryAfter: "5"])
            return try problem.response(from: request, context: context)
        }
    }

    private static func words(_ status: HTTPResponse.Status) -> String {
        switch status {
        case .notFound: "There is nothing at this address."
        case .methodNotAllowed: "This address does not support this method."
        case .contentTooLarge: "The body is larger than this address accepts."
        default: "The request can't be understood."
        }
    }
}
