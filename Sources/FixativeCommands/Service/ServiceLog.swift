import ArchiveModel
import Archiver
import ArgumentParser
import Foundation
import Logging
import Synchronization

/// The log format of a service.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// Writes a service's log to stderr: text on a terminal, otherwise JSON.
struct ServiceLog: Sendable {
    let logger: Logger
    /// Logs archiving events.
    let report: @Sendable (ArchiveEvent) -> Void
    private let format: LogFormat
    private let redact: LiveRedactor

    /// - Parameters:
    ///   - format: `nil` to choose by whether stderr is a terminal.
    ///   - secrets: Texts to redact in every line.
    init(_ format: LogFormat?, verbose: Bool, secrets: [String]) {
        let format = format ?? (isatty(2) == 1 ? .text : .json)
        self.format = format
        let redact = LiveRedactor(secrets)
        self.redact = redact
        switch format {
        case .text:
            logger = Logger(label: "fixative") { StreamLogHandler(label: $0, stream: RedactedLines(redact: redact)) }
            let reporter = Reporter(verbose: verbose) { redact($0) }
            report = { reporter($0) }
        case .json:
            var logger = Logger(label: "fixative") { label in
                JSONLogHandler(label: label, redact: redact) { Terminal.log($0) }
            }
            if verbose { logger.logLevel = .debug }
            self.logger = logger
            let log = EventLog(logger: logger)
            report = { log($0) }
        }
    }

    /// A logger without the info messages of libraries.
    var quiet: Logger {
        var logger = logger
        logger.logLevel = .warning
        return logger
    }

    /// All texts that are redacted; a reload adds more.
    var secrets: [String] { redact.secrets }

    /// Adds secrets to redact from now on.
    func hide(_ secrets: [String]) { redact.add(secrets) }

    /// Writes a message of the service itself: `text` on a terminal, `message` and metadata in JSON.
    func line(_ text: String, message: Logger.Message, _ metadata: Logger.Metadata) {
        switch format {
        case .text: Terminal.log(redact(text))
        case .json: logger.info(message, metadata: metadata)
        }
    }
}

/// Redacts secrets in texts; a reload adds more secrets.
final class LiveRedactor: Sendable {
    private struct State {
        var secrets: [String]
        var redact: Redactor
    }

    private let state: Mutex<State>

    init(_ secrets: [String]) { state = Mutex(State(secrets: secrets, redact: Redactor(secrets: secrets))) }

    func add(_ more: [String]) {
        state.withLock { state in
            state.secrets += more.filter { !state.secrets.contains($0) }
            state.redact = Redactor(secrets: state.secrets)
        }
    }

    var secrets: [String] { state.withLock { $0.secrets } }

    func callAsFunction(_ value: JSONValue) -> JSONValue { state.withLock { $0.redact }(value) }

    func callAsFunction(_ text: String) -> String { state.withLock { $0.redact }(text) }
}

/// Writes the text lines of a logger to stderr, without secrets.
private struct RedactedLines: TextOutputStream, Sendable {
    let redact: LiveRedactor

    /// - Parameter text: A complete line, including the line break.
    mutating func write(_ text: String) { Terminal.log(redact(text.trimmingCharacters(in: .newlines))) }
}
