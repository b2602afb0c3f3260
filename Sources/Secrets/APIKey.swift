import ArchiveModel
import Foundation

/// An API key. It can be used but not printed: all its descriptions show a placeholder.
package struct APIKey: Sendable {
    private let secret: String

    /// - Returns: `nil` for a text that is empty or not valid in a header line.
    package init?(_ text: String) {
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !key.isEmpty, key.unicodeScalars.allSatisfy({ (0x21...0x7E).contains($0.value) }) else { return nil }
        secret = key
    }

    /// Reads the key from `FIXATIVE_API_KEY`, `EVOLINK_API_KEY`, or the file named by `FIXATIVE_API_KEY_FILE`.
    ///
    /// - Returns: `nil` if none of them is set.
    /// - Throws: ``KeyProblem`` if the file can't be read or is readable by everybody, or if the text is not a valid key.
    package static func find(in environment: [String: String]) throws -> APIKey? {
        for name in ["FIXATIVE_API_KEY", "EVOLINK_API_KEY"] {
            guard let text = environment[name], !text.isEmpty else { continue }
            guard let key = APIKey(text) else {
                throw KeyProblem(subject: name, detail: "it holds white space or control characters")
            }
            return key
        }
        guard let path = environment["FIXATIVE_API_KEY_FILE"], !path.isEmpty else { return nil }
        let subject = "the file \(path) (FIXATIVE_API_KEY_FILE)"
        let text: String
        do {
            text = try SecretFile.read(path)
        } catch let problem as SecretFileProblem {
            throw KeyProblem(subject: subject, detail: problem.detail)
        }
        guard let key = APIKey(text) else { throw KeyProblem(subject: subject, detail: "it must hold the key and nothing else") }
        return key
    }

    /// Parses the value of an `Authorization` header. The result is `nil` unless the value is `Bearer` followed by a valid key.
    package init?(authorization: String) {
        guard authorization.lowercased().hasPrefix("bearer ") else { return nil }
        self.init(String(authorization.dropFirst("bearer ".count)))
    }

    /// The value of the `Authorization` header.
    package var authorization: String { "Bearer \(secret)" }

    /// Identifies the key without revealing it: 64 bits of its SHA-256 as 16 hexadecimal digits.
    package var fingerprint: String { String(Digest(of: secret).hex.prefix(16)) }

    /// The plain key, for redaction and key derivation only.
    package var unsafeSecret: String { secret }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[API key]" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A configured key that can't be used.
package struct KeyProblem: Error, CustomStringConvertible {
    package var subject: String
    package var detail: String
    package var description: String { "no API key from \(subject): \(detail)" }
}
