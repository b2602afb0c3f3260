import HTTPTypes
import Hummingbird

/// Restricts a server without tokens to the names of its own machine. Otherwise a web page could make its own name resolve to
/// this server (DNS rebinding) and read everything.
struct HostMiddleware<Context: RequestContext>: RouterMiddleware {
    private let names: Set<String>
    private let access: AccessControl

    /// - Parameter host: The address on which the server listens.
    init(host: String, access: AccessControl) {
        names = ["localhost", "127.0.0.1", "::1", host.lowercased()]
        self.access = access
    }

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        // The upstream's callbacks come through a tunnel or proxy under another name. They contain a secret that no web page
        // knows.
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
