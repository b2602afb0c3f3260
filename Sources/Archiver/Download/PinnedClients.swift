import AsyncHTTPClient
import Foundation
import GenerationAPI
import HTTPClients
import NIOCore
import NIOPosix
import Networking

/// HTTP clients that each connect to one checked address, even if the host's name resolves to another address later.
///
/// An idle client is kept for some time, so that its connections can be reused for other files of the same host.
actor PinnedClients {
    struct Pin: Hashable {
        var target: AddressPolicy.Target
        var address: NetworkAddress
    }

    private struct Entry {
        var client: HTTPClient
        var users = 0
        var lastUse = 0
    }

    /// Maximum number of clients kept while idle.
    private static let capacity = 32

    private let policy: AddressPolicy
    private let idleTimeout: TimeInterval
    private let connections: Int
    private var entries: [Pin: Entry] = [:]
    private var uses = 0
    /// The address to try first: the one that answered last.
    private var preferred: [AddressPolicy.Target: NetworkAddress] = [:]

    /// - Parameter connections: Maximum number of concurrent connections to one host. It must not be lower than the gate's limit,
    ///   or the client would queue requests.
    init(policy: AddressPolicy, idleTimeout: TimeInterval, connections: Int = 16) {
        self.policy = policy
        self.connections = connections
        self.idleTimeout = idleTimeout
    }

    /// Maximum number of addresses that one attempt connects to.
    private static let mostAddresses = 4
    /// Maximum number of hosts whose address is remembered.
    private static let mostPreferred = 1000

    /// The addresses that an attempt tries one after the other. The families take turns, since one of them may not work at all
    /// here (RFC 8305, section 4).
    ///
    /// - Parameter addresses: All addresses of the host, in the system's order.
    func order(_ addresses: [NetworkAddress], of target: AddressPolicy.Target) -> [NetworkAddress] {
        guard let first = preferred[target].flatMap({ addresses.contains($0) ? $0 : nil }) ?? addresses.first else { return [] }
        let rest = addresses.filter { $0 != first }
        let (same, other) = (rest.filter { $0.isV4 == first.isV4 }, rest.filter { $0.isV4 != first.isV4 })
        let inTurn = (0..<rest.count).flatMap { place in
            [other, same].compactMap { place < $0.count ? $0[place] : nil }
        }
        return Array(([first] + inTurn).prefix(Self.mostAddresses))
    }

    /// Records that an address has answered.
    func prefer(_ address: NetworkAddress, of target: AddressPolicy.Target) {
        if preferred.count >= Self.mostPreferred, preferred[target] == nil { preferred = [:] }
        preferred[target] = address
    }

    /// Records that none of `tried` has answered, so that the next attempt begins with another address.
    func avoid(_ tried: [NetworkAddress], among addresses: [NetworkAddress], of target: AddressPolicy.Target) {
        guard let other = addresses.filter({ !tried.contains($0) }).randomElement() else { return }
        prefer(other, of: target)
    }

    /// Lends a client for `pin`; return it with ``giveBack(_:)``.
    func borrow(_ pin: Pin) -> HTTPClient {
        uses += 1
        var entry = entries[pin] ?? Entry(client: makeClient(pin))
        entry.users += 1
        entry.lastUse = uses
        entries[pin] = entry
        return entry.client
    }

    func giveBack(_ pin: Pin) async {
        entries[pin]?.users -= 1
        guard entries.count > Self.capacity,
            let oldest = entries.filter({ $0.value.users == 0 }).min(by: { $0.value.lastUse < $1.value.lastUse })
        else { return }
        entries[oldest.key] = nil
        try? await oldest.value.client.shutdown()
    }

    func shutdown() async {
        let clients = entries.values.map(\.client)
        entries = [:]
        for client in clients { try? await client.shutdown() }
    }

    private func makeClient(_ pin: Pin) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(10), read: .milliseconds(Int64(idleTimeout * 1000)))
        configuration.dnsOverride = [pin.target.host: pin.address.description]
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.http1_1ConnectionDebugInitializer = { [policy] channel in
            let connected = channel.remoteAddress?.ipAddress.flatMap { NetworkAddress(literal: $0) }
            guard policy.permits(connected, of: pin.target) else {
                return channel.eventLoop.makeFailedFuture(
                    DownloadError(.refusedAddress, "the connection to \(pin.target.host) went to a private address"))
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        configuration.refuseUnknownStatus()
        return HTTPClient(eventLoopGroupProvider: .shared(Self.loops), configuration: configuration)
    }

    /// Result hosts are not trusted. A host that keeps a parser busy, for example with one-byte chunks, must not block the event
    /// loops that serve HTTP.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
}
