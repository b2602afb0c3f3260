import ArchiveModel
import ArchiveStore
import ArgumentParser
import BlobStore
import Catalog
import Export
import Foundation
import GenerationAPI

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Export the archive in a standard format.",
        subcommands: [ExportBagItCommand.self])
}

struct ExportBagItCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bagit",
        abstract: "Write a BagIt bag (RFC 8493): pictures under readable names, records, a list, checksums.",
        discussion: """
            The bag is written beside its folder under a temporary name, and renamed when it is complete and on the disk. \
            Exit code 1 when a file could not be exported completely; the bag lists the file and the problem.
            """)

    @Argument(help: ArgumentHelp("The folder of the bag: new or empty.", valueName: "out-dir"))
    var folder: String

    @Option(help: "Only pictures whose prompt contains these words.")
    var query: String?

    @Option(help: ArgumentHelp("Only pictures created since this time: 24h or 7d ago, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Flag(help: "Link the archive's files into the bag instead of copying them, where the file system allows.")
    var link = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    private struct JSONOutput: Encodable {
        var bag: String
        var pictures: Int
        var records: Int
        var unavailable: Int
        var missing: [String]
        var files: Int
        var bytes: Int
    }

    func run() async throws {
        let archive = try Archive(try await Settings.load(common), creating: false, reading: true)
        let bag = try BagItExport(
            BagItExport.Options(
                output: folder, links: link, agent: Product.userAgent.replacing("/", with: " "),
                archiveID: archive.files.archiveID, now: archive.clock.now))
        let source = ArchiveBagSource(archive: archive)
        let query = EntryQuery(
            text: query, states: [.archived, .unavailable], since: since?.date(from: archive.clock.now))
        var done = 0
        try await archive.catalog.forEachPage(query) { page in
            for entry in page.entries { try await bag.add(entry, from: source) }
            done += page.entries.count
            Terminal.progress("\(Rendering.count(done, "output")) added")
        }
        Terminal.progress("writing to the disk")
        let summary = try bag.finish()
        Terminal.endProgress()
        try tell(summary)
    }

    private func tell(_ summary: BagSummary) throws {
        if output.format == .json {
            let result = JSONOutput(
                bag: folder, pictures: summary.pictures, records: summary.records, unavailable: summary.unavailable,
                missing: summary.missing, files: summary.files, bytes: summary.bytes)
            Terminal.write(try Rendering.json(result))
        } else {
            let lost = summary.unavailable == 0 ? "" : ", \(summary.unavailable) lost"
            let what = "\(Rendering.count(summary.pictures, "picture")), \(Rendering.count(summary.records, "record"))\(lost)"
            Terminal.write("\(folder): \(what), \(Rendering.bytes(Int64(summary.bytes)))\n")
        }
        for line in summary.missing { Terminal.complain("not exported completely: \(line)") }
        guard summary.missing.isEmpty else {
            Terminal.complain("run 'fixative verify --deep' and 'fixative repair', then export to another folder")
            throw ExitCode.foundWrong
        }
    }
}

/// Provides the archive's originals and records to a bag.
private struct ArchiveBagSource: BagSource {
    let archive: Archive

    func path(of digest: Digest) async throws -> String? { try await archive.blobs.localPath(of: digest) }

    func record(of entry: OutputEntry) async throws -> BagRecord? {
        // Records are stored by the day of their task. Without a creation time this is the day of discovery, which only the task
        // contains.
        var day = entry.createdAt
        if day == nil, let task = try await archive.catalog.task(entry.id.task) { day = task.createdAt ?? task.discoveredAt }
        guard let day, let found = try await archive.records.listing(at: archive.records.path(of: entry.id, day: day)),
            case .success(let record) = found.record
        else { return nil }
        guard case .output(let output) = record, output.taskJSONFile != nil else { return BagRecord(bytes: found.bytes) }
        let shared = try await archive.records.listing(at: archive.records.path(of: entry.id.task, day: day))
        var taskRecord: [UInt8]?
        if let shared, case .success(.task) = shared.record { taskRecord = shared.bytes }
        return BagRecord(bytes: found.bytes, refersToTask: true, taskRecord: taskRecord)
    }
}
