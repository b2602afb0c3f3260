import HTTPTypes
import Hummingbird

/// Answers calls of unknown paths with an error in the documented form.
struct UnknownPath: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            throw SimulatedAPIError(.notFound, type: "not_found_error", "\(request.method) \(request.uri.path) is not known")
        }
    }
}
