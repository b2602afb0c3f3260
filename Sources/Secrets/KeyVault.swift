package import ArchiveModel
import Crypto
package import Foundation

/// Encrypts callers' keys so that only this service can read them. Each is encrypted with a key derived from the service's own
/// API key (HKDF-SHA256, ChaCha20-Poly1305) and bound to its task. Access to the archive's disk alone is not enough to decrypt
/// them. After the service's API key has changed and the service was restarted, they can't be decrypted any more.
package struct KeyVault: Sendable {
    private let key: SymmetricKey
    /// Derived keys of the service's earlier API keys in this process. They still decrypt keys stored before the change.
    private let earlier: [SymmetricKey]

    /// - Parameters:
    ///   - salt: Distinguishes this archive from others, such as its ID.
    ///   - earlier: The vault of the API key that was replaced while the process runs.
    package init(_ own: APIKey, salt: String, earlier: KeyVault? = nil) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(own.unsafeSecret.utf8)), salt: Data(salt.utf8),
            info: Data("fixative caller keys 1".utf8), outputByteCount: 32)
        self.earlier = earlier.map { Array(([$0.key] + $0.earlier).prefix(3)) } ?? []
    }

    package func seal(_ caller: APIKey, for task: TaskID) throws -> Data {
        try ChaChaPoly.seal(Data(caller.unsafeSecret.utf8), using: key, authenticating: Data(task.text.utf8)).combined
    }

    /// A number that identifies a caller's account, never 0. It is the same for the same key, and can't be computed without the
    /// service's key.
    package func account(of caller: APIKey) -> Int64 {
        let code = HMAC<SHA256>.authenticationCode(for: Data("account \(caller.unsafeSecret)".utf8), using: key)
        let number = code.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        return max(1, Int64(number >> 1))
    }

    /// - Returns: `nil` if the data was encrypted with another key or for another task, or is corrupted.
    package func open(_ sealed: Data, for task: TaskID) -> APIKey? {
        guard let box = try? ChaChaPoly.SealedBox(combined: sealed) else { return nil }
        let text = ([key] + earlier).lazy.compactMap {
            try? ChaChaPoly.open(box, using: $0, authenticating: Data(task.text.utf8))
        }.first
        guard let text else { return nil }
        return APIKey(String(decoding: text, as: UTF8.self))
    }
}
