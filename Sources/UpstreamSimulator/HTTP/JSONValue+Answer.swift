import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension JSONValue {
    /// The value as JSON text with sorted keys, so that equal answers have equal bytes.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// A response with the value as its body.
    func answer(status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try text())))
    }

    /// Parses a request body.
    /// - Throws: ``SimulatedAPIError`` for invalid JSON.
    init(body: ByteBuffer) throws(SimulatedAPIError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView))
        } catch {
            throw .invalidRequest("the body is not valid JSON")
        }
    }
}
