/// Decides which addresses results may be fetched from.
///
/// A link comes from outside and may be forged to make this machine send requests into its own network (SSRF). Therefore every
/// hop is checked: the scheme and host before name resolution, every resolved address, and finally the connected address.
package struct AddressPolicy: Sendable {
    /// Allows plain HTTP and private addresses: for tests, and for networks that store their own results.
    package var allowsPrivateHosts: Bool
    /// `host:port` pairs that are allowed although they are private.
    package var exceptions: Set<String>
    /// The only hosts that results may come from, including redirects; empty for every public host.
    package var resultHosts: [HostPattern]
    /// Whether an address belongs to the public internet.
    package var isPublic: @Sendable (NetworkAddress) -> Bool = { $0.isPublic }

    package init(allowsPrivateHosts: Bool = false, exceptions: Set<String> = [], resultHosts: [HostPattern] = []) {
        self.allowsPrivateHosts = allowsPrivateHosts
        self.exceptions = exceptions
        self.resultHosts = resultHosts
    }

    /// The server of a link.
    package struct Target: Sendable, Hashable {
        package var scheme: String
        /// In lower case, without brackets.
        package var host: String
        package var port: Int

        package init(scheme: String, host: String, port: Int) {
            self.scheme = scheme
            self.host = host
            self.port = port
        }

        /// The key for rate limits and pauses.
        package var key: String { "\(host):\(port)" }
    }

    /// - Parameter previous: The URL that redirected here; `nil` for the original link.
    /// - Throws: ``LinkError`` for a link that is forbidden, whatever its host resolves to.
    package func target(of url: FetchableURL, from previous: FetchableURL? = nil) throws(LinkError) -> Target {
        let target = Target(scheme: url.scheme.rawValue, host: url.host, port: url.port)
        guard resultHosts.isEmpty || resultHosts.contains(where: { $0.matches(url.host) }) else {
            throw LinkError(
                .hostNotListed,
                "downloads from the host \(url.host) are not allowed; --result-host \(url.host) allows them")
        }
        guard url.scheme == .https || allows(target) else {
            guard previous?.scheme != .https else {
                throw LinkError(
                    .downgrade, "a redirect leads from HTTPS to plain HTTP at \(url.host); --allow-private-hosts allows it")
            }
            throw LinkError(.plainHTTP, "the link to \(url.host) is not HTTPS; --allow-private-hosts allows plain HTTP")
        }
        return target
    }

    /// - Throws: ``LinkError`` if any address is private. A name with both public and private addresses is treated as an attack.
    package func check(_ addresses: [NetworkAddress], of target: Target) throws(LinkError) {
        guard !allows(target), let inner = addresses.first(where: { !isPublic($0) }) else { return }
        throw LinkError(
            .privateAddress,
            "\(target.host) has the private address \(inner); --allow-private-hosts allows private addresses")
    }

    /// The last check, on the address actually connected to.
    package func permits(_ connected: NetworkAddress?, of target: Target) -> Bool {
        allows(target) || connected.map(isPublic) == true
    }

    private func allows(_ target: Target) -> Bool {
        allowsPrivateHosts || exceptions.contains(target.key)
    }
}
