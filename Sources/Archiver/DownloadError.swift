package import Foundation

/// A result that did not arrive.
package struct DownloadError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// 401, 403, 404, 410: the storage host says there is no such file, or no longer.
        case gone(Int)
        /// 403 with code 1010: a network in front of the storage does not like this client.
        case blocked
        /// Any other status.
        case status(Int)
        /// No answer, a cut connection, or fewer bytes than were announced.
        case transport
        /// It took too long, or nothing came for too long.
        case timeout
        /// Not HTTPS, or a private address.
        case refusedAddress
        /// Too many redirects, or one without a target.
        case redirects
        /// More bytes than a file may have.
        case tooLarge
        /// The host has asked for a pause, and nothing was tried.
        case hostBusy
    }

    package var code: Code
    /// What happened, without any link's query.
    package var detail: String
    /// When the storage host asked to come back.
    package var retryAfter: Date?

    package init(_ code: Code, _ detail: String, retryAfter: Date? = nil) {
        self.code = code
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The kind of failure, for counting how often in a row the same has come.
    var kind: String {
        switch code {
        case .gone: "gone"
        case .blocked: "blocked"
        case .status(let status): "status \(status)"
        case .transport: "transport"
        case .timeout: "timeout"
        case .refusedAddress: "refused address"
        case .redirects: "redirects"
        case .tooLarge: "too large"
        case .hostBusy: "host busy"
        }
    }

    /// Whether a fresh link may help.
    var isGone: Bool { if case .gone = code { true } else { false } }

    /// Whether the same link is likely to fail the same way again, so that only a few tries are worth it.
    var isStubborn: Bool {
        switch code {
        case .refusedAddress, .redirects, .tooLarge, .blocked: true
        case .status(let status): (400..<500).contains(status) && status != 408 && status != 425 && status != 429
        case .gone, .transport, .timeout, .hostBusy: false
        }
    }

    /// Whether the connection failed, rather than the host having answered something else.
    var isBrokenOff: Bool { code == .transport || code == .timeout }
}

extension DownloadError: CustomStringConvertible {
    package var description: String { detail }
}
