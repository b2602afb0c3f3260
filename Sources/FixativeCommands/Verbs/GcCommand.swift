import ArchiveModel
import ArchiveStore
import ArgumentParser
import Foundation
import Upkeep

struct GcCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Take away files that no record names and nobody has used for long.",
        discussion: """
            Such files are left by crashes and by thumbnails that were made anew. Workers may run meanwhile. Nothing is taken away \
            while a record is missing or damaged: it may name any file. Pictures larger than a thumbnail stay unless --pictures is \
            given: where records were lost together with the catalog, they are what was delivered.
            """)

    @Option(help: ArgumentHelp("How long a file must have gone unused: 12h, 14d; at least 1h.", valueName: "time"))
    var grace = DurationArgument(seconds: 14 * 86400)

    @Flag(help: "Take away pictures larger than a thumbnail, too: old previews, and what was delivered but is named nowhere.")
    var pictures = false

    @Flag(help: "Only say what would be taken away.")
    var dryRun = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard grace.seconds >= GarbageCollector.leastGrace else {
            throw ValidationError("--grace takes at least 1h: a worker may be about to name a file that it has just stored")
        }
    }

    func run() async throws {
        let archive = try Archive(try await Settings.load(common), creating: false, reading: true)
        let collector = GarbageCollector(
            blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock)
        let report = try await collector.collect(grace: grace.seconds, takingPictures: pictures, dryRun: dryRun)
        if !dryRun { await archive.forgetScrubs(of: report.collected.map(\.digest)) }
        guard output.format != .json else { return Terminal.write(try Rendering.json(report)) }
        for blob in report.collected { Terminal.write("\(blob.digest)  \(blob.bytes)\n") }
        let count = Rendering.count(report.collected.count, "file")
        let parts = [
            "\(count) (\(Rendering.bytes(report.bytes))) \(dryRun ? "would be taken away" : "taken away")",
            "\(Rendering.count(report.pictures, "picture")) kept\(report.pictures == 0 ? "" : " (--pictures takes them)")",
            "\(report.young) too young or in use again", "\(Rendering.count(report.unfinished, "unfinished file"))",
        ]
        Terminal.write(parts.joined(separator: ", ") + "\n")
    }
}
