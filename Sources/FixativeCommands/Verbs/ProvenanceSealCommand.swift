import ArchiveModel
import ArchiveStore
import ArgumentParser
import Foundation
import Upkeep

struct ProvenanceSealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal", abstract: "Seal the records of each closed day, and have a time-stamp authority date the seals.",
        discussion: """
            A seal is a Merkle tree over what the records of one day say; it is a file in records/seals/. With a time-stamp \
            authority, its root gets a token of RFC 3161. Only the root is sent, and no key. A day closes 15 minutes after \
            midnight UTC; 'fixative run' seals it then by itself. Seals without a token get one as soon as an authority is named. \
            Exit code 1 when a record could not be sealed, 2 when there is no time stamp from the authority.
            """)

    @Option(
        help: ArgumentHelp(
            "The time-stamp authority: HTTPS, or HTTP on this machine (FIXATIVE_TSA; default: none).", valueName: "url"))
    var tsa: String?

    @Option(
        help: ArgumentHelp(
            "Only this day in UTC, such as 2026-11-26, also when it is not closed yet. Records that are filed later get another seal.",
            valueName: "date"))
    var day: SealDay?

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let settings = try await Settings.load(common)
        let stamp = try SealMaker.stamp(tsa ?? settings.tsa, allowsPlainHTTP: settings.allowsPrivateHosts)
        let archive = try Archive(settings, creating: false)
        if let day, day.start > archive.clock.now {
            throw SettingsError("the day \(day) has not begun yet in UTC; choose an earlier one with --day")
        }
        let report = try await SealMaker(archive, stamp: stamp).seal(day)
        switch output.format {
        case .json: Terminal.write(try Rendering.json(report))
        case .table: Terminal.write(Self.text(report))
        }
        if let problem = report.stampProblem {
            throw SettingsError(
                "\(problem)\nThe seals are filed without a time stamp. Run the command again, or name another authority with --tsa"
            )
        }
        if !report.failed.isEmpty { throw ExitCode.foundWrong }
    }

    private static func text(_ report: SealMaker.Report) -> String {
        var lines = report.sealed.map { "\($0.seal)  \(Rendering.count($0.records, "record")) sealed, root \($0.root)" }
        lines += report.stamped.map { "\($0)  time stamp added" }
        lines += report.failed.map { "not sealed: \($0)" }
        if report.sealed.isEmpty { lines.append("no record of a closed day is without a seal") }
        if !report.withoutTimeStamp.isEmpty, report.stampProblem == nil {
            lines.append("\(Rendering.count(report.withoutTimeStamp.count, "seal")) without a time stamp; --tsa adds them")
        }
        return lines.map { $0 + "\n" }.joined()
    }
}

extension SealDay: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
