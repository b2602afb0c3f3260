import Crypto
import Foundation

/// Signs messages as defined by Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks, "Signature scheme").
package struct WebhookSigner: Sendable {
    private let keys: [SymmetricKey]

    /// - Parameter secrets: Each one is `whsec_` followed by the base64 of 24 to 64 bytes. Each secret adds a signature, so that
    ///   receivers can rotate secrets.
    /// - Throws: ``WebhookSecretError``; its text does not contain the secret.
    package init(secrets: [String]) throws {
        guard !secrets.isEmpty else { throw WebhookSecretError("no secret is set") }
        keys = try secrets.enumerated().map { place, secret in
            guard secret.hasPrefix("whsec_"), let bytes = Data(base64Encoded: Self.padded(secret.dropFirst(6))) else {
                throw WebhookSecretError("secret \(place + 1) is not whsec_ followed by base64")
            }
            guard (24...64).contains(bytes.count) else {
                throw WebhookSecretError("secret \(place + 1) has \(bytes.count) bytes instead of 24 to 64")
            }
            return SymmetricKey(data: bytes)
        }
    }

    /// Adds missing `=` padding.
    private static func padded(_ base64: Substring) -> String {
        base64 + String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    }

    /// The value of the header `webhook-signature`.
    /// - Parameter timestamp: The time of this attempt, in Unix seconds.
    package func signature(id: String, timestamp: Int64, body: String) -> String {
        let message = Data("\(id).\(timestamp).\(body)".utf8)
        return keys.map { key in
            "v1," + Data(HMAC<SHA256>.authenticationCode(for: message, using: key)).base64EncodedString()
        }.joined(separator: " ")
    }
}

/// No usable signing secret.
package struct WebhookSecretError: Error, CustomStringConvertible {
    package let description: String
    init(_ reason: String) {
        description =
            "the secret of the notifications can't be used: \(reason). Set FIXATIVE_NOTIFY_SECRET to whsec_ followed by the base64 of 24 to 64 "
            + "random bytes: echo whsec_$(head -c 32 /dev/urandom | base64)"
    }
}
