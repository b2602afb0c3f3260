package import ArchiveModel
package import Foundation
import Networking

/// A download that failed.
package struct DownloadError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// 401, 403, 404, 410: the storage host has no such file, or not any longer.
        case gone(Int)
        /// 403 with code 1010: a network in front of the storage refuses this client.
        case blocked
        /// Any other status.
        case status(Int)
        /// The host's answer was truncated, contradictory, or not HTTP.
        case transport
        /// A body under a content coding that is unknown or damaged.
        case coding
        /// The download took too long, or was too slow for too long.
        case timeout
        /// The host's name did not resolve to an address.
        case dns
        /// No trusted TLS session could be established.
        case tls
        /// The connection failed or was reset.
        case connection
        /// Address forbidden by a rule or setting of this installation.
        case refusedAddress
        /// The link is malformed or can't be followed.
        case unusableLink
        /// Too many redirects, or one without a target.
        case redirects
        /// The file exceeds the size limit.
        case tooLarge
        /// The host requested a pause, so no attempt was made.
        case hostBusy
    }

    package var code: Code
    /// The problem and the next step; contains no link's query.
    package var detail: String
    /// When the storage host asked the client to retry.
    package var retryAfter: Date?

    package init(_ code: Code, _ detail: String, retryAfter: Date? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }

    init(_ error: LinkError) {
        self.init(error.isOurRule ? .refusedAddress : .unusableLink, error.description)
    }

    /// The party responsible for the failure:
    /// - `gone`, `blocked`, `status`: vendor, because its host answered with an error;
    /// - `transport`, `coding`: vendor, because its host answered with bytes that are not a complete file;
    /// - `redirects`, `unusableLink`: vendor, because its link leads nowhere for any client;
    /// - `dns`: ours, because a resolver of this network answered, or failed to answer;
    /// - `tls`: ours, because a wrong clock, missing certificates or a proxy in between look the same;
    /// - `refusedAddress`: ours, because another setting or another network would allow the address;
    /// - `tooLarge`: ours, because `--max-bytes` and the limits of content codings are ours;
    /// - `timeout`, `connection`: unknown, because either end or the network between may be at fault;
    /// - `hostBusy`: unknown, because no attempt was made.
    package var cause: FailureCause {
        switch code {
        case .gone, .blocked, .status, .transport, .coding, .redirects, .unusableLink: .vendor
        case .dns, .tls, .refusedAddress, .tooLarge: .ours
        case .timeout, .connection, .hostBusy: .unknown
        }
    }

    /// The kind of failure, used as a label and to tell whether a retry needs a fresh link.
    package var kind: String {
        switch code {
        case .gone: "gone"
        case .blocked: "blocked"
        case .status(let status): "status \(status)"
        case .transport: "transport"
        case .coding: "coding"
        case .timeout: "timeout"
        case .dns: "dns"
        case .tls: "tls"
        case .connection: "connection"
        case .refusedAddress: "refused address"
        case .unusableLink: "unusable link"
        case .redirects: "redirects"
        case .tooLarge: "too large"
        case .hostBusy: "host busy"
        }
    }

    /// Whether a fresh link may help.
    package var isGone: Bool { if case .gone = code { true } else { false } }

    /// Whether the same link will probably fail again in the same way, so that the next attempt can wait longer.
    package var isStubborn: Bool {
        switch code {
        case .refusedAddress, .unusableLink, .redirects, .tooLarge, .blocked: true
        case .status(let status): (400..<500).contains(status) && status != 408 && status != 425 && status != 429
        case .gone, .transport, .coding, .timeout, .dns, .tls, .connection, .hostBusy: false
        }
    }

    /// Whether the connection broke, as opposed to an error answer from the host.
    var isBrokenOff: Bool { code == .transport || code == .timeout || code == .connection }
}

extension DownloadError: CustomStringConvertible {
    package var description: String { detail }
}
