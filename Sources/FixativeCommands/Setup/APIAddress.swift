import Foundation
import GenerationAPI
import Networking

/// The API's address, checked before the key is sent there.
struct APIAddress {
    let url: URL
    let host: String

    /// - Throws: ``SettingsError`` for a text that programs could read in different ways, or that is no address of an API.
    init(_ text: String) throws {
        let problem = SettingsError("'\(text.prefix(200))' is no http(s) address of an API; set --api-url or FIXATIVE_API_URL")
        // Parsers differ about everything else, such as user names, backslashes and ports that are no numbers.
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

    /// Whether the way there is protected, or never leaves this machine.
    var isProtected: Bool { url.scheme?.lowercased() == "https" || isLoopback }
}

extension Settings {
    /// The API's key, when it is safe to send it to the API's address.
    /// - Throws: ``SettingsError`` when there is no key, or when it would travel in clear.
    func requireKey() throws -> APIKey {
        let key = try APIKey.required()
        guard try APIAddress(apiURL).isProtected || allowsInsecureAPI else { throw SettingsError(Self.insecure(apiURL)) }
        return key
    }

    static func insecure(_ apiURL: String) -> String {
        "the API at \(apiURL) is not HTTPS, so others on the way could read the key. Use https, or add --insecure-api"
    }
}
