import ArchiveModel
import ArchiveStore
import ArgumentParser
import DecoderPool
import Foundation
import Upkeep

struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Repair what 'fixative verify' finds.",
        discussion: """
            Thumbnails and previews are made again from their originals, records and rows from each other, a damaged catalog \
            from the records. A damaged original goes to quarantine/. It is copied from --from, or the next 'fixative \
            archive' downloads it again while its link works. Nothing is deleted. Exit code 1 when something could not be \
            repaired, or when an original must still be downloaded. With --dry-run, exit code 1 when something would have to \
            be done. Otherwise exit code 0.
            """)

    @Option(help: ArgumentHelp("Another archive's folder, to copy damaged files from.", valueName: "dir"))
    var from: String?

    @Flag(help: "Read every file first. Without this, repair what 'verify --deep' has found.")
    var deep = false

    @Flag(help: "Only print what would be done.")
    var dryRun = false

    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try await UpkeepArchive(path: settings.storage, deep: true, permissions: settings.permissions)
        let other = try from.map { path in
            try ArchiveFiles(path: path, creating: false, clock: SystemClock()).blobs
        }
        let decoders = DecoderPool(settings.decoders, width: 1)
        defer { decoders.close() }
        let report = try await archive.repair(
            VerificationScope(deep: deep), other: other, dryRun: dryRun, decoders: decoders, results: countResults
        ) { done, total in Terminal.progress("\(done) of \(total) files read") }
        Terminal.endProgress()
        switch format {
        case .json: Terminal.write(try Rendering.json(report))
        case .csv: Terminal.write(Self.table(report).csv)
        case .table: Terminal.write(text(report))
        }
        if !report.isMended { throw ExitCode.foundWrong }
    }

    private static func table(_ report: RepairReport) -> Table {
        var table = Table(columns: [.init("ACTION"), .init("WHERE"), .init("WHAT")])
        table.rows = report.steps.map { [$0.action.rawValue, $0.subject, $0.detail] }
        return table
    }

    private func text(_ report: RepairReport) -> String {
        guard !report.steps.isEmpty else { return "nothing to repair\(untracked(report))\n" }
        let left = report.notMended.count
        let done = Rendering.count(report.steps.count - left, "step")
        let summary = dryRun ? "\(done) would be taken" : "\(done) taken"
        return Self.table(report).text + "\n\(summary), \(left) not repaired\(untracked(report))\n"
    }

    private func untracked(_ report: RepairReport) -> String {
        report.untracked == 0
            ? "" : "; kept \(Rendering.count(report.untracked, "file")) without a record ('fixative gc' deletes old ones)"
    }
}
