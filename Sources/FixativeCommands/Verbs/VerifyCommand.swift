import Archiver
import ArgumentParser
import Foundation

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hold files, records and catalog against each other.",
        discussion: "Exit code 0 when nothing is missing, damaged or strange; 1 otherwise.")

    @Flag(help: "Also read every file whole and hash it again.")
    var deep = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let archive = try OpenArchive(try await Settings.load(common), creating: false)
        let verifier = ArchiveVerifier(blobs: archive.blobs, records: archive.records, catalog: archive.catalog)
        let report = try await verifier.verify(deep: deep) { done, total in
            if done.isMultiple(of: 16) || done == total { Terminal.progress("\(done) of \(total) files read") }
        }
        Terminal.endProgress()
        Terminal.write(output.format == .json ? try Rendering.json(report) : Self.text(report))
        if !report.isClean { throw ExitCode.foundWrong }
    }

    private static func text(_ report: VerificationReport) -> String {
        let depth = report.deep ? "read whole" : "compared by size"
        let head =
            "\(Rendering.count(report.blobs, "file")) (\(Rendering.bytes(report.bytes))) \(depth), \(Rendering.count(report.records, "record")), \(Rendering.count(report.rows, "catalog row"))\n"
        let wrong = report.findings.filter { !$0.kind.isHarmless }
        let harmless = report.findings.count - wrong.count
        var text = head
        if !report.findings.isEmpty {
            var table = Table(columns: [.init("FINDING"), .init("WHERE"), .init("WHAT")])
            table.rows = report.findings.map { [$0.kind.rawValue, $0.subject, $0.detail] }
            text += "\n" + table.text + "\n"
        }
        let notes = harmless == 0 ? "" : "; \(Rendering.count(harmless, "harmless note"))"
        return text + (wrong.isEmpty ? "all is well\(notes)\n" : "\(Rendering.count(wrong.count, "finding"))\(notes)\n")
    }
}

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make the catalog again from records and files.",
        discussion: "What waits in a catalog that can still be read stays in the queue.")

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let archive = try OpenArchive.forRebuilding(try await Settings.load(common))
        let rebuilder = CatalogRebuilder(
            blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock)
        let summary = try await rebuilder.rebuild()
        if output.format == .json {
            Terminal.write(try Rendering.json(summary))
        } else {
            Terminal.write("\(Rendering.count(summary.outputs, "output")) of \(Rendering.count(summary.tasks, "task")) entered\n")
            for path in summary.unreadable { Terminal.write("no record: \(path)\n") }
            for id in summary.withoutOriginal { Terminal.write("without its original: \(id)\n") }
        }
        if !summary.unreadable.isEmpty || !summary.withoutOriginal.isEmpty { throw ExitCode.foundWrong }
    }
}
