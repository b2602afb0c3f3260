import Crypto
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird
import Secrets

/// Decides who may use the gateway, and with which key.
struct GatewayCallers: Sendable {
    private let own: APIKey
    private let ownHash: SHA256Digest
    private let access: AccessControl
    private let forwardsKeys: Bool

    init(own: APIKey, access: AccessControl, forwardsKeys: Bool) {
        self.own = own
        ownHash = SHA256.hash(data: Data(own.unsafeSecret.utf8))
        self.access = access
        self.forwardsKeys = forwardsKeys
    }

    struct Caller: Sendable {
        /// The value of the `Authorization` header to send.
        var authorization: String
        /// The caller's own key; `nil` if the service's key is used.
        var key: APIKey?
        /// Distinguishes callers with their own keys.
        var keyHash: SHA256Digest?
        /// Whether the caller uses a token instead of a key, which allows less.
        var isToken = false
    }

    /// The service's own key, or a token for it, selects the service's key. Other keys are forwarded if that is allowed. Without
    /// valid credentials, a caller can't spend credits.
    ///
    /// - Throws: ``GatewayUpstreamError`` with 401, or with 429 after many wrong keys.
    func identify(_ request: Request, from client: ClientAddress) throws -> Caller {
        guard let header = request.headers[.authorization], let key = APIKey(authorization: header) else {
            throw refusal("an API key is needed: Authorization: Bearer <key>")
        }
        // Compare hashes, so that timing does not reveal how many characters of a key are correct.
        let hash = SHA256.hash(data: Data(key.unsafeSecret.utf8))
        if hash == ownHash { return Caller(authorization: own.authorization) }
        if access.mayGenerate(token: key.unsafeSecret) { return Caller(authorization: own.authorization, isToken: true) }
        guard forwardsKeys else {
            do {
                try access.noteFailure(of: client)
            } catch let problem as Problem {
                throw GatewayUpstreamError(
                    problem.status, "rate_limit_error", problem.detail, param: nil, headers: problem.headers)
            }
            throw refusal(
                "this is neither the service's API key nor one of its tokens; the operator can allow other keys")
        }
        return Caller(authorization: key.authorization, key: key, keyHash: hash)
    }

    private func refusal(_ message: String) -> GatewayUpstreamError {
        GatewayUpstreamError(.unauthorized, "authentication_error", message, param: nil)
    }
}
