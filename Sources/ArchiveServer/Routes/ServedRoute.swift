import HTTPTypes
import Hummingbird

/// A method and a path in the form of the OpenAPI document: `GET`, `/api/outputs/{name}`.
package struct ServedRoute: Sendable, Hashable {
    package var method: String
    package var path: String

    package init(method: String, path: String) {
        self.method = method
        self.path = path
    }
}

extension Router {
    /// Call after all routes are added. All other methods of their paths are answered with 405 and the allowed methods. Routes
    /// passed on to the upstream (`/v1`) are not changed.
    ///
    /// - Returns: The routes. HEAD is included only if it was added explicitly, although every GET route answers it.
    func finish() -> [ServedRoute] {
        let routes = routes
        for (name, same) in Dictionary(grouping: routes, by: \.path.description) where !name.hasPrefix("/v1/") {
            guard let path = same.first?.path else { continue }
            let names = Set(same.map(\.method.rawValue))
            let allowed = names.contains("GET") ? names.union(["HEAD"]) : names
            let allow = allowed.sorted().joined(separator: ", ")
            for method in Self.methods where !allowed.contains(method.rawValue) {
                on(path, method: method) { _, _ -> Response in
                    throw Problem(.methodNotAllowed, "This address supports \(allow).", headers: [.allow: allow])
                }
            }
        }
        return routes.map { ServedRoute(method: $0.method.rawValue, path: $0.path.description) }
    }

    private static var methods: [HTTPRequest.Method] {
        [.get, .head, .post, .put, .patch, .delete, .options, .trace] + [HTTPRequest.Method("QUERY")].compactMap { $0 }
    }
}
