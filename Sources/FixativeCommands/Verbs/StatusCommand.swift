import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import BlobStore
import Catalog
import Foundation
import SizeContract

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract:
            "Show how much is archived, waiting, failing, held, at risk or lost. Exit code 1 when something is lost, failing, held or at risk."
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    /// An item at risk.
    private struct AtRiskRow: Encodable {
        var taskId: TaskID
        var index: Int?
        var deadline: Date
        var reason: String
    }

    /// Maximum number of at-risk items listed individually.
    private static let maxAtRiskRows = 10

    private struct JSONOutput: Encodable {
        var storage: String
        var archived: Int
        var originalBytes: Int64
        var outputs: [String: Int]
        var tasks: [String: Int]
        var byVerdict: [String: Int]
        var unavailable: Int
        /// Waiting items after a failure, by cause.
        var failingCount: [String: Int]
        var failing: [FailingRow]
        var atRisk: [AtRiskRow]
        var atRiskCount: Int
        var nearestDeadline: Date?
        var held: String?
        var unansweredSubmissions: [String]
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false, reading: true)
        let now = archive.clock.now
        let status = try await archive.catalog.status(now: now)
        let open = try await archive.catalog.openSubmissions()
        let risk = try await AtRisk.find(in: archive.catalog, now: now, time: settings.riskTime, limit: Self.maxAtRiskRows)
        let failing = try await archive.catalog.failing(limit: Self.maxAtRiskRows)
        let failingCounts = failing.outputCounts.merging(failing.taskCounts, uniquingKeysWith: +)
        let lost = (status.outputs[.unavailable] ?? 0) + (status.tasks[.unavailable] ?? 0)
        let result = JSONOutput(
            storage: archive.files.path, archived: status.outputs[.archived] ?? 0, originalBytes: status.originalBytes,
            outputs: Dictionary(uniqueKeysWithValues: status.outputs.map { ($0.key.rawValue, $0.value) }),
            tasks: Dictionary(uniqueKeysWithValues: status.tasks.map { ($0.key.rawValue, $0.value) }),
            byVerdict: Dictionary(uniqueKeysWithValues: status.verdicts.map { ($0.key.rawValue, $0.value) }), unavailable: lost,
            failingCount: Dictionary(uniqueKeysWithValues: failingCounts.map { ($0.key.rawValue, $0.value) }),
            failing: Array(failing.rows(now: now).prefix(Self.maxAtRiskRows)),
            atRisk: Self.atRiskRows(risk, now: now), atRiskCount: risk.outputCount + risk.taskCount,
            nearestDeadline: status.nearestDeadline, held: status.holdReason,
            unansweredSubmissions: open.map(\.key))
        Terminal.write(output.format == .json ? try Rendering.json(result) : text(result, status, open))
        let isHeld = status.tasks[.held, default: 0] > 0
        if lost > 0 || isHeld || !risk.isEmpty || !failing.isEmpty { throw ExitCode.foundWrong }
    }

    private static func atRiskRows(_ risk: AtRisk, now: Date) -> [AtRiskRow] {
        let outputs = risk.outputs.map { output in
            let deadline = output.deadline ?? now
            return AtRiskRow(
                taskId: output.id.task, index: output.id.index, deadline: deadline,
                reason: AtRisk.reason(deadline: deadline, last: output.reason, now: now))
        }
        let tasks = risk.tasks.map { task in
            let deadline = AtRisk.deadline(of: task)
            return AtRiskRow(
                taskId: task.id, deadline: deadline, reason: AtRisk.reason(deadline: deadline, last: task.reason, now: now))
        }
        return Array((outputs + tasks).sorted { $0.deadline < $1.deadline }.prefix(maxAtRiskRows))
    }

    private func text(_ result: JSONOutput, _ status: CatalogStatus, _ open: [OpenSubmission]) -> String {
        var lines = [("storage", result.storage)]
        lines.append(("archived", "\(Rendering.count(result.archived, "picture")), \(Rendering.bytes(result.originalBytes))"))
        let verdicts = Verdict.allCases.compactMap { verdict in status.verdicts[verdict].map { "\(verdict.rawValue) \($0)" } }
        if !verdicts.isEmpty { lines.append(("verdicts", verdicts.joined(separator: ", "))) }
        let tasks = (status.tasks[.waiting] ?? 0) + (status.tasks[.leased] ?? 0)
        let outputs = (status.outputs[.waiting] ?? 0) + (status.outputs[.leased] ?? 0)
        lines.append(("waiting", "\(Rendering.count(tasks, "task")) to read, \(Rendering.count(outputs, "picture")) to fetch"))
        let ended = (status.tasks[.failed] ?? 0) + (status.tasks[.cancelled] ?? 0)
        if ended > 0 { lines.append(("failed", "\(Rendering.count(ended, "task")) for which the upstream made no picture")) }
        lines.append(("lost", result.unavailable == 0 ? "nothing" : "\(result.unavailable), listed by 'fixative list --lost'"))
        if let deadline = status.nearestDeadline {
            lines.append(("deadline", "the nearest is \(Rendering.minute(deadline)) UTC"))
        }
        let counts = result.failingCount.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        if !counts.isEmpty {
            lines.append(("FAILING", "\(counts); tried until the window closes, listed by 'fixative list --failing'"))
        }
        for row in result.failing { lines.append(("", row.text)) }
        if result.atRiskCount > 0 {
            let count = "\(result.atRiskCount)" + (result.atRiskCount < AtRisk.most ? "" : " or more")
            lines.append(("AT RISK", "\(count), listed by 'fixative list --at-risk'"))
        }
        for danger in result.atRisk {
            let name = danger.index.map { "\(danger.taskId) #\($0)" } ?? danger.taskId.text
            lines.append(("", "\(name): \(Table.plain(danger.reason))"))
        }
        if let held = status.holdReason {
            lines.append(("held", "\(Rendering.count(status.tasks[.held] ?? 0, "task")): \(Table.plain(held))"))
        }
        for submission in open {
            lines.append(
                ("unanswered", "a request of \(Rendering.minute(submission.recordedAt)), key \(Table.plain(submission.key))"))
        }
        return lines.map { $0.0.padded(to: 12) + $0.1 + "\n" }.joined()
    }
}
