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
        /// Whether he shows a token instead of a key, which may do less.
        var isToken = false
    }

    /// The bearer of the service's own key, or of a token that stands for it, uses that key. Any other key is forwarded where that is
    /// allowed. So nobody spends a credit who has nothing to show.
    ///
    /// - Throws: ``UpstreamProblem`` with 401.
    func identify(_ request: Request) throws -> Caller {
        guard let header = request.headers[.authorization], let key = APIKey(authorization: header) else {
            throw refusal("an API key is needed: Authorization: Bearer <key>")
        }
        // Hashes are compared, so that the time it takes tells nothing of how much of a key is right.
        let isOwn = SHA256.hash(data: Data(key.textToRedact.utf8)) == ownHash
        if isOwn { return Caller(authorization: own.authorization) }
        if access.mayGenerate(token: key.textToRedact) { return Caller(authorization: own.authorization, isToken: true) }
        guard forwardsKeys else {
            throw refusal(
                "this key is neither the archive's own nor a token of it; its operator can allow others to be forwarded")
        }
        return Caller(authorization: key.authorization, key: key)
    }

    private func refusal(_ message: String) -> UpstreamProblem {
        UpstreamProblem(.unauthorized, "authentication_error", message, param: nil)
    }
}
