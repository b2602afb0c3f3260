import ArchiveModel
import HTTPTypes
import Hummingbird

/// An error in the documented form: `{"error": {"code", "message", "type", "param", "fallback_suggestion"}}`.
struct SimulatedAPIError: Error, HTTPResponseError {
    let status: HTTPResponse.Status
    let type: String
    let message: String
    /// The request field that caused the error.
    let param: String?
    let suggestion: String?
    /// Whether the code is encoded as a string, as in some real answers.
    var writesCodeAsString = false
    var retryAfter: String?

    init(_ status: HTTPResponse.Status, type: String, _ message: String, param: String? = nil, suggestion: String? = nil) {
        self.status = status
        self.type = type
        self.message = message
        self.param = param
        self.suggestion = suggestion
    }

    static func invalidRequest(_ message: String, param: String? = nil) -> SimulatedAPIError {
        SimulatedAPIError(
            .badRequest, type: "invalid_request_error", message, param: param,
            suggestion: "Correct the request and send it again.")
    }
    static func authentication(_ message: String) -> SimulatedAPIError {
        SimulatedAPIError(.unauthorized, type: "authentication_error", message)
    }
    static func insufficientQuota(_ message: String) -> SimulatedAPIError {
        SimulatedAPIError(
            HTTPResponse.Status(code: 402, reasonPhrase: "Payment Required"), type: "insufficient_quota_error", message)
    }
    static func permission(_ message: String) -> SimulatedAPIError {
        SimulatedAPIError(.forbidden, type: "permission_error", message)
    }
    static func taskNotFound() -> SimulatedAPIError {
        SimulatedAPIError(.notFound, type: "not_found_error", "Task not found or expired", param: "task_id")
    }
    static func tooLarge(limit: Int) -> SimulatedAPIError {
        SimulatedAPIError(.contentTooLarge, type: "request_too_large", "the body is larger than \(limit) bytes")
    }

    var json: JSONValue {
        let code: JSONValue = writesCodeAsString ? .string(String(status.code)) : .integer(Int64(status.code))
        return .object([
            "error": .object([
                "code": code, "message": .string(message), "type": .string(type), "param": param.map(JSONValue.string) ?? .null,
                "fallback_suggestion": suggestion.map(JSONValue.string) ?? .null,
            ])
        ])
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try json.answer(status: status)
        if let retryAfter { response.headers[.retryAfter] = retryAfter }
        return response
    }
}
