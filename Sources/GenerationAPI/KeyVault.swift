package import ArchiveModel
import Crypto
package import Foundation

/// Keeps the keys of others so that only this service can read them: each is sealed under a key that is made from the service's own
/// (HKDF-SHA256, ChaCha20-Poly1305) and bound to its task. Who has the archive's disk alone has none of them, and once the service's
/// key is changed the old ones are of no more use.
package struct KeyVault: Sendable {
    private let key: SymmetricKey
    /// Those of the service's earlier keys in this process, which still open what was sealed before the change.
    private let earlier: [SymmetricKey]

    /// - Parameters:
    ///   - salt: Tells this archive from others, such as its id.
    ///   - earlier: The vault of the key that this one replaces in a running process.
    package init(_ own: APIKey, salt: String, earlier: KeyVault? = nil) {
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(own.textToRedact.utf8)), salt: Data(salt.utf8),
            info: Data("fixative caller keys 1".utf8), outputByteCount: 32)
        self.earlier = earlier.map { Array(([$0.key] + $0.earlier).prefix(3)) } ?? []
    }

    package func seal(_ caller: APIKey, for task: TaskID) throws -> Data {
        try ChaChaPoly.seal(Data(caller.textToRedact.utf8), using: key, authenticating: Data(task.text.utf8)).combined
    }

    /// A number that stands for a caller's account, never 0: the same for the same key, and of no use without the service's own.
    package func account(of caller: APIKey) -> Int64 {
        let code = HMAC<SHA256>.authenticationCode(for: Data("account \(caller.textToRedact)".utf8), using: key)
        let number = code.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        return max(1, Int64(number >> 1))
    }

    /// - Returns: `nil` for what was sealed under another key, for another task, or has changed since.
    package func open(_ sealed: Data, for task: TaskID) -> APIKey? {
        guard let box = try? ChaChaPoly.SealedBox(combined: sealed) else { return nil }
        let text = ([key] + earlier).lazy.compactMap {
            try? ChaChaPoly.open(box, using: $0, authenticating: Data(task.text.utf8))
        }.first
        guard let text else { return nil }
        return APIKey(String(decoding: text, as: UTF8.self))
    }
}
