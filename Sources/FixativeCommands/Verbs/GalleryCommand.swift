import ArchiveModel
import ArchiveServer
import ArchiveStore
import Archiver
import ArgumentParser
import BlobStore
import Catalog
import Foundation
import Gallery

struct GalleryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gallery", abstract: "Write a gallery of static pages that works from a disk and from any web server.")

    @Argument(help: ArgumentHelp("The folder of the pages: empty, new, or written by an earlier run.", valueName: "out-dir"))
    var folder: String

    @Option(help: "Only pictures whose prompt contains these words.")
    var query: String?

    @Option(help: ArgumentHelp("Only pictures created since this time: 24h or 7d ago, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Option(help: "The title of the pages.")
    var title = "Gallery"

    @Option(
        name: .customLong("base-url"),
        help: ArgumentHelp(
            "The address at which the site will be published; the links of the feed are then absolute.", valueName: "url"))
    var baseURL: String?

    @Flag(
        help: "Copy the archive's files into the gallery, or link them: a linked gallery takes no space and is for reading only.")
    var transfer: Transfer = .copy

    @Flag(help: "Include the originals, for full size and download.")
    var originals = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    enum Transfer: EnumerableFlag { case copy, link }

    func validate() throws {
        guard let baseURL else { return }
        let url = URL(string: baseURL)
        guard let url, ["http", "https"].contains(url.scheme?.lowercased()), url.host()?.isEmpty == false, url.query() == nil,
            url.fragment() == nil
        else {
            throw ValidationError("--base-url takes the address of a folder, such as https://pictures.example.org/studio/")
        }
    }

    private struct JSONOutput: Encodable {
        var index: String
        var pictures: Int
        var written: Int
        var kept: Int
        var removed: Int
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false, reading: true)
        let summary = try await Self.write(
            archive, to: folder, title: title, baseURL: baseURL, query: query, since: since?.date(from: archive.clock.now),
            originals: originals, link: transfer == .link, riskTime: settings.riskTime)
        let index = "\(folder)/index.html"
        if output.format == .json {
            return Terminal.write(
                try Rendering.json(
                    JSONOutput(
                        index: index, pictures: summary.pictures, written: summary.written, kept: summary.kept,
                        removed: summary.removed)))
        }
        let files = "\(summary.written) files written, \(summary.kept) kept, \(summary.removed) removed"
        Terminal.write("\(index): \(Rendering.count(summary.pictures, "picture")); \(files)\n")
    }

    /// The live gallery of a service, with the same pages.
    static func live(_ archive: Archive, riskTime: @escaping @Sendable () -> TimeInterval) throws -> LiveGallery {
        let options = LiveGallery.Options(title: "Gallery", identity: identity(archive, title: "Gallery"))
        return try LiveGallery(options, catalog: archive.catalog, riskTime: riskTime)
    }

    private static func identity(_ archive: Archive, title: String, query: String? = nil) -> String {
        "\(archive.files.archiveID) \(title) \(query ?? "")"
    }

    static func write(
        _ archive: Archive, to folder: String, title: String, baseURL: String? = nil, query: String? = nil,
        since: Date? = nil,
        originals: Bool, link: Bool, riskTime: TimeInterval = AtRisk.time
    ) async throws -> GallerySummary {
        let entries = try await archive.catalog.entries(EntryQuery(text: query, states: [.archived, .unavailable], since: since))
        let waiting = try await WaitingList.find(
            in: archive.catalog, now: archive.clock.now, riskTime: riskTime, part: .init(words: query, since: since))
        let options = GalleryExport.Options(
            title: title, baseURL: baseURL, identity: identity(archive, title: title, query: query),
            output: folder,
            includesOriginals: originals, transfer: link ? .link : .copy)
        return try await GalleryExport(options).write(entries, waiting: waiting, blobs: ArchiveBlobs(blobs: archive.blobs))
    }
}

/// Provides the archive's blobs to the gallery.
private struct ArchiveBlobs: GalleryBlobSource {
    let blobs: any BlobUpkeep

    func bytes(of digest: Digest) async throws -> [UInt8] { try await blobs.contents(of: digest).array }
    func path(of digest: Digest) async throws -> String? { try await blobs.localPath(of: digest) }
}
