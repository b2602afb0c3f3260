import ArchiveModel
import Archiver
import Foundation
import GenerationAPI
import Logging
import SizeContract

/// Writes archiving events as structured log lines with the related IDs.
struct EventLog: Sendable {
    let logger: Logger

    /// Maximum number of IDs per line.
    private static let idsTold = 50

    func callAsFunction(_ event: ArchiveEvent) {
        switch event {
        case .discovered(_, let new):
            guard !new.isEmpty else { return }
            logger.info(
                "found",
                metadata: ["new": "\(new.count)", "tasks": .array(new.prefix(Self.idsTold).map { .string($0.text) })])
        case .swept(let tasks, let new, let isDeep):
            let level = new > 0 || isDeep ? Logger.Level.info : .debug
            logger.log(level: level, "swept", metadata: ["seen": "\(tasks)", "new": "\(new)", "deep": "\(isDeep)"])
        case .sweepFailed(let reason, let isRefused, let date):
            logger.warning(
                isRefused
                    ? "the API refuses to list the account's tasks; other sources of tasks continue"
                    : "the sweep failed; it is tried again",
                metadata: ["reason": "\(reason)", "nextTry": "\(date.iso8601)"])
        case .resolved(let id, let outputs): logger.info("resolved", metadata: ["task": "\(id)", "outputs": "\(outputs)"])
        case .archived(let entry):
            logger.info("archived", metadata: Self.facts(of: entry))
        case .unavailable(let entry):
            logger.error("lost", metadata: Self.facts(of: entry))
        case .taskEnded(let id, let state, let reason):
            logger.warning(
                "ended without a picture", metadata: ["task": "\(id)", "state": "\(state.rawValue)", "reason": "\(reason)"])
        case .postponed(let subject, let error, let date):
            logger.info("retry later", metadata: ["subject": "\(subject)", "reason": "\(error)", "nextTry": "\(date.iso8601)"])
        case .failing(let subject, let cause, let reason):
            logger.warning(
                cause == .ours ? "held because of a problem of this installation" : "failing",
                metadata: ["subject": "\(subject)", "cause": "\(cause.rawValue)", "reason": "\(reason)"])
        case .waiting(let date): logger.debug("waiting", metadata: ["until": "\(date.iso8601)"])
        case .sourceStopped(let reason): logger.error("the upstream refuses the key", metadata: ["reason": "\(reason)"])
        case .sourceResumed: logger.notice("the upstream accepts the key again")
        case .atRisk(let subject, let deadline, let reason):
            logger.warning(
                "at risk", metadata: ["subject": "\(subject)", "deadline": "\(deadline.iso8601)", "reason": "\(reason)"])
        case .problemFound(let problem):
            logger.error(
                "the real state of the account is unknown because of a problem",
                metadata: ["problem": "\(problem.name.rawValue)", "reason": "\(problem.detail)", "next": "\(problem.advice)"])
        case .problemCleared(let name): logger.notice("problem solved", metadata: ["problem": "\(name.rawValue)"])
        case .warning(let text): logger.warning("\(text)")
        case .note(let text): logger.info("\(text)")
        }
    }

    private static func facts(of entry: OutputEntry) -> Logger.Metadata {
        var facts: Logger.Metadata = ["task": "\(entry.id.task)", "output": "\(entry.id.index)"]
        if let judgement = entry.judgement { facts["verdict"] = "\(judgement.verdict.rawValue)" }
        if let size = entry.judgement?.delivered { facts["pixels"] = "\(size)" }
        if let original = entry.original {
            facts["sha256"] = "\(original.digest)"
            facts["bytes"] = "\(original.bytes)"
        }
        if let reason = entry.reason { facts["reason"] = "\(reason)" }
        return facts
    }
}
