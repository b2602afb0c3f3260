/// Which addresses a result may be fetched from.
///
/// A link comes from outside and may have been forged to make this machine talk to its own network. So every hop is checked: the
/// scheme and the host before its name is resolved, every address it resolves to, and the connected address once more.
package struct AddressPolicy: Sendable {
    /// Plain HTTP and private addresses are fine: for tests, and for networks that store their own results.
    package var allowsPrivateHosts: Bool
    /// `host:port` pairs that are fine although they are private.
    package var exceptions: Set<String>
    /// The only hosts that are fetched from, redirects included; empty for every public host.
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

        /// Limits and pauses are kept by this key.
        package var key: String { "\(host):\(port)" }
    }

    /// - Parameter previous: The URL that redirected here; `nil` for the link itself.
    /// - Throws: ``LinkError`` for a link that must not be followed, whatever its host resolves to.
    package func target(of url: FetchableURL, from previous: FetchableURL? = nil) throws(LinkError) -> Target {
        let target = Target(scheme: url.scheme.rawValue, host: url.host, port: url.port)
        guard resultHosts.isEmpty || resultHosts.contains(where: { $0.matches(url.host) }) else {
            throw LinkError(
                .hostNotListed,
                "\(url.host) is none of the hosts that results may come from; --result-host \(url.host) adds it")
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

    /// - Throws: ``LinkError`` when any of the addresses is private: a name with one public and one private address is an attack, not
    ///   a host.
    package func check(_ addresses: [NetworkAddress], of target: Target) throws(LinkError) {
        guard !allows(target), let inner = addresses.first(where: { !isPublic($0) }) else { return }
        throw LinkError(
            .privateAddress,
            "\(target.host) has the private address \(inner); --allow-private-hosts allows private addresses")
    }

    /// The last check, of the address that is really connected.
    package func permits(_ connected: NetworkAddress?, of target: Target) -> Bool {
        allows(target) || connected.map(isPublic) == true
    }

    private func allows(_ target: Target) -> Bool {
        allowsPrivateHosts || exceptions.contains(target.key)
    }
}
