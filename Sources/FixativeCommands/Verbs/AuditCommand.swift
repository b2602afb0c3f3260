import ArchiveModel
import ArgumentParser
import Audit
import Catalog
import Foundation
import SizeContract

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Compare what was asked, delivered and billed.",
        discussion: "Exit code 0 when every picture is exact, accepted or unrequested and none is lost; 1 otherwise.")

    @Option(help: ArgumentHelp("Only what was created since then: 24h, 7d, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Flag(help: "Only what it all comes to; at once, however large the archive.")
    var summary = false

    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard !summary || format != .csv else { throw ValidationError("--summary writes table or json") }
    }

    func run() async throws {
        let archive = try OpenArchive(try await Settings.load(common), creating: false)
        let since = since?.date(from: archive.clock.now)
        let found = summary ? try await summarise(archive, since: since) : try await report(archive, since: since)
        if !found.isClean { throw ExitCode.foundWrong }
    }

    private func summarise(_ archive: OpenArchive, since: Date?) async throws -> AuditReport.Summary {
        let summary = try await Self.summary(archive, since: since)
        Terminal.write(format == .json ? try Rendering.json(Whole(summary: summary)) : Self.text(summary))
        return summary
    }

    private struct Whole: Encodable {
        var summary: AuditReport.Summary
    }

    /// What it all comes to, from the catalog's counters.
    static func summary(_ archive: OpenArchive, since: Date?) async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary()
        for tally in try await archive.catalog.tallies(since: since, before: nil) { summary.add(tally) }
        try await archive.catalog.forEachEndedTask(EndedTaskQuery(states: [.unavailable], since: since)) {
            summary.unavailable += $0.tasks.count
        }
        return summary
    }

    /// Writes the report as the catalog hands it over, so that memory does not grow with the archive; the JSON is that of an
    /// ``AuditReport``, with its keys in their order.
    private func report(_ archive: OpenArchive, since: Date?) async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary()
        if format == .json {
            var lost = JSONArrayStream(depth: 1)
            Terminal.write("{\n  \"lost\" : ")
            summary.add(try await Self.forEachLost(archive, since: since) { try lost.append($0) })
            try lost.finish()
            var outputs = JSONArrayStream(depth: 1)
            Terminal.write(",\n  \"outputs\" : ")
            summary.add(try await Self.forEachOutput(archive, since: since) { try outputs.append($0) })
            try outputs.finish()
            let whole = try Rendering.json(Whole(summary: summary)).drop { $0 != "\n" }
            Terminal.write("," + whole)
            return summary
        }
        var rows = RowStream(columns: Self.columns, format: format)
        summary.add(try await Self.forEachOutput(archive, since: since) { try rows.append(Self.cells($0)) })
        try rows.finish()
        guard format == .table else {
            summary.add(try await Self.forEachLost(archive, since: since) { _ in })
            return summary
        }
        let lost = try await Self.summary(archive, since: since).unavailable
        Terminal.write("\n" + Self.judged(summary) + (lost > 0 ? "lost: \(lost)\n" : ""))
        summary.add(try await Self.forEachLost(archive, since: since) { Terminal.write(Self.line($0)) })
        return summary
    }

    /// Hands over what was judged.
    /// - Returns: What it comes to.
    private static func forEachOutput(
        _ archive: OpenArchive, since: Date?, _ body: (AuditReport.Output) throws -> Void
    ) async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary()
        try await archive.catalog.forEachPage(EntryQuery(states: [.archived], since: since)) { page in
            let part = AuditReport(page.entries, lostTasks: [])
            for output in part.outputs { try body(output) }
            summary.add(part.summary)
        }
        return summary
    }

    /// Hands over what can't be had: outputs first, then tasks.
    /// - Returns: What it comes to.
    static func forEachLost(
        _ archive: OpenArchive, since: Date?, _ body: (AuditReport.Lost) throws -> Void
    ) async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary()
        try await archive.catalog.forEachPage(EntryQuery(states: [.unavailable], since: since)) { page in
            let part = AuditReport(page.entries, lostTasks: [])
            for lost in part.lost { try body(lost) }
            summary.add(part.summary)
        }
        try await archive.catalog.forEachEndedTask(EndedTaskQuery(states: [.unavailable], since: since)) { page in
            let part = AuditReport([], lostTasks: page.tasks.map { ($0.id, $0.reason ?? "unknown") })
            for lost in part.lost { try body(lost) }
            summary.add(part.summary)
        }
        return summary
    }

    private static let columns: [Table.Column] = [
        .init("TASK"), .init("INDEX", .right), .init("ASKED"), .init("EXPECTED"), .init("DELIVERED"), .init("FORMAT"),
        .init("VERDICT"), .init("BILLED"), .init("GOT"), .init("OVERPAID", .right), .init("RATIO_ERROR", .right),
        .init("BYTES", .right), .init("SHA256", limit: 13),
    ]

    private static func cells(_ output: AuditReport.Output) -> [String] {
        let asked = [output.requested?.size, output.requested?.resolution].compactMap { $0 }.joined(separator: " ")
        let delivered = output.delivered.flatMap { got in got.width.flatMap { width in got.height.map { "\(width)x\($0)" } } }
        return [
            output.taskId.text, "\(output.index)", asked.isEmpty ? "-" : asked, output.expected.map { "\($0)" } ?? "-",
            delivered ?? "-", output.delivered?.format ?? "-", output.verdict.rawValue, output.billedTier?.rawValue ?? "-",
            output.deliveredTier?.rawValue ?? "-", output.overpaidMultiplier.map { $0 == .zero ? "0" : "\($0)" } ?? "-",
            output.ratioError.map { String(format: "%.4f", $0) } ?? "-", output.delivered.map { "\($0.bytes)" } ?? "-",
            output.delivered?.sha256.hex ?? "-",
        ]
    }

    /// What the judged figures come to, in a few lines.
    private static func judged(_ summary: AuditReport.Summary) -> String {
        var text = "\(Rendering.count(summary.outputs, "picture")) judged"
        let counts = Verdict.allCases.compactMap { verdict in
            summary.byVerdict[verdict.rawValue].map { "\($0) \(verdict.rawValue)" }
        }
        if !counts.isEmpty { text += ": " + counts.joined(separator: ", ") }
        return text + "\noverpaid: \(summary.overpaidMultiplier) base prices, for pixels that were billed and not delivered\n"
    }

    /// What the figures come to, in a few lines.
    static func text(_ summary: AuditReport.Summary) -> String {
        judged(summary) + (summary.unavailable > 0 ? "lost: \(summary.unavailable)\n" : "")
    }

    /// A lost picture under the count of them.
    static func line(_ lost: AuditReport.Lost) -> String {
        "  \(lost.taskId)\(lost.index.map { " #\($0)" } ?? ""): \(Table.plain(lost.reason))\n"
    }
}
