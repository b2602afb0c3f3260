import ArchiveModel
import Catalog
import Foundation

/// Keeps the API key out of what is stored, should an answer repeat it: an API's own "incorrect API key: sk-…" may stand in any word of
/// a result, in a path or in the name of a header.
struct KeyGuard: Sendable {
    private let redact: Redactor
    /// The secrets as JSON writes them.
    private let written: [Data]

    init(_ secrets: [String]) {
        redact = Redactor(secrets: secrets)
        written = secrets.compactMap { try? JSONEncoder.archive(pretty: false).encode($0).dropFirst().dropLast() }
    }

    func callAsFunction(_ text: String) -> String { redact(text) }

    /// The value without the key; the value itself when no key is in it.
    func callAsFunction<Value: Codable>(cleaning value: Value) throws -> Value {
        let data = try JSONEncoder.archive(pretty: false).encode(value)
        guard written.contains(where: { data.range(of: $0) != nil }) else { return value }
        let json = try JSONDecoder.archive.decode(JSONValue.self, from: data)
        return try JSONDecoder.archive.decode(Value.self, from: try JSONEncoder.archive(pretty: false).encode(redact(json)))
    }

    func callAsFunction(_ results: [NamedResult]) -> [NamedResult] {
        results.map { result in
            var clean = result
            clean.problem = result.problem.map { redact($0) }
            clean.name = result.name.map { redact($0) }
            return clean
        }
    }
}
