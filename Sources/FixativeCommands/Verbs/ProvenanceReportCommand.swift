import ArchiveModel
import ArchiveStore
import ArgumentParser
import Catalog
import Foundation

struct ProvenanceReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Sum up the verdicts, by state, signer, software or day.",
        discussion: "Pictures are checked when they are archived. The report shows the verdicts of that time.")

    @Option(help: ArgumentHelp("Sum up by signer, generator, agent, state or day.", valueName: "what"))
    var by = ProvenanceGrouping.state

    @Option(help: ArgumentHelp("Only pictures whose prompt contains these words.", valueName: "words"))
    var query: String?

    @Option(
        help: ArgumentHelp(
            "Only pictures created since this time: 24h or 7d ago, or a date such as 2026-11-01.", valueName: "span"))
    var since: TimeSpan?

    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    private struct JSONOutput: Encodable {
        var by: String
        var groups: [ProvenanceGroup]
    }

    func run() async throws {
        let archive = try Archive(try await Settings.load(common), creating: false, reading: true)
        var report = ProvenanceReport(by)
        let query = EntryQuery(text: query, states: [.archived], since: since?.date(from: archive.clock.now))
        try await archive.catalog.forEachCredentialPage(query) { rows in
            for row in rows { report.add(row) }
        }
        let groups = report.groups
        switch format {
        case .json: Terminal.write(try Rendering.json(JSONOutput(by: by.rawValue, groups: groups)))
        case .csv: Terminal.write(ProvenanceReport.table(groups, by).csv)
        case .table: Terminal.write(ProvenanceReport.table(groups, by).text)
        }
    }
}
