import Foundation
import GenerationAPI

/// Which addresses a result may be fetched from.
///
/// A link comes from outside and may have been forged to make this machine talk to its own network, so every hop is checked: the
/// scheme and the host before its name is resolved, every address it resolves to, and the connected address once more.
package struct AddressPolicy: Sendable {
    /// Plain HTTP and private addresses are fine: for tests, and for networks that store their own results.
    package var allowsPrivateHosts: Bool
    /// `host:port` pairs that are fine although they are private.
    package var exceptions: Set<String>
    /// The only hosts that are fetched from, redirects included; empty for every public host.
    package var resultHosts: [HostPattern]
    /// What counts as an address of the public internet.
    var isPublic: @Sendable (NetworkAddress) -> Bool = { $0.isPublic }

    package init(allowsPrivateHosts: Bool = false, exceptions: Set<String> = [], resultHosts: [HostPattern] = []) {
        self.allowsPrivateHosts = allowsPrivateHosts
        self.exceptions = exceptions
        self.resultHosts = resultHosts
    }

    /// The parts of a link that matter here, host in lower case.
    struct Target: Sendable, Hashable {
        var scheme: String
        var host: String
        var port: Int

        /// What limits and pauses are kept by.
        var key: String { "\(host):\(port)" }
    }

    /// - Throws: ``DownloadError`` with code `refusedAddress` for a link that is not to be followed whatever it resolves to.
    func target(of url: URL) throws -> Target {
        guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(), !host.isEmpty else {
            throw DownloadError(.refusedAddress, "the link is no http(s) address")
        }
        guard resultHosts.isEmpty || resultHosts.contains(where: { $0.matches(host) }) else {
            throw DownloadError(
                .refusedAddress, "\(host) is none of the hosts that results may come from; --result-host \(host) adds it")
        }
        let isTLS = scheme == "https"
        let target = Target(scheme: scheme, host: host, port: url.port ?? (isTLS ? 443 : 80))
        guard isTLS || (scheme == "http" && allows(target)) else {
            throw DownloadError(.refusedAddress, "the link to \(host) is not HTTPS; --allow-private-hosts allows plain HTTP")
        }
        guard url.user == nil, url.password == nil else {
            throw DownloadError(.refusedAddress, "the link to \(host) carries a user name")
        }
        return target
    }

    /// - Throws: ``DownloadError`` with code `refusedAddress` when any of the addresses is private: a name with one public and one
    ///   private address is an attack, not a host.
    func check(_ addresses: [NetworkAddress], of target: Target) throws {
        guard !allows(target), let inner = addresses.first(where: { !isPublic($0) }) else { return }
        throw DownloadError(
            .refusedAddress, "\(target.host) has the private address \(inner); --allow-private-hosts allows private addresses")
    }

    /// The last look, at the address that is really connected.
    func permits(_ connected: NetworkAddress?, of target: Target) -> Bool { allows(target) || connected.map(isPublic) == true }

    private func allows(_ target: Target) -> Bool {
        allowsPrivateHosts || exceptions.contains(target.key)
    }
}
