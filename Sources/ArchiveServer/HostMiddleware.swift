import HTTPTypes
import Hummingbird

/// Answers a server without tokens only under the names of its own machine: a page that a browser has loaded from elsewhere may let its
/// own name point here (DNS rebinding), and would read everything.
struct HostMiddleware<Context: RequestContext>: RouterMiddleware {
    private let names: Set<String>
    private let access: AccessControl

    /// - Parameter host: Where the server listens.
    init(host: String, access: AccessControl) {
        names = ["localhost", "127.0.0.1", "::1", host.lowercased()]
        self.access = access
    }

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        // The upstream's callback comes through a tunnel or proxy with its own name, and brings a secret that no page knows.
        let isCallback = request.uri.path.hasPrefix("/hooks/")
        guard access.isGuarded || isCallback || request.head.authority.map({ names.contains(Self.name(in: $0)) }) == true else {
            throw Problem(
                .misdirectedRequest,
                "Without tokens this server answers to localhost only. Set FIXATIVE_READ_TOKEN to reach it by another name.")
        }
        return try await next(request, context)
    }

    /// The name in `name:port` or `[address]:port`, in lower case.
    private static func name(in authority: String) -> String {
        let end: Character = authority.hasPrefix("[") ? "]" : ":"
        return authority.prefix { $0 != end }.drop { $0 == "[" }.lowercased()
    }
}
