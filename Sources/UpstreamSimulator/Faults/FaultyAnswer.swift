import ArchiveModel
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// Thrown out of a body to make the server drop the connection.
struct ConnectionCut: Error {}

/// Answers that break the rules of HTTP or of good sense.
enum FaultyAnswer {
    /// 200 with a web page, as a proxy or a captive portal gives.
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

    /// An announced body of which only a part is sent before the connection closes.
    static func cut(status: HTTPResponse.Status, headers: HTTPFields, bytes: ByteBuffer, percent: Int) -> Response {
        let part = bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes * percent / 100) ?? ByteBuffer()
        return Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: bytes.readableBytes) { writer in
                try await writer.write(part)
                throw ConnectionCut()
            })
    }

    /// The whole file under a content length that is larger; the connection closes where the rest should come.
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

    /// The whole file under a content length that is smaller: what a client takes for the file is cut short. The connection is
    /// announced to close, so that the surplus can't be taken for another answer.
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

    /// The right answer, a few bytes at a time over `duration`.
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

    /// The bytes that a body would send.
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
