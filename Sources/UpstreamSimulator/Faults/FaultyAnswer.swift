import ArchiveModel
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// Thrown from a body to make the server close the connection.
struct ConnectionCut: Error {}

/// Answers that violate HTTP or are useless to the client.
enum FaultyAnswer {
    /// 200 with an HTML page, as from a proxy or captive portal.
    static func htmlPage(isHead: Bool = false) -> Response {
        let page = """
            <!DOCTYPE html>
            <html lang="en"><head><title>One moment, please…</title></head>
            <body><h1>Checking your connection</h1><p>This page reloads by itself.</p></body></html>
            """
        let bytes = ByteBuffer(string: page)
        return Response(
            status: .ok, headers: [.contentType: "text/html; charset=utf-8", .contentLength: String(bytes.readableBytes)],
            body: isHead ? ResponseBody() : ResponseBody(byteBuffer: bytes))
    }

    /// Announces the full length, but closes the connection after a part of the body.
    static func cut(status: HTTPResponse.Status, headers: HTTPFields, bytes: ByteBuffer, percent: Int) -> Response {
        let part = bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes * percent / 100) ?? ByteBuffer()
        return Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: bytes.readableBytes) { writer in
                try await writer.write(part)
                throw ConnectionCut()
            })
    }

    /// The complete file with a Content-Length that is too large; the connection closes before the missing bytes.
    static func announcedTooLong(headers: HTTPFields, bytes: ByteBuffer) -> Response {
        var headers = headers
        headers[.contentLength] = String(bytes.readableBytes + 1024)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: bytes.readableBytes + 1024) { writer in
                try await writer.write(bytes)
                throw ConnectionCut()
            })
    }

    /// The complete file with a Content-Length that is too small, so the client receives a truncated file. `Connection: close`
    /// prevents the surplus from being read as another answer.
    static func announcedTooShort(headers: HTTPFields, bytes: ByteBuffer) -> Response {
        let announced = bytes.readableBytes * 7 / 8
        var headers = headers
        headers[.contentLength] = String(announced)
        headers[.connection] = "close"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: announced) { writer in
                try await writer.write(bytes)
                try await writer.finish(nil)
            })
    }

    /// The correct answer in small pieces, spread over `duration`.
    static func drip(headers: HTTPFields, bytes: ByteBuffer, over duration: Duration, clock: any WallClock) -> Response {
        let pieces = 10
        let size = bytes.readableBytes / pieces + 1
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: bytes.readableBytes) { writer in
                var rest = bytes
                while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 {
                    try await writer.write(piece)
                    try await clock.sleep(for: duration / pieces)
                }
                try await writer.finish(nil)
            })
    }

    /// Collects the bytes of a response body.
    static func bytes(of body: ResponseBody) async throws -> ByteBuffer {
        let collector = Collector()
        try await body.write(collector)
        return collector.bytes.withLockedValue { $0 }
    }

    private struct Collector: ResponseBodyWriter {
        let bytes = NIOLockedValueBox(ByteBuffer())

        func write(_ buffer: ByteBuffer) async throws {
            _ = bytes.withLockedValue { $0.writeImmutableBuffer(buffer) }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
