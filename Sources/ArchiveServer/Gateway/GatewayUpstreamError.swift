import ArchiveModel
import HTTPTypes
import Hummingbird

/// An error of the gateway itself, in the upstream's error format.
struct GatewayUpstreamError: Error {
    var status: HTTPResponse.Status
    var type: String
    var message: String
    /// The request field that caused the error.
    var param: String?
    var headers: HTTPFields

    init(
        _ status: HTTPResponse.Status, _ type: String, _ message: String, param: String?, headers: HTTPFields = [:]
    ) {
        self.headers = headers
        self.status = status
        self.type = type
        self.message = message
        self.param = param
    }

    var response: Response {
        get throws {
            var response = try JSONResponse.json(
                JSONValue.object([
                    "error": .object([
                        "code": .integer(Int64(status.code)), "message": .string(message), "type": .string(type),
                        "param": param.map(JSONValue.string) ?? .null,
                        "fallback_suggestion": .null,
                    ])
                ]), status: status)
            for field in headers { response.headers[field.name] = field.value }
            return response
        }
    }
}
