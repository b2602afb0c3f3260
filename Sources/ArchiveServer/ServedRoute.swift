import HTTPTypes
import Hummingbird

/// A method at a path, as the OpenAPI document writes them: `GET`, `/api/outputs/{name}`.
package struct ServedRoute: Sendable, Hashable {
    package var method: String
    package var path: String

    package init(method: String, path: String) {
        self.method = method
        self.path = path
    }
}

extension Router {
    /// To be called when all routes are there: answers every other method of their paths with 405 and the methods that there are.
    /// What is passed on to the upstream (`/v1`) is left as it is.
    ///
    /// - Returns: The routes; HEAD only where it was asked for by name, although every GET answers it.
    func finish() -> [ServedRoute] {
        let routes = routes
        for (name, same) in Dictionary(grouping: routes, by: \.path.description) where !name.hasPrefix("/v1/") {
            guard let path = same.first?.path else { continue }
            let names = Set(same.map(\.method.rawValue))
            let allowed = names.contains("GET") ? names.union(["HEAD"]) : names
            let allow = allowed.sorted().joined(separator: ", ")
            for method in Self.methods where !allowed.contains(method.rawValue) {
                on(path, method: method) { _, _ -> Response in
                    throw Problem(.methodNotAllowed, "This address takes \(allow).", headers: [.allow: allow])
                }
            }
        }
        return routes.map { ServedRoute(method: $0.method.rawValue, path: $0.path.description) }
    }

    private static var methods: [HTTPRequest.Method] {
        [.get, .head, .post, .put, .patch, .delete, .options, .trace] + [HTTPRequest.Method("QUERY")].compactMap { $0 }
    }
}
