import Foundation
import GenerationAPI
import Secrets

/// Reads tokens or secrets of the server from `FIXATIVE_<name>`, separated by commas, and from the file named by
/// `FIXATIVE_<name>_FILE`, one per line.
///
/// - Parameter name: `READ_TOKEN`, `ADMIN_TOKEN`, `GATEWAY_TOKEN` or `HOOK_SECRET`.
/// - Throws: ``SettingsError`` for a file that is unreadable or readable by everybody, and for a secret that could be guessed.
func secrets(
    _ name: String, in environment: [String: String] = ProcessInfo.processInfo.environment
) throws -> [String] {
    let variable = "FIXATIVE_\(name)"
    let given = try checked((environment[variable] ?? "").split(separator: ","), from: variable)
    guard let path = environment[variable + "_FILE"], !path.isEmpty else { return given }
    let text: String
    do {
        text = try SecretFile.read(path)
    } catch let problem as SecretFileProblem {
        throw SettingsError("\(variable)_FILE: \(problem)")
    }
    let filed = try checked(text.split(whereSeparator: \.isNewline), from: "the file \(path) (\(variable)_FILE)")
    guard !filed.isEmpty else { throw SettingsError("the file \(path) (\(variable)_FILE) is empty") }
    return given + filed
}

/// - Returns: The trimmed secrets, each long enough not to be guessed.
private func checked(_ texts: [Substring], from source: String) throws -> [String] {
    let all = texts.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard all.allSatisfy(isSecret) else {
        throw SettingsError(
            "\(source) contains an invalid secret; use at least 16 printable ASCII characters, without spaces and '/'")
    }
    return all
}

/// Whether a text is valid in a header and in a URL path, and long enough not to be guessed.
private func isSecret(_ text: String) -> Bool {
    text.utf8.count >= 16 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !text.contains("/")
}
