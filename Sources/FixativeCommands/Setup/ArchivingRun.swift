import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import Catalog
import GenerationAPI

/// Runs the archiver for a subcommand: works until done or asked to stop, reports the result, and ends with the matching exit
/// code.
struct ArchivingRun {
    var context: ArchiverContext
    var format: TableOrJSON
    /// Tasks named by the user, whose results are reported.
    var named: [TaskID]

    /// - Parameter foundWrong: Whether a problem was found before the run.
    func run(foundWrong: Bool = false) async throws {
        let summary = try await stoppingAtSignals(context.archiver) { [context] in try await context.run() }
        Terminal.endProgress()
        let lost = try await lost()
        let failing = try await context.archive.catalog.failing(limit: Self.waitsTold)
        let problems = context.problems()
        try await report(summary, lost: lost, failing, problems)
        if !problems.isEmpty { throw ExitCode.foundWrong }
        if summary.stopReason != nil { throw ExitCode.couldNot }
        if summary.wasStopped { return }
        if foundWrong || summary.unavailable + summary.undecodable + summary.atRisk + summary.waiting > 0 || !lost.isEmpty {
            throw ExitCode.foundWrong
        }
    }

    /// Named tasks without all of their pictures, with the reasons.
    private func lost() async throws -> [String] {
        let catalog = context.archive.catalog
        var lost: [String] = []
        for id in named {
            guard let task = try await catalog.task(id) else { continue }
            if [.unavailable, .failed, .cancelled].contains(task.state) {
                lost.append("\(id): \(task.state.rawValue), \(task.reason ?? "no reason is known")")
            }
            for entry in try await catalog.entries(EntryQuery(states: [.unavailable], task: id)) {
                lost.append("\(entry.id): \(entry.reason ?? "no reason is known")")
            }
        }
        return lost
    }

    private func waiting() async throws -> String {
        let status = try await context.archive.catalog.status(now: context.archive.clock.now)
        let outputs = [OutputState.waiting, .leased].reduce(0) { $0 + (status.outputs[$1] ?? 0) }
        let tasks = [TaskState.waiting, .leased, .held].reduce(0) { $0 + (status.tasks[$1] ?? 0) }
        return "\(Rendering.count(outputs, "picture")) and \(Rendering.count(tasks, "task")) still wait"
    }

    private struct JSONOutput: Encodable {
        var archived: Int
        var duplicates: Int
        var newBytes: Int64
        var undecodable: Int
        var unavailable: Int
        var atRisk: Int
        /// Outputs and tasks that have not ended.
        var waiting: Int
        var failing: [FailingRow]
        var lost: [String]
        var stopped: String?
        /// Problems that may hide the real state of the account or the archive.
        var problems: [UpstreamProblem]
    }

    /// Maximum number of waiting items listed individually.
    private static let waitsTold = 10

    private func report(_ summary: ArchiveSummary, lost: [String], _ failing: Failing, _ problems: [UpstreamProblem]) async throws
    {
        if format == .json {
            return Terminal.write(
                try Rendering.json(
                    JSONOutput(
                        archived: summary.archived, duplicates: summary.duplicates, newBytes: summary.newBytes,
                        undecodable: summary.undecodable, unavailable: summary.unavailable, atRisk: summary.atRisk,
                        waiting: summary.waiting, failing: failing.rows(now: context.archive.clock.now), lost: lost,
                        stopped: summary.stopReason, problems: problems)))
        }
        let same = summary.duplicates == 0 ? "" : ", \(Rendering.count(summary.duplicates, "duplicate"))"
        Terminal.write(
            "\(Rendering.count(summary.archived, "picture")) archived (\(Rendering.bytes(summary.newBytes)) new\(same)), \(summary.unavailable) lost\n"
        )
        if summary.undecodable > 0 {
            Terminal.write("\(summary.undecodable) of them undecodable: 'fixative list --verdict undecodable'\n")
        }
        if summary.atRisk > 0 { Terminal.write("\(summary.atRisk) at risk: 'fixative list --at-risk'\n") }
        for line in lost { Terminal.write("lost: \(Table.plain(line))\n") }
        if summary.unavailable > 0 || !lost.isEmpty {
            Terminal.write("to see the reasons: 'fixative list --lost'; to try again: 'fixative retry'\n")
        }
        if summary.waiting > 0, !summary.wasStopped { try await tellWhatWaits(summary, failing) }
        if summary.wasStopped { Terminal.write("stopped; \(try await waiting()); the same command continues\n") }
        for problem in problems { Terminal.write("problem: \(Table.plain("\(problem)"))\n") }
        if let reason = summary.stopReason { Terminal.complain("fixative: \(reason)") }
    }

    private func tellWhatWaits(_ summary: ArchiveSummary, _ failing: Failing) async throws {
        let rows = failing.rows(now: context.archive.clock.now)
        for row in rows.prefix(Self.waitsTold) { Terminal.write("\(row.text)\n") }
        let more = failing.count - min(rows.count, Self.waitsTold)
        if more > 0 { Terminal.write("and \(more) more: 'fixative list --failing'\n") }
        Terminal.write("\(try await waiting()); the same command or 'fixative run' continues\n")
    }
}
