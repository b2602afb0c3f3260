/// A link that is rejected, with the violated rule.
package struct LinkError: Error, Sendable, Hashable {
    package enum Code: String, Sendable, CaseIterable {
        // Invalid for every client.
        case notHTTP, noHost, hostName, port, character, backslash, zone, data
        // Valid elsewhere, but not supported by this program.
        case foreignHost, userInfo, tooLong
        // Forbidden by the policy of this installation.
        case plainHTTP, downgrade, hostNotListed, privateAddress
    }

    package var code: Code
    /// The problem and the next step; contains no path, query or user name of the link.
    package var description: String

    package init(_ code: Code, _ description: String? = nil) {
        self.code = code
        self.description = description ?? code.text
    }

    /// Whether a rule of this program rejects the link, as opposed to an invalid link.
    package var isOurRule: Bool {
        switch code {
        case .notHTTP, .noHost, .hostName, .port, .character, .backslash, .zone, .data: false
        case .foreignHost, .userInfo, .tooLong, .plainHTTP, .downgrade, .hostNotListed, .privateAddress: true
        }
    }
}

extension LinkError.Code {
    fileprivate var text: String {
        switch self {
        case .notHTTP: "the link is not an http(s) URL"
        case .noHost: "the link has no host"
        case .hostName: "the host in the link is not a valid name or address"
        case .foreignHost: "the host in the link is not ASCII; write it in its xn-- form"
        case .port: "the port in the link is not between 1 and 65535"
        case .userInfo: "the link carries a user name, which is never sent"
        case .character: "the link holds a control character"
        case .backslash: "the link holds a backslash"
        case .zone: "the IPv6 address in the link contains a network interface"
        case .tooLong: "the link is longer than \(FetchableURL.longest) bytes"
        case .data: "the data: link holds no valid data"
        case .plainHTTP: "the link is not HTTPS; --allow-private-hosts allows plain HTTP"
        case .downgrade: "a redirect leads from HTTPS to plain HTTP; --allow-private-hosts allows it"
        case .hostNotListed: "downloads from this host are not allowed; --result-host allows them"
        case .privateAddress: "the host has a private address; --allow-private-hosts allows it"
        }
    }
}

extension LinkError: CustomStringConvertible {}
