import ArchiveModel
import ArgumentParser
import Foundation
import GenerationAPI
import Upkeep

struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make the catalog again from records and files.",
        discussion: """
            Waiting tasks of a readable catalog stay in the queue. A damaged catalog is put aside. For this, close \
            every other process that uses the archive.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try await UpkeepArchive(path: settings.storage, deep: false, permissions: settings.permissions)
        let (summary, place, losses) = try await archive.rebuild(results: countResults)
        if let place {
            Terminal.log("the catalog was damaged (\(archive.damage.joined(separator: ", "))) and was moved to \(place)")
        }
        for loss in losses { Terminal.log("not saved: \(loss)") }
        if output.format == .json {
            Terminal.write(try Rendering.json(summary))
        } else {
            let counts = "\(Rendering.count(summary.outputs, "output")) of \(Rendering.count(summary.tasks, "task"))"
            Terminal.write("\(counts) added to the catalog\n")
            for path in summary.unreadable { Terminal.write("not a valid record: \(Table.plain(path))\n") }
            for id in summary.remembered { Terminal.write("without a record, restored from the catalog's copy: \(id)\n") }
            for id in summary.withoutOriginal { Terminal.write("without its original: \(id)\n") }
        }
        let isWhole = [summary.unreadable, summary.withoutOriginal, summary.remembered].allSatisfy(\.isEmpty)
        if !isWhole { throw ExitCode.foundWrong }
    }
}

/// The number of results in an answer of the upstream.
@Sendable func countResults(_ answer: JSONValue) -> Int { TaskSnapshot(answer)?.results.count ?? 0 }
