import AsyncHTTPClient
import HTTPClients
import NIOCore

/// The HTTP clients of the gateway. They pass answers through unchanged, and do not follow redirects.
///
/// Callers with their own keys have a client of their own, so that they can't take the connections of the service's callers.
package struct GatewayClients: Sendable {
    /// Maximum number of connections of each client to the upstream.
    package static let connections = 256
    /// Longest time in seconds until the upstream's answer starts, and then between two of its bytes.
    static let timeout = TimeAmount.seconds(180)

    let own: HTTPClient
    let strangers: HTTPClient

    /// - Parameter connections: Maximum number of connections of each client.
    package init(connections: Int = Self.connections) {
        own = Self.makeHTTPClient(connections)
        strangers = Self.makeHTTPClient(connections)
    }

    package func shutdown() async {
        try? await own.shutdown()
        try? await strangers.shutdown()
    }

    private static func makeHTTPClient(_ connections: Int) -> HTTPClient {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10), read: timeout))
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.refuseUnknownStatus()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
