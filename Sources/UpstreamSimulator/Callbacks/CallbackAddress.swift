import NIOCore
import Networking

/// The rules for `callback_url`.
enum CallbackAddress {
    static let longest = 2048

    /// - Returns: Why the service refuses the address; `nil` for a valid one.
    static func objection(to text: String, allowInternal: Bool) -> String? {
        guard text.count <= longest else { return "callback_url is longer than \(longest) characters" }
        guard let address = try? FetchableURL(text) else { return "callback_url is not a web address" }
        if allowInternal { return nil }
        guard address.scheme == .https else { return "callback_url is not HTTPS" }
        return isInternal(host: address.host) ? "callback_url points to an internal address" : nil
    }

    /// Whether a host is internal, judged by its text only: a name that is valid only inside a network, or an address of a
    /// reserved block, in any notation that resolvers accept.
    static func isInternal(host: String) -> Bool {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if let address = numericAddress(name) { return isInternal(address) }
        if name.contains(":") { return isInternalIPv6(name) }
        let inner = ["localhost", "local", "internal", "lan", "home.arpa"]
        return !name.contains(".") || inner.contains { name == $0 || name.hasSuffix("." + $0) }
    }

    private static func isInternal(_ address: UInt32) -> Bool {
        let blocks: [(UInt32, UInt32)] = [
            (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
            (0xC000_0000, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xE000_0000, 3),
        ]
        return blocks.contains { start, bits in address >> (32 - bits) == start >> (32 - bits) }
    }

    private static func isInternalIPv6(_ text: String) -> Bool {
        // A zone index, as in `fe80::1%eth0`, names a network interface of this machine.
        guard !text.contains("%"), let plain = try? SocketAddress(ipAddress: text, port: 0), let normal = plain.ipAddress else {
            return true
        }
        if normal.hasPrefix("::") {
            if let mapped = normal.split(separator: ":").last.flatMap({ numericAddress(String($0)) }), normal.contains(".") {
                return isInternal(mapped)
            }
            return true
        }
        return ["fc", "fd", "fe8", "fe9", "fea", "feb", "fec", "fed", "fee", "fef", "ff"].contains { normal.hasPrefix($0) }
    }

    /// Parses an IPv4 address like `inet_aton`: one to four parts, each decimal, octal or hexadecimal. The last part fills the
    /// remaining bytes.
    private static func numericAddress(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(number)
        guard (1...4).contains(parts.count) else { return nil }
        var address: UInt64 = 0
        for (position, part) in parts.enumerated() {
            guard let part else { return nil }
            let isLast = position == parts.count - 1
            let bits = isLast ? UInt64(8 * (5 - parts.count)) : 8
            guard part < 1 << bits else { return nil }
            address = address << bits | part
        }
        return UInt32(exactly: address)
    }

    private static func number(_ text: Substring) -> UInt64? {
        if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
        guard text.allSatisfy(\.isASCII), text.first.map(\.isNumber) == true else { return nil }
        return text.hasPrefix("0") && text.count > 1 ? UInt64(text.dropFirst(), radix: 8) : UInt64(text)
    }
}
