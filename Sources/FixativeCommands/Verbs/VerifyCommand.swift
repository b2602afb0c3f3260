import ArgumentParser
import Foundation
import Upkeep

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare files, records and catalog.",
        discussion: """
            The command checks every name, size, record and row. With --deep, the command also reads every byte; files that \
            were not read for the longest time come first. --for and --sample read a part, and the next run continues there. \
            Exit code 0 when nothing is missing, damaged or misplaced; 1 otherwise. 'fixative repair' repairs the findings.
            """)

    @Flag(help: "Also read every file, hash it again, and check the catalog's indexes.")
    var deep = false

    @Option(name: .customLong("for"), help: ArgumentHelp("Read files for this long: 90s, 10m, 2h.", valueName: "time"))
    var time: DurationArgument?

    @Option(help: ArgumentHelp("Read this part of the files: 5%.", valueName: "percent"))
    var sample: Percentage?

    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    func run() async throws {
        let settings = try await Settings.load(common)
        let scope = VerificationScope(
            deep: deep || time != nil || sample != nil, seconds: time?.seconds, fraction: sample?.fraction ?? 1)
        let archive = try await UpkeepArchive(
            path: settings.storage, deep: scope.deep, reading: true, permissions: settings.permissions)
        let report = try await archive.verify(scope) { done, total in Terminal.progress("\(done) of \(total) files read") }
        Terminal.endProgress()
        switch format {
        case .json: Terminal.write(try Rendering.json(report))
        case .csv: Terminal.write(Self.table(report).csv)
        case .table: Terminal.write(Self.text(report))
        }
        if !report.isClean { throw ExitCode.foundWrong }
    }

    private static func table(_ report: VerificationReport) -> Table {
        var table = Table(columns: [.init("FINDING"), .init("WHERE"), .init("WHAT")])
        table.rows = report.findings.map { [$0.kind.rawValue, $0.subject, $0.detail] }
        return table
    }

    private static func text(_ report: VerificationReport) -> String {
        let counts = [
            "\(Rendering.count(report.blobs, "file")) (\(Rendering.bytes(report.bytes)))",
            Rendering.count(report.records, "record"),
            Rendering.count(report.rows, "catalog row"),
        ]
        let seals = report.seals > 0 ? [Rendering.count(report.seals, "seal")] : []
        let claims = report.claims > 0 ? [Rendering.count(report.claims, "claim")] : []
        var text = (counts + seals + claims).joined(separator: ", ") + " compared\n"
        if report.deep { text += depth(report) }
        if !report.findings.isEmpty { text += "\n" + table(report).text + "\n" }
        let harmless = report.findings.count { $0.kind.isHarmless }
        let wrong = report.findings.count - harmless
        let notes = harmless == 0 ? "" : "; \(Rendering.count(harmless, "harmless note"))"
        if report.litter > 0 {
            text += "\(Rendering.count(report.litter, "file")) of operating systems and sync programs ignored\n"
        }
        return text + (wrong == 0 ? "all is well\(notes)\n" : "\(Rendering.count(wrong, "finding"))\(notes)\n")
    }

    private static func depth(_ report: VerificationReport) -> String {
        let since = report.oldestReading.map { "every file was read since \(Rendering.minute($0)) UTC" }
        return "\(Rendering.count(report.read, "file")) (\(Rendering.bytes(report.readBytes))) read; "
            + (since ?? "\(report.neverRead) never read yet") + "\n"
    }
}
