package import Foundation

/// A call of the API that did not bring what was asked.
package struct APIError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// 401: the key is wrong.
        case unauthorized
        /// 402: the account has no quota left.
        case noQuota
        /// 403: the key may not do this.
        case forbidden
        /// 404 or 410: not known, or no longer.
        case notFound
        /// 400, 413, 422 and other 4xx: the request is wrong.
        case refused
        /// 429.
        case rateLimited
        /// 5xx.
        case server
        /// No answer, or a broken one.
        case transport
        /// An answer that is not the API's JSON.
        case malformed
        /// An answer that is larger than what is read.
        case tooLarge
        /// A redirect: the API has none, and the key is sent nowhere else.
        case redirected
        /// A page, or the answer of a network on the way: the API was not reached.
        case notTheAPI
    }

    package var code: Code
    /// The HTTP status, where there was an answer.
    package var status: Int?
    /// What was asked: `GET /v1/tasks/...`.
    package var call: String
    /// The upstream's own words, cut to 500 characters and without secrets.
    package var message: String
    /// When the upstream asked to come back.
    package var retryAfter: Date?

    package init(_ code: Code, status: Int? = nil, call: String, message: String, retryAfter: Date? = nil) {
        self.code = code
        self.status = status
        self.call = call
        self.message = message
        self.retryAfter = retryAfter
    }

    /// Whether the same call may succeed a little later.
    package var isTransient: Bool {
        switch code {
        case .rateLimited, .server, .transport, .malformed, .tooLarge, .redirected, .notTheAPI: true
        case .unauthorized, .noQuota, .forbidden, .notFound, .refused: false
        }
    }

    /// Whether no other call with this key will fare better: the source stops and its queue is kept.
    package var stopsSource: Bool { code == .unauthorized || code == .noQuota || code == .forbidden }

    /// What to do next.
    package var advice: String {
        switch code {
        case .unauthorized: "Set FIXATIVE_API_KEY to a valid key and run the command again; the queue is kept."
        case .noQuota: "Add credit to the account and run the command again; the queue is kept."
        case .forbidden: "Give the key the right to do this, or use another one; the queue is kept."
        case .notFound: "Check the task id, and that the key belongs to the account that made it."
        case .refused: "Correct the request."
        case .redirected: UpstreamProblem(.redirect, "").advice + "."
        case .notTheAPI: UpstreamProblem(.notTheAPI, "").advice + "."
        case .rateLimited, .server, .transport, .malformed, .tooLarge:
            "It is worth trying again; 'fixative doctor' checks the connection."
        }
    }
}

extension APIError: CustomStringConvertible {
    package var description: String {
        let answer = status.map { "answered \($0)" } ?? "failed"
        return "\(call) \(answer): \(message). \(advice)"
    }
}
