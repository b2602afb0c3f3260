import ArchiveModel
import Archiver
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// The task IDs in the body of a callback.
///
/// Some senders wrap the task in an envelope with an ID of its own, put pictures behind the ID, or code the body. Every plausible ID
/// counts, since an ID is only a hint.
struct CallbackBody {
    /// Without duplicates; empty if there is none.
    let ids: [TaskID]

    /// The bytes that are read; the others are received and dropped. A task's ID precedes its results.
    private static let bytesRead = 256 << 10
    private static let envelopes = ["data", "task", "result", "payload"]

    /// - Parameter mostBytes: The largest body that is received.
    /// - Throws: An error with status 413 for a larger body, or of the connection.
    init(_ request: Request, mostBytes: Int) async throws {
        var head: [UInt8] = []
        var received = 0
        for try await part in request.body {
            received += part.readableBytes
            guard received <= mostBytes else { throw HTTPError(.contentTooLarge) }
            head += part.readableBytesView.prefix(Self.bytesRead - head.count)
        }
        let headers = HTTPHeaders(request.headers[values: .contentEncoding].map { ("content-encoding", $0) })
        ids = Self.ids(in: Self.decoded(head, headers))
    }

    /// The body without its content codings, as far as it can be decoded.
    private static func decoded(_ bytes: [UInt8], _ headers: HTTPHeaders) -> [UInt8] {
        guard var decoder = try? ContentDecoder(headers, mostBytes: bytesRead) else { return bytes }
        var plain: [UInt8] = []
        decoder.push(bytes)
        decoder.end()
        while plain.count < bytesRead, let piece = try? decoder.next() { plain += piece }
        return plain
    }

    private static func ids(in bytes: [UInt8]) -> [TaskID] {
        guard let json = try? JSONReading(bytes).value else { return [] }
        let bodies = json.array.map { $0.prefix(1) } ?? [json]
        let objects = bodies.flatMap { body in [body] + envelopes.compactMap { body[$0] } }
        var ids: [TaskID] = []
        for object in objects {
            for name in ["id", "task_id", "taskId"] {
                guard let text = object[name]?.string, TaskRoutes.isPlain(text), let id = TaskID(text), !ids.contains(id) else {
                    continue
                }
                ids.append(id)
            }
        }
        return ids
    }
}
