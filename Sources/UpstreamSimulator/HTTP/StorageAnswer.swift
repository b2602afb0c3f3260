import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Networking

/// An answer of the storage host.
struct StorageAnswer {
    let file: ShelvedFile
    let contentType: String
    let modified: Date

    /// The headers for the complete file.
    var headers: HTTPFields {
        [
            .contentType: contentType, .contentLength: String(file.bytes.readableBytes), .eTag: file.etag,
            .lastModified: HTTPDate.text(modified), .acceptRanges: "bytes", .cacheControl: "private, max-age=86400",
        ]
    }

    /// The complete file, or the range requested by `request`.
    func response(to request: Request) -> Response {
        guard request.method != .head else { return Response(status: .ok, headers: headers) }
        var headers = headers
        let length = file.bytes.readableBytes
        switch range(in: request) {
        case .whole: return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
        case .part(let part):
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(length)"
            headers[.contentLength] = String(part.count)
            let bytes = file.bytes.getSlice(at: file.bytes.readerIndex + part.lowerBound, length: part.count) ?? ByteBuffer()
            return Response(status: .partialContent, headers: headers, body: ResponseBody(byteBuffer: bytes))
        case .unsatisfiable:
            return Response(status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(length)", .contentLength: "0"])
        }
    }

    /// A range is used only if `If-Range` matches the current file, by its tag or its exact date.
    private func range(in request: Request) -> ByteRange {
        if let condition = request.headers[.ifRange], condition != file.etag, condition != HTTPDate.text(modified) {
            return .whole
        }
        return ByteRange(request.headers[.range], length: file.bytes.readableBytes)
    }

    // MARK: Errors

    static func refusal(_ status: HTTPResponse.Status, _ code: String, _ message: String) -> Response {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>\(code)</Code><Message>\(message)</Message></Error>
            """
        return Response(
            status: status, headers: [.contentType: "application/xml"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The answer for a link that no longer works: 403, 404 or 410.
    static func dead(status: Int, message: String) -> Response {
        switch status {
        case 404: refusal(.notFound, "NoSuchKey", "The specified key does not exist")
        case 410: refusal(.gone, "Gone", message)
        default: refusal(.forbidden, "AccessDenied", message)
        }
    }

    static func redirect(_ status: HTTPResponse.Status, to location: String) -> Response {
        Response(status: status, headers: [.location: location, .contentLength: "0"])
    }

    /// The answer of the network in front of the storage to default user agents of HTTP libraries.
    static var bannedUserAgent: Response {
        Response(
            status: .forbidden, headers: [.contentType: "text/plain; charset=UTF-8", .server: "cloudflare"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "error code: 1010")))
    }
}

extension ShelvedFile {
    /// The first part of the file, as if it were the complete file.
    func truncated(percent: Int) -> ShelvedFile {
        let part = bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes * percent / 100) ?? ByteBuffer()
        return ShelvedFile(bytes: part, etag: "\"\(etag.filter { $0 != "\"" })-\(percent)\"")
    }
}

/// The user agents that the network in front of the storage rejects.
enum UserAgentRule {
    private static let libraries = [
        "asynchttpclient", "async-http-client", "swift-nio", "python", "aiohttp", "curl", "wget", "go-http-client", "okhttp",
        "java/",
        "apache-httpclient", "node-fetch", "axios", "undici", "ruby", "libwww-perl", "reqwest", "hummingbird",
    ]

    static func isLibrary(_ userAgent: String?) -> Bool {
        guard let name = userAgent?.lowercased(), name.contains(where: { !$0.isWhitespace }) else { return true }
        return libraries.contains { name.hasPrefix($0) }
    }
}
