import Foundation
import GenerationAPI
import Networking
import Secrets

/// The API's address, validated before the key is sent there.
struct APIAddress {
    let url: URL
    let host: String

    /// - Throws: ``SettingsError`` for a text that is not a plain http(s) address.
    init(_ text: String) throws {
        let problem = SettingsError("'\(text.prefix(200))' is not an http(s) address; set --api-url or FIXATIVE_API_URL")
        // Everything else is rejected, since parsers differ on user names, backslashes, and ports that are not numbers.
        let form = /(?i:https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]+)(:[0-9]{1,5})?(\/[A-Za-z0-9._~%\/\-]*)?/
        guard text.wholeMatch(of: form) != nil, let url = URL(string: text), let host = url.host?.lowercased(), !host.isEmpty,
            (1...65_535).contains(url.port ?? 443)
        else { throw problem }
        self.url = url
        self.host = host
    }

    private var isLoopback: Bool {
        if host == "localhost" { return true }
        return NetworkAddress(literal: host)?.isLoopback == true
    }

    /// Whether the connection uses TLS or stays on this machine.
    var isProtected: Bool { url.scheme?.lowercased() == "https" || isLoopback }
}

extension Settings {
    /// The API's key, if it may be sent to the API's address.
    /// - Throws: ``SettingsError`` if there is no key, or if it would be sent unencrypted.
    func requireKey() throws -> APIKey {
        let key = try APIKey.required()
        guard try APIAddress(apiURL).isProtected || allowsInsecureAPI else { throw SettingsError(Self.insecure(apiURL)) }
        return key
    }

    static func insecure(_ apiURL: String) -> String {
        "the API at \(apiURL) does not use HTTPS, so others on the network could read the key. Use https, or add --insecure-api"
    }
}
