package import Foundation

/// A failed call of the API.
package struct APIError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// 401: the key is invalid.
        case unauthorized
        /// 402: the account has no quota left.
        case noQuota
        /// 403: the key lacks the permission.
        case forbidden
        /// 404 or 410: unknown, or no longer available.
        case notFound
        /// 400, 413, 422 and other 4xx: the request is invalid.
        case refused
        /// 429.
        case rateLimited
        /// 5xx.
        case server
        /// No answer, or a connection error.
        case transport
        /// The answer is not the API's JSON.
        case malformed
        /// The answer exceeds the size limit.
        case tooLarge
        /// A redirect. The API has none, and the key must not be sent to another host.
        case redirected
        /// An HTML page, or the answer of a network in between: the API was not reached.
        case notTheAPI
    }

    package var code: Code
    /// The HTTP status, if there was an answer.
    package var status: Int?
    /// The call: `GET /v1/tasks/...`.
    package var call: String
    /// The upstream's message, truncated to 500 characters and without secrets.
    package var message: String
    /// When the upstream asked the client to retry.
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

    /// Whether other calls with this key will fail as well. The source then stops, and its queue is kept.
    package var stopsSource: Bool { code == .unauthorized || code == .noQuota || code == .forbidden }

    /// Whether the call may succeed with another key.
    package var refusesKey: Bool { stopsSource || code == .notFound }

    /// The next step for the user.
    package var advice: String {
        switch code {
        case .unauthorized: "Set FIXATIVE_API_KEY to a valid key and run the command again; the queue is kept."
        case .noQuota: "Add credit to the account and run the command again; the queue is kept."
        case .forbidden: "Give the key this permission, or use another key; the queue is kept."
        case .notFound: "Check the task ID, and that the key belongs to the task's account."
        case .refused: "Correct the request."
        case .redirected: UpstreamProblem(.redirect, "").advice + "."
        case .notTheAPI: UpstreamProblem(.notTheAPI, "").advice + "."
        case .rateLimited, .server, .transport, .malformed, .tooLarge:
            "Try again later; 'fixative doctor' checks the connection."
        }
    }
}

extension APIError: CustomStringConvertible {
    package var description: String {
        let answer = status.map { "answered \($0)" } ?? "failed"
        return "\(call) \(answer): \(message). \(advice)"
    }
}
