import Foundation
import Glibc

/// An IP address.
package enum NetworkAddress: Sendable, Hashable {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// Parses an address in a URL's host, with or without brackets. Also accepts `127.1`, `0x7f.1` and `2130706433`, which the
    /// system's resolver treats as addresses. Returns `nil` for anything else.
    package init?(literal: String) {
        let text = literal.hasPrefix("[") && literal.hasSuffix("]") ? String(literal.dropFirst().dropLast()) : literal
        var v4 = in_addr()
        if unsafe inet_aton(text, &v4) != 0 {
            self = .v4(UInt32(bigEndian: v4.s_addr))
            return
        }
        var v6 = in6_addr()
        let plain = String(text.prefix { $0 != "%" })
        guard unsafe inet_pton(AF_INET6, plain, &v6) == 1 else { return nil }
        self.init(v6)
    }

    init(_ address: in6_addr) {
        let bytes = unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
        func word(_ slice: ArraySlice<UInt8>) -> UInt64 { slice.reduce(0) { $0 << 8 | UInt64($1) } }
        self = .v6(high: word(bytes[0..<8]), low: word(bytes[8..<16]))
    }

    /// Whether the address is on the public internet: in none of the ranges of IANA's special-purpose registries (RFC 6890 and
    /// successors). A NAT64 address, with the well-known or a local prefix, is judged by the IPv4 address inside it. Other
    /// embedded IPv4 addresses (mapped, compatible, 6to4, Teredo, ISATAP) are never public.
    package var isPublic: Bool {
        switch self {
        case .v4(let address): !Self.specialV4.contains { address >> (32 - $0.bits) == $0.prefix >> (32 - $0.bits) }
        case .v6(let high, let low): Self.isPublic(high: high, low: low)
        }
    }

    /// Whether the address is on this machine: 127.0.0.0/8, also as an IPv4-mapped address, and ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let address): address >> 24 == 127
        case .v6(let high, let low): high == 0 && (low == 1 || low >> 24 == 0xFFFF_7F)
        }
    }

    private static func isPublic(high: UInt64, low: UInt64) -> Bool {
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return NetworkAddress.v4(UInt32(truncatingIfNeeded: low)).isPublic }
        if high >> 16 == 0x0064_FF9B_0001 { return isPublicThroughLocalNAT64(high: high, low: low) }
        guard high >> 61 == 0b001 else { return false }
        let isTeredo = high >> 32 == 0x2001_0000
        let isDocumentation = high >> 32 == 0x2001_0DB8
        let is6to4 = high >> 48 == 0x2002
        let isBenchmarking = high >> 16 == 0x2001_0002_0000
        let isORCHID = high >> 36 == 0x2001_001 || high >> 36 == 0x2001_002
        let isDocumentation2 = high >> 44 == 0x3FFF_0
        let isISATAP = low >> 32 & 0xFDFF_FFFF == 0x0000_5EFE
        return !(isTeredo || isBenchmarking || isORCHID || isDocumentation || isDocumentation2 || is6to4 || isISATAP)
    }

    /// Checks a local NAT64 address, 64:ff9b:1::/48 (RFC 8215). The network's prefix has 48, 56, 64 or 96 bits, which determines
    /// the position of the IPv4 address (RFC 6052, section 2.2); the bits after it are ignored. The prefix length is unknown
    /// here, so all four possible IPv4 addresses must be public. A candidate in 0.0.0.0/8 is skipped, since the zeros of another
    /// prefix length look like that.
    private static func isPublicThroughLocalNAT64(high: UInt64, low: UInt64) -> Bool {
        guard low >> 56 == 0 else { return false }
        let readings = [
            (high & 0xFFFF) << 16 | low >> 40 & 0xFFFF, (high & 0xFF) << 24 | low >> 32 & 0xFF_FFFF, low >> 24 & 0xFFFF_FFFF,
            low & 0xFFFF_FFFF,
        ]
        let carried = readings.filter { $0 >> 24 != 0 }
        return !carried.isEmpty && carried.allSatisfy { NetworkAddress.v4(UInt32(truncatingIfNeeded: $0)).isPublic }
    }

    private static let specialV4: [(prefix: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
        (0xC000_0000, 24), (0xC000_0200, 24), (0xC058_6300, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24),
        (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
    ]
}

extension NetworkAddress: CustomStringConvertible {
    /// The usual notation, accepted by resolvers.
    package var description: String {
        switch self {
        case .v4(let address): [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".")
        case .v6(let high, let low):
            [high, low].flatMap { word in [48, 32, 16, 0].map { String(word >> $0 & 0xFFFF, radix: 16) } }.joined(separator: ":")
        }
    }
}

extension NetworkAddress {
    /// Resolves a host with the system's resolver. Blocking: call it on a `BlockingThreadPool`.
    ///
    /// - Returns: Every address of the host, without duplicates, in the system's order (RFC 6724).
    /// - Throws: ``ResolutionError``.
    package static func resolve(_ host: String) throws -> [NetworkAddress] {
        if let literal = NetworkAddress(literal: host) { return [literal] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { throw ResolutionError(host: host, detail: unsafe String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(list) }
        var found: [NetworkAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe NetworkAddress(entry.pointee.ai_addr), !found.contains(address) { found.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        guard !found.isEmpty else { throw ResolutionError(host: host, detail: "it has no address") }
        return found
    }

    package var isV4: Bool { if case .v4 = self { true } else { false } }

    private init?(_ socket: UnsafeMutablePointer<sockaddr>?) {
        guard let socket = unsafe socket else { return nil }
        switch unsafe Int32(socket.pointee.sa_family) {
        case AF_INET:
            let address = unsafe socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { unsafe $0.pointee.sin_addr.s_addr }
            self = .v4(UInt32(bigEndian: address))
        case AF_INET6:
            self.init(unsafe socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { unsafe $0.pointee.sin6_addr })
        default: return nil
        }
    }
}

/// A host name could not be resolved.
package struct ResolutionError: Error, CustomStringConvertible {
    package var host: String
    package var detail: String

    package init(host: String, detail: String) {
        self.host = host
        self.detail = detail
    }

    package var description: String { "the host \(host) could not be resolved: \(detail)" }
}
