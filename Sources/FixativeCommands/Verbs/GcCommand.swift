import ArchiveModel
import ArchiveStore
import ArgumentParser
import Foundation
import Upkeep

struct GcCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Delete files that belong to no record and have been unused for some time.",
        discussion: """
            Crashes leave such files, and so do thumbnails that were made again. Workers can run at the same time. \
            Nothing is deleted while a record is missing or damaged, because such a record could refer to any file. Pictures \
            larger than a thumbnail are deleted only with --pictures: such pictures could be the only originals, if records \
            and catalog were lost.
            """)

    @Option(help: ArgumentHelp("How long a file must have been unused: 12h, 14d; at least 1h.", valueName: "time"))
    var grace = DurationArgument(seconds: 14 * 86400)

    @Flag(help: "Also delete pictures larger than a thumbnail: old previews, and deliveries that belong to no record.")
    var pictures = false

    @Flag(help: "Only print what would be deleted.")
    var dryRun = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard grace.seconds >= GarbageCollector.leastGrace else {
            throw ValidationError("--grace takes at least 1h: a worker stores a file before it writes the record of this file")
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
            "\(count) (\(Rendering.bytes(report.bytes))) \(dryRun ? "would be deleted" : "deleted")",
            "\(Rendering.count(report.pictures, "picture")) kept\(report.pictures == 0 ? "" : " (--pictures deletes them)")",
            "\(report.young) too young or in use again", "\(Rendering.count(report.unfinished, "unfinished file"))",
        ]
        Terminal.write(parts.joined(separator: ", ") + "\n")
    }
}
