import HTTPTypes
import Hummingbird
import NIOCore

/// The description of this server, for programs: OpenAPI 3.1.
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
