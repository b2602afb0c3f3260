import Foundation

/// The key to an account. It can be used, but never shows: printing one, also by accident, prints a stand-in.
package struct APIKey: Sendable {
    private let secret: String

    /// - Returns: `nil` for a text that is empty, or that can't stand in a header line.
    package init?(_ text: String) {
        let key = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !key.isEmpty, key.unicodeScalars.allSatisfy({ (0x21...0x7E).contains($0.value) }) else { return nil }
        secret = key
    }

    /// Finds the key where it may stand: `FIXATIVE_API_KEY`, `EVOLINK_API_KEY`, or the file that `FIXATIVE_API_KEY_FILE` names.
    ///
    /// - Returns: `nil` when none of them is set.
    /// - Throws: ``KeyProblem`` for a file that can't be read or that everybody can read, or for a text that is no key.
    package static func find(in environment: [String: String]) throws -> APIKey? {
        for name in ["FIXATIVE_API_KEY", "EVOLINK_API_KEY"] {
            guard let text = environment[name], !text.isEmpty else { continue }
            guard let key = APIKey(text) else {
                throw KeyProblem(subject: name, detail: "it holds white space or control characters")
            }
            return key
        }
        guard let path = environment["FIXATIVE_API_KEY_FILE"], !path.isEmpty else { return nil }
        let subject = "the file \(path) named by FIXATIVE_API_KEY_FILE"
        let text: String
        do {
            text = try SecretFile.read(path)
        } catch let problem as SecretFileProblem {
            throw KeyProblem(subject: subject, detail: problem.detail)
        }
        guard let key = APIKey(text) else { throw KeyProblem(subject: subject, detail: "it must hold the key and nothing else") }
        return key
    }

    /// Reads the value of an `Authorization` header; `nil` for anything but `Bearer` and a key.
    package init?(authorization: String) {
        guard authorization.lowercased().hasPrefix("bearer ") else { return nil }
        self.init(String(authorization.dropFirst("bearer ".count)))
    }

    /// The value of the header that carries it.
    package var authorization: String { "Bearer \(secret)" }

    /// The key itself, for the one who must take it out of texts.
    package var textToRedact: String { secret }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[API key]" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A key that is named but can't be used.
package struct KeyProblem: Error, CustomStringConvertible {
    package var subject: String
    package var detail: String
    package var description: String { "no API key from \(subject): \(detail)" }
}
