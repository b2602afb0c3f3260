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

    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let archive = try OpenArchive(try await Settings.load(common), creating: false)
        let report = try await Self.report(archive, since: since?.date(from: archive.clock.now))
        switch format {
        case .json: Terminal.write(try Rendering.json(report))
        case .csv: Terminal.write(Self.table(report).csv)
        case .table: Terminal.write(Self.table(report).text + "\n" + Self.summary(report))
        }
        if !report.isClean { throw ExitCode.foundWrong }
    }

    static func report(_ archive: OpenArchive, since: Date?) async throws -> AuditReport {
        let entries = try await archive.catalog.entries(EntryQuery(states: [.archived, .unavailable], since: since))
        let lost = try await archive.catalog.endedTasks(limit: .max).filter { task in
            task.state == .unavailable && (task.createdAt ?? task.discoveredAt) >= since ?? .distantPast
        }
        return AuditReport(entries, lostTasks: lost.map { ($0.id, $0.reason ?? "unknown") })
    }

    private static func table(_ report: AuditReport) -> Table {
        var table = Table(columns: [
            .init("TASK"), .init("INDEX", .right), .init("ASKED"), .init("EXPECTED"), .init("DELIVERED"), .init("FORMAT"),
            .init("VERDICT"),
            .init("BILLED"), .init("GOT"), .init("OVERPAID", .right), .init("RATIO_ERROR", .right), .init("BYTES", .right),
            .init("SHA256", limit: 13),
        ])
        for output in report.outputs {
            let asked = [output.requested?.size, output.requested?.resolution].compactMap { $0 }.joined(separator: " ")
            let delivered = output.delivered.flatMap { got in got.width.flatMap { width in got.height.map { "\(width)x\($0)" } } }
            table.rows.append([
                output.taskId.text, "\(output.index)", asked.isEmpty ? "-" : asked, output.expected.map { "\($0)" } ?? "-",
                delivered ?? "-",
                output.delivered?.format ?? "-", output.verdict.rawValue, output.billedTier?.rawValue ?? "-",
                output.deliveredTier?.rawValue ?? "-", output.overpaidMultiplier.map { $0 == .zero ? "0" : "\($0)" } ?? "-",
                output.ratioError.map { String(format: "%.4f", $0) } ?? "-", output.delivered.map { "\($0.bytes)" } ?? "-",
                output.delivered?.sha256.hex ?? "-",
            ])
        }
        return table
    }

    /// What the figures come to, in a few lines.
    static func summary(_ report: AuditReport) -> String {
        let summary = report.summary
        var text = "\(Rendering.count(summary.outputs, "picture")) judged"
        let counts = Verdict.allCases.compactMap { verdict in
            summary.byVerdict[verdict.rawValue].map { "\($0) \(verdict.rawValue)" }
        }
        if !counts.isEmpty { text += ": " + counts.joined(separator: ", ") }
        text += "\n"
        text += "overpaid: \(summary.overpaidMultiplier) base prices, for pixels that were billed and not delivered\n"
        if summary.unavailable > 0 {
            text += "lost: \(summary.unavailable)\n"
            for lost in report.lost {
                text += "  \(lost.taskId)\(lost.index.map { " #\($0)" } ?? ""): \(Table.plain(lost.reason))\n"
            }
        }
        return text
    }
}
