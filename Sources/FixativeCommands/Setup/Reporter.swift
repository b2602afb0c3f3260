import ArchiveModel
import Archiver
import Foundation
import GenerationAPI
import SizeContract
import Synchronization

/// Reports archiving on stderr: a progress line on a terminal, otherwise one line per step.
final class Reporter: Sendable {
    private struct Counts {
        var archived = 0
        var unavailable = 0
        var known = 0
    }

    private let counts = Mutex(Counts())
    private let isVerbose: Bool
    private let isQuiet: Bool
    private let redact: @Sendable (String) -> String

    /// - Parameter redact: Removes secrets from each line.
    init(verbose: Bool, quiet: Bool = false, redact: @escaping @Sendable (String) -> String = { $0 }) {
        isVerbose = verbose
        isQuiet = quiet
        self.redact = redact
    }

    func callAsFunction(_ event: ArchiveEvent) {
        switch event {
        case .discovered(let named, let new):
            step("found      \(Rendering.count(new.count, "new task")) of \(named) named", minor: new.isEmpty)
        case .swept(let tasks, let new, _): step("swept      \(Rendering.count(tasks, "task")), \(new) new", minor: true)
        case .sweepFailed(let reason, let isRefused, let date):
            let what =
                isRefused ? "the API refuses to list the account's tasks; other sources of tasks continue" : "the sweep failed"
            tell("warning    \(what); next try at \(Rendering.minute(date)) UTC: \(reason)")
        case .resolved(let id, let outputs):
            counts.withLock { $0.known += outputs }
            step("resolved   \(id): \(Rendering.count(outputs, "picture"))", minor: true)
        case .archived(let entry):
            counts.withLock { $0.archived += 1 }
            step("archived   \(entry.id): \(Self.summary(entry))")
        case .unavailable(let entry):
            counts.withLock { $0.unavailable += 1 }
            tell("LOST       \(entry.id): \(entry.reason ?? "no reason is known")")
        case .taskEnded(let id, let state, let reason): tell("\(state.rawValue.padded(to: 11))\(id): \(reason)")
        case .postponed(let subject, let error, let date):
            step("retry      \(subject) at \(date.iso8601.dropFirst(11).prefix(8)): \(error)", minor: true)
        case .failing(let subject, let cause, let reason):
            tell("\(cause == .ours ? "HELD       " : "FAILING    ")\(subject): \(reason)")
        case .waiting(let date):
            tell(
                "waiting    until \(date.iso8601.dropFirst(11).prefix(8)) UTC, for the next try or the end of another worker's lease"
            )
        case .sourceStopped(let reason): tell("STOPPED    \(reason)")
        case .sourceResumed: tell("resumed    the API accepts the key again")
        case .atRisk(let subject, let deadline, let reason):
            tell("AT RISK    \(subject), deadline \(Rendering.minute(deadline)) UTC: \(reason)")
        case .problemFound(let problem): tell("PROBLEM    \(problem)")
        case .problemCleared(let name): tell("solved     \(name.rawValue)")
        case .warning(let text): tell("warning    \(text)")
        case .note(let text): step("note       \(text)", minor: true)
        }
    }

    /// Minor steps are shown only with `--verbose`. Other steps update the progress line on a terminal.
    private func step(_ text: String, minor: Bool = false) {
        if isVerbose || (!minor && !isQuiet && !Terminal.showsProgress) { return tell(text) }
        let counts = counts.withLock { $0 }
        let lost = counts.unavailable == 0 ? "" : ", \(counts.unavailable) lost"
        Terminal.progress("\(counts.archived) of \(counts.known) archived\(lost)")
    }

    private func tell(_ line: String) { Terminal.log(redact(line)) }

    private static func summary(_ entry: OutputEntry) -> String {
        let pixels = entry.judgement?.delivered.map { "\($0)" } ?? "no picture"
        let format = entry.original?.format ?? "-"
        let bytes = Rendering.bytes(Int64(entry.original?.bytes ?? 0))
        return "\(pixels) \(format) \(bytes) \(entry.judgement?.verdict.rawValue ?? "")"
    }
}

extension String {
    /// Pads with spaces up to a width.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
