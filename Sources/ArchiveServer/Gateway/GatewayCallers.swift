import Crypto
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird

/// Who may use the gateway, and with which key.
struct GatewayCallers: Sendable {
    private let own: APIKey
    private let ownHash: SHA256Digest
    private let access: AccessControl
    private let forwardsKeys: Bool

    init(own: APIKey, access: AccessControl, forwardsKeys: Bool) {
        self.own = own
        ownHash = SHA256.hash(data: Data(own.textToRedact.utf8))
        self.access = access
        self.forwardsKeys = forwardsKeys
    }

    struct Caller: Sendable {
        /// The value of the header to send.
        var authorization: String
        /// His key, when it is not the service's own.
        var key: APIKey?
        /// Tells callers with keys of their own apart.
        var keyHash: SHA256Digest?
        /// Whether he shows a token instead of a key, which may do less.
        var isToken = false
    }

    /// The bearer of the service's own key, or of a token that stands for it, uses that key. Any other key is forwarded where that is
    /// allowed. So nobody spends a credit who has nothing to show.
    ///
    /// - Throws: ``UpstreamProblem`` with 401, or with 429 after many wrong keys.
    func identify(_ request: Request, from client: ClientAddress) throws -> Caller {
        guard let header = request.headers[.authorization], let key = APIKey(authorization: header) else {
            throw refusal("an API key is needed: Authorization: Bearer <key>")
        }
        // Hashes are compared, so that the time it takes tells nothing of how much of a key is right.
        let hash = SHA256.hash(data: Data(key.textToRedact.utf8))
        if hash == ownHash { return Caller(authorization: own.authorization) }
        if access.mayGenerate(token: key.textToRedact) { return Caller(authorization: own.authorization, isToken: true) }
        guard forwardsKeys else {
            do {
                try access.noteFailure(of: client)
            } catch let problem as Problem {
                throw UpstreamProblem(problem.status, "rate_limit_error", problem.detail, param: nil, headers: problem.headers)
            }
            throw refusal(
                "this key is neither the archive's own nor a token of it; its operator can allow others to be forwarded")
        }
        return Caller(authorization: key.authorization, key: key, keyHash: hash)
    }

    private func refusal(_ message: String) -> UpstreamProblem {
        UpstreamProblem(.unauthorized, "authentication_error", message, param: nil)
    }
}
