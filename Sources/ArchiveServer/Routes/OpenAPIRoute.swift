import HTTPTypes
import Hummingbird
import NIOCore

/// Serves the API description of this server in OpenAPI 3.1.
struct OpenAPIRoute {
    func add(to router: Router<ServerContext>) {
        let document = ByteBuffer(bytes: PackageResources.openapi_json)
        router.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
                body: .init(byteBuffer: document))
        }
    }
}
