/// A host name, or a wildcard for all its subdomains: `files.example.com`, `*.example.com`.
package struct HostPattern: Sendable, Hashable {
    /// In lower case, without a trailing dot.
    private let name: String
    private let includesSubdomains: Bool

    /// - Returns: `nil` for a text that is not a name or address, such as a link, a port, or a misplaced asterisk.
    package init?(_ text: String) {
        let text = Self.normal(text)
        includesSubdomains = text.hasPrefix("*.")
        name = includesSubdomains ? String(text.dropFirst(2)) : text
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            // A colon is valid in IPv6 addresses only.
            case 0x3A: !includesSubdomains && name.utf8.count(where: { $0 == 0x3A }) > 1
            default: false
            }
        }
        guard isPlain, !name.isEmpty, !name.hasPrefix("."), !name.contains("..") else { return nil }
    }

    /// - Parameter host: A link's host; an IPv6 address with or without brackets.
    package func matches(_ host: String) -> Bool {
        let host = Self.normal(host)
        return includesSubdomains ? host.hasSuffix("." + name) : host == name
    }

    private static func normal(_ host: String) -> String {
        let host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { return String(host.dropFirst().dropLast()) }
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }
}
