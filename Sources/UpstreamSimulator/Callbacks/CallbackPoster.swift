import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Networking

/// Sends one callback.
package protocol CallbackPoster: Sendable {
    /// Posts a JSON body.
    ///
    /// - Returns: The status of the answer.
    /// - Throws: Whatever kept the body from being sent or the answer from coming.
    func post(_ body: String, to address: String) async throws -> Int
}

/// Sends callbacks over the network. Redirects are not followed: only a 2xx of the named address counts.
struct NetworkPoster: CallbackPoster {
    let client: HTTPClient

    func post(_ body: String, to address: String) async throws -> Int {
        var request = HTTPClientRequest(url: try FetchableURL(address).text)
        request.method = .POST
        request.headers = ["content-type": "application/json; charset=utf-8", "user-agent": "fixative-upstream-simulator"]
        request.body = .bytes(ByteBuffer(string: body))
        // The sender ends an attempt on its own clock; this limit only bounds what is left behind.
        let response = try await client.execute(request, timeout: .seconds(30))
        return Int(response.status.code)
    }
}
