import ArchiveModel
import Foundation
import Logging
import Synchronization

/// Writes a log line as one JSON object with sorted keys: `{"level":"info","message":"archived","time":"…","output":"…"}`. Keys,
/// tokens and the queries of links are redacted.
struct JSONLogHandler: LogHandler {
    let label: String
    let redact: LiveRedactor
    /// Receives a complete line, including the line break.
    let write: @Sendable (Data) -> Void
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { Self.json($0) }
        line["time"] = .string(Date().iso8601)
        line["level"] = .string(event.level.rawValue)
        line["message"] = .string(event.message.description)
        line["logger"] = .string(label)
        if let error = event.error { line["error"] = line["error"] ?? .string("\(error)") }
        guard let bytes = try? JSONEncoder.archive(pretty: false).encode(redact(JSONValue.object(line))) else { return }
        write(bytes + Data("\n".utf8))
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string("\(value)")
        case .array(let values): .array(values.map(json))
        case .dictionary(let values): .object(values.mapValues(json))
        }
    }
}
