import HTTPTypes
import Hummingbird

/// Authenticates API calls by key.
struct BearerAuthentication: RouterMiddleware {
    typealias Context = BasicRequestContext

    let keys: KeyRule

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        if let refusal = keys.refusal(of: Self.key(in: request.headers[.authorization])) { throw refusal }
        return try await next(request, context)
    }

    private static func key(in header: String?) -> String? {
        guard let header, header.lowercased().hasPrefix("bearer ") else { return nil }
        return String(header.dropFirst(7).drop { $0 == " " })
    }
}
