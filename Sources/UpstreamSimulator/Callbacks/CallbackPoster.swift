import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Networking

/// Sends a callback.
package protocol CallbackPoster: Sendable {
    /// Posts a JSON body.
    ///
    /// - Returns: The status of the answer.
    /// - Throws: An error if the body could not be sent, or no answer arrived.
    func post(_ body: String, to address: String) async throws -> Int
}

/// Sends callbacks over the network. Redirects are not followed: only a 2xx of the given address is a success.
struct NetworkPoster: CallbackPoster {
    let client: HTTPClient

    func post(_ body: String, to address: String) async throws -> Int {
        var request = HTTPClientRequest(url: try FetchableURL(address).text)
        request.method = .POST
        request.headers = ["content-type": "application/json; charset=utf-8", "user-agent": "fixative-upstream-simulator"]
        request.body = .bytes(ByteBuffer(string: body))
        // `CallbackSender` ends an attempt by its own clock; this timeout only bounds the abandoned request.
        let response = try await client.execute(request, timeout: .seconds(30))
        return Int(response.status.code)
    }
}
