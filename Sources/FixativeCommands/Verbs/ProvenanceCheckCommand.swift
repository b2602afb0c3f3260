import ArchiveModel
import ArchiveStore
import ArgumentParser
import BlockingThreads
import Catalog
import DecoderPool
import Foundation
import Upkeep

struct ProvenanceCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the Content Credentials of archived pictures again, and record each verdict.",
        discussion: """
            Verdicts are appended to the history in the records; none is overwritten. A picture that was checked with the same \
            lists in the last 24 hours is skipped, so an interrupted check continues. With --at, the verdict for another time is \
            computed and nothing is recorded. Exit code 1 when a state is worse than before, or when a picture could not be checked.
            """)

    @OptionGroup(title: "Trust") var trust: TrustOptions

    @Option(
        help: ArgumentHelp("Compute the verdicts for this time, such as 2027-05-01, and record nothing.", valueName: "date"))
    var at: MomentArgument?

    @Flag(help: "Also check pictures that were checked in the last 24 hours.")
    var again = false

    @Option(
        help: ArgumentHelp(
            "Only pictures created since this time: 24h or 7d ago, or a date such as 2026-11-01.", valueName: "span"))
    var since: TimeSpan?

    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    func run() async throws {
        let settings = try await Settings.load(common)
        let trust = try trust.settings()
        let archive = try Archive(settings, creating: false, reading: at != nil)
        let width = BlockingThreadPool.processors
        let decoders = DecoderPool(settings.decoders, width: width, trust: trust)
        defer { decoders.close() }
        let checker = CredentialChecker(
            blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock, decoders: decoders,
            width: width, trust: trust)
        let query = EntryQuery(since: since?.date(from: archive.clock.now))
        let scope = CredentialChecker.Scope(query: query, moment: at?.date, again: again)
        let report = try await checker.check(scope) { Terminal.progress("\(Rendering.count($0, "picture")) checked") }
        Terminal.endProgress()
        switch format {
        case .json: Terminal.write(try Rendering.json(report))
        case .csv: Terminal.write(Self.table(report).csv)
        case .table: Terminal.write(Self.text(report))
        }
        if !report.isClean { throw ExitCode.foundWrong }
    }

    private static func table(_ report: CredentialChecker.Report) -> Table {
        var table = Table(columns: [
            .init("FINDING"), .init("TASK"), .init("INDEX", .right), .init("BEFORE"), .init("NOW"), .init("WHY"),
        ])
        table.rows = report.fallen.map {
            ["worse", $0.task.text, "\($0.index)", $0.before.rawValue, $0.after.rawValue, $0.failures.joined(separator: ", ")]
        }
        table.rows += report.failed.map { ["failed", "-", "-", "-", "-", $0] }
        return table
    }

    private static func text(_ report: CredentialChecker.Report) -> String {
        var text = report.isClean ? "" : table(report).text + "\n"
        let states = report.states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let when = report.isRecorded ? "" : " for \(Rendering.minute(report.moment)) UTC; nothing was recorded"
        text += "\(Rendering.count(report.checked, "picture")) checked\(when)"
        if report.first > 0 { text += ", \(report.first) for the first time" }
        if report.skipped > 0 { text += ", \(report.skipped) skipped (checked in the last 24 hours)" }
        text += states.isEmpty ? "\n" : ": \(states)\n"
        let problems = "\(report.fallen.count) worse than before, \(report.failed.count) not checked\n"
        return report.isClean ? text : text + problems
    }
}

/// A moment: a date, or a date with a time.
struct MomentArgument: ExpressibleByArgument {
    let date: Date

    init?(argument: String) {
        guard argument.first?.isNumber == true, argument.contains("-"), let span = TimeSpan(argument: argument) else {
            return nil
        }
        date = span.date(from: Date(timeIntervalSince1970: 0))
    }
}
