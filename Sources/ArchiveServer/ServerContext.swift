import Glibc
import Hummingbird
import NIOCore

/// Request context with the client's address.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let client: ClientAddress

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        client = ClientAddress(source.channel.remoteAddress)
    }
}

/// The client of a connection, for limits: an IPv4 address, or the /64 network of an IPv6 address.
struct ClientAddress: Sendable, Hashable, CustomStringConvertible {
    let description: String

    /// - Parameter address: `nil` for a channel without an address, as in tests.
    init(_ address: SocketAddress?) {
        let text = address?.ipAddress ?? "unknown"
        guard case .v6(let v6)? = address else {
            description = text
            return
        }
        let bytes = unsafe withUnsafeBytes(of: v6.address.sin6_addr) { unsafe Array($0) }
        // ::ffff:a.b.c.d is the IPv4 client a.b.c.d on a dual-stack socket.
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            description = bytes.suffix(4).map(String.init).joined(separator: ".")
        } else if bytes.prefix(8).allSatisfy({ $0 == 0 }) {
            description = text
        } else {
            let words = stride(from: 0, to: 8, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
            description = words.map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
        }
    }
}
