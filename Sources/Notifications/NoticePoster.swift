import ArchiveModel
import AsyncHTTPClient
import HTTPClients
import NIOCore
import NIOHTTP1
package import Networking

/// Sends a message to a receiver.
package protocol NoticePoster: Sendable {
    /// - Returns: The answer's status, and its `Retry-After` header unparsed.
    func post(_ body: String, headers: [String: String]) async throws -> (status: Int, retryAfter: String?)

    func close() async
}

/// Posts to one address without following redirects. The operator sets the address, so it may be private.
package struct HTTPNoticePoster: NoticePoster {
    /// Time limit in seconds, and maximum number of bytes read from the answer's body, whose content is ignored.
    private static let requestTimeout: Int64 = 15
    private static let mostBytes = 64 << 10

    private let url: FetchableURL
    private let http: HTTPClient

    package init(url: FetchableURL) {
        self.url = url
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(Self.requestTimeout)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.refuseUnknownStatus()
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    package func post(_ body: String, headers: [String: String]) async throws -> (status: Int, retryAfter: String?) {
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: Product.userAgent)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body))
        let deadline = NIODeadline.now() + .seconds(Self.requestTimeout)
        let response = try await http.execute(request, deadline: deadline)
        // The status is known. Read the body within two seconds so that the connection can be reused.
        _ = try? await withTimeout(2, clock: SystemClock()) { try await response.body.collect(upTo: Self.mostBytes) }
        return (Int(response.status.code), response.headers.first(name: "retry-after"))
    }

    package func close() async { try? await http.shutdown() }
}
