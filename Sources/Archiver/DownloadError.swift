package import ArchiveModel
package import Foundation
import Networking

/// A result that did not arrive.
package struct DownloadError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// 401, 403, 404, 410: the storage host says there is no such file, or no longer.
        case gone(Int)
        /// 403 with code 1010: a network in front of the storage does not like this client.
        case blocked
        /// Any other status.
        case status(Int)
        /// The host began an answer that is cut, contradicts itself, or is no HTTP.
        case transport
        /// A body under a content coding that is unknown or damaged.
        case coding
        /// It took too long, or too little came for too long.
        case timeout
        /// The host's name has no address.
        case dns
        /// No trusted TLS session.
        case tls
        /// No connection, or one that was reset.
        case connection
        /// Rules or settings of this installation forbid the address.
        case refusedAddress
        /// A link that nobody can follow.
        case unusableLink
        /// Too many redirects, or one without a target.
        case redirects
        /// More bytes than a file may have.
        case tooLarge
        /// The host has asked for a pause, and nothing was tried.
        case hostBusy
    }

    package var code: Code
    /// What happened and what to do, without any link's query.
    package var detail: String
    /// When the storage host asked to come back.
    package var retryAfter: Date?

    package init(_ code: Code, _ detail: String, retryAfter: Date? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }

    init(_ error: LinkError) {
        self.init(error.isOurRule ? .refusedAddress : .unusableLink, error.description)
    }

    /// Who the failure is put down to:
    /// - `gone`, `blocked`, `status`: vendor, because its host answered, and the answer was an error;
    /// - `transport`, `coding`: vendor, because its host answered with bytes that are no whole file;
    /// - `redirects`, `unusableLink`: vendor, because its link leads nowhere for anybody;
    /// - `dns`: ours, because a resolver of this network answered, or failed to;
    /// - `tls`: ours, because a wrong clock, missing certificates or a proxy in between look the same;
    /// - `refusedAddress`: ours, because another setting or another network would let it through;
    /// - `tooLarge`: ours, because `--max-bytes` is our limit;
    /// - `timeout`, `connection`: unknown, because either end or the network between may be at fault;
    /// - `hostBusy`: unknown, because nothing was tried.
    package var cause: FailureCause {
        switch code {
        case .gone, .blocked, .status, .transport, .coding, .redirects, .unusableLink: .vendor
        case .dns, .tls, .refusedAddress, .tooLarge: .ours
        case .timeout, .connection, .hostBusy: .unknown
        }
    }

    /// The kind of failure, for counting how often in a row the same has come.
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

    /// Whether the same link is likely to fail the same way again, so that the next try can wait longer.
    package var isStubborn: Bool {
        switch code {
        case .refusedAddress, .unusableLink, .redirects, .tooLarge, .blocked: true
        case .status(let status): (400..<500).contains(status) && status != 408 && status != 425 && status != 429
        case .gone, .transport, .coding, .timeout, .dns, .tls, .connection, .hostBusy: false
        }
    }

    /// Whether the connection failed, rather than the host having answered something else.
    var isBrokenOff: Bool { code == .transport || code == .timeout || code == .connection }
}

extension DownloadError: CustomStringConvertible {
    package var description: String { detail }
}
