import ArchiveModel
import Catalog
import Foundation

/// Removes the API key and the secrets of the service from records and catalog rows. An answer may repeat them, for example in
/// "incorrect API key: sk-…", in the callback's address, in a link's path or in a header name.
struct KeyGuard: Sendable {
    private let redact: Redactor
    /// The secrets as escaped in JSON.
    private let written: [Data]

    init(_ secrets: [String]) {
        redact = Redactor(secrets: secrets)
        written = secrets.compactMap { try? JSONEncoder.archive(pretty: false).encode($0).dropFirst().dropLast() }
    }

    func callAsFunction(_ text: String) -> String { redact(text) }

    /// The record without secrets. The upstream's answer is already redacted when it is read. The task's ID stays, since it
    /// determines the record's path.
    func callAsFunction(_ record: ArchiveRecord) throws -> ArchiveRecord {
        var bare = record
        bare.taskJSON = nil
        var clean = try cleaned(bare)
        clean.taskJSON = record.taskJSON
        clean.task = record.task
        return clean
    }

    func callAsFunction(_ candidate: DeliveryCandidate) throws -> DeliveryCandidate { try cleaned(candidate) }

    /// The value without secrets; unchanged if it contains none.
    private func cleaned<Value: Codable>(_ value: Value) throws -> Value {
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
