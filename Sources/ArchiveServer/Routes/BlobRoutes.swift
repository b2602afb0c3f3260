import ArchiveModel
import BlobStore
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import ImageCodecs
import NIOCore
import Networking

/// Serves files of the archive. Originals, thumbnails and previews are addressed by digest, so they are immutable. Thumbnails can
/// also be addressed by the name of their output.
struct BlobRoutes {
    let blobs: any BlobStore
    let catalog: any CatalogReader

    static func path(_ digest: Digest) -> String { "/blobs/sha256/\(digest)" }

    func add(to group: RouterGroup<ServerContext>) {
        for method in [HTTPRequest.Method.get, .head] {
            group.on("blobs/sha256/:digest", method: method) { request, context in
                let text = context.parameters.get("digest") ?? ""
                guard text.utf8.count == 64, let digest = Digest(text) else {
                    throw Problem(.notFound, "The digest must be a SHA-256 of 64 hexadecimal digits.")
                }
                return try await serve(digest, request, caching: Self.forever)
            }
            group.on("thumbs/:name", method: method) { request, context in
                let name = context.parameters.get("name") ?? ""
                guard let id = OutputID(name: name),
                    let entry = try await catalog.entries(EntryQuery(task: id.task)).first(where: { $0.id == id }),
                    let thumbnail = entry.thumbnail
                else { throw Problem(.notFound, "There is no thumbnail of \(name.prefix(80)).") }
                return try await serve(thumbnail.digest, request, caching: "private, no-cache")
            }
        }
    }

    /// Cache header for content-addressed files.
    static let forever = "private, max-age=31536000, immutable"

    /// Bytes per write.
    private static let chunk = 256 << 10

    func serve(_ digest: Digest, _ request: Request, caching: String) async throws -> Response {
        guard try await blobs.size(of: digest) != nil else { throw Problem(.notFound, "The archive has no blob \(digest).") }
        let bytes = try await blobs.contents(of: digest)
        let tag = "\"\(digest)\""
        var headers: HTTPFields = [
            .eTag: tag, .cacheControl: caching, .acceptRanges: "bytes", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: "default-src 'none'; sandbox",
        ]
        if let known = request.headers[.ifNoneMatch], Self.names(known, tag) {
            return Response(status: .notModified, headers: headers)
        }
        // Other deliveries may be pages with scripts, so they are sent as a download and never displayed.
        let head = try bytes.array(0..<min(64, bytes.count))
        if let format = ImageFormat.sniff(head.span) {
            headers[.contentType] = format.mediaType
            headers[.contentDisposition] = "inline"
        } else {
            headers[.contentType] = MediaType.unknown
            headers[.contentDisposition] = "attachment; filename=\"\(digest.hex.prefix(12)).bin\""
        }
        let isCurrent = request.headers[.ifRange].map { $0 == tag } ?? true
        let range = ByteRange(isCurrent ? request.headers[.range] : nil, length: bytes.count)
        let part: Range<Int>
        var status = HTTPResponse.Status.ok
        switch range {
        case .whole: part = 0..<bytes.count
        case .part(let asked):
            part = asked
            status = .partialContent
            headers[.contentRange] = "bytes \(asked.lowerBound)-\(asked.upperBound - 1)/\(bytes.count)"
        case .unsatisfiable:
            throw Problem(
                .rangeNotSatisfiable, "The file has \(bytes.count) bytes.", headers: [.contentRange: "bytes */\(bytes.count)"])
        }
        guard request.method == .get else {
            headers[.contentLength] = "\(part.count)"
            return Response(status: status, headers: headers)
        }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: part.count) { writer in
                var start = part.lowerBound
                while start < part.upperBound {
                    let end = min(start + Self.chunk, part.upperBound)
                    try await writer.write(ByteBuffer(bytes: try bytes.array(start..<end)))
                    start = end
                }
                try await writer.finish(nil)
            })
    }

    /// Whether an If-None-Match header matches a tag, by weak comparison (RFC 9110, section 13.1.2).
    static func names(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { item in
            let item = item.drop { $0 == " " }
            let plain = String((item.hasPrefix("W/") ? item.dropFirst(2) : item).prefix { $0 != " " })
            return plain == "*" || plain == tag
        }
    }
}

extension HTTPField.Name {
    static let xContentTypeOptions = HTTPField.Name("X-Content-Type-Options") ?? .server
}
