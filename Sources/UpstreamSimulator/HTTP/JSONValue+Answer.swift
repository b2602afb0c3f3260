import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension JSONValue {
    /// The value as text, with its members in the order of their names, so that equal answers have equal bytes.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The value as an answer.
    func answer(status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try text())))
    }

    /// Reads a body.
    /// - Throws: ``APIError`` for bytes that are no JSON.
    init(body: ByteBuffer) throws(APIError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView))
        } catch {
            throw .invalidRequest("the body is not valid JSON")
        }
    }
}
