import ArchiveModel
import ArchiveStore
import Audit
import BlobStore
import BlockingThreads
import Catalog
import DecoderPool
import Foundation
import ImageCodecs
import Imaging
import SizeContract

/// Implements `audit --format html`.
struct AuditPageWriter {
    private let archive: Archive
    private let sink: OutputFile
    /// The page's folder, to which links to originals are relative; `nil` for stdout.
    private let folder: String?
    private let filter: AuditFilter
    private let decoders: DecoderPool

    init(_ archive: Archive, _ sink: OutputFile, _ output: String?, _ filter: AuditFilter, _ place: DecoderPool.Place) {
        decoders = DecoderPool(place, width: BlockingThreadPool.processors)
        self.archive = archive
        self.sink = sink
        self.filter = filter
        folder = output.flatMap { $0 == "-" ? nil : URL(filePath: $0).deletingLastPathComponent().standardizedFileURL.path() }
    }

    /// - Returns: The totals.
    func write(_ reader: AuditReader) async throws -> AuditReport.Summary {
        var page = ReportPage(empty: reader.nothing, calendar: filter.calendar)
        try await reader.forEachPage(reader.states, .pictures) {
            for (entry, charge) in $0 { page.add(entry, charge) }
        }
        for (task, charge) in try await reader.tasks() { page.add(task, charge) }
        let (rows, blobs, folder, decoders) = (page.rows, archive.blobs, folder, decoders)
        defer { decoders.close() }
        if !rows.isEmpty { try await decoders.start() }
        // Thumbnails are made concurrently. The page then uses them in the order of its rows.
        let attachments = await withTaskGroup(of: RowAttachment.self) { group in
            for row in rows {
                group.addTask {
                    RowAttachment(id: row.entry.id, attachment: await Self.attachment(row.entry, blobs, folder, decoders))
                }
            }
            return await group.reduce(into: [OutputID: ReportPage.Attachment]()) { $0[$1.id] = $1.attachment }
        }
        let html = try await page.html(title: "Audit of generated pictures", scope: scope(reader.now), now: reader.now) {
            attachments[$0.entry.id] ?? ReportPage.Attachment()
        }
        sink.write(Data(html))
        return page.total
    }

    /// The attachment of one row. A struct and not a tuple: see `SingleAnswer` in `Archiver+Resolve.swift`.
    private struct RowAttachment: Sendable {
        var id: OutputID
        var attachment: ReportPage.Attachment
    }

    /// Longest side of a thumbnail in the table, in pixels. Large enough for screens with double pixel density.
    private static let side = 128

    private static func attachment(
        _ entry: AuditEntry, _ blobs: any BlobUpkeep, _ folder: String?, _ decoders: DecoderPool
    ) async -> ReportPage.Attachment {
        var attachment = ReportPage.Attachment()
        if let original = entry.original, let path = try? await blobs.localPath(of: original.digest) {
            attachment.link = link(to: path, from: folder)
        }
        guard let digest = entry.thumbnail, let bytes = try? await blobs.contents(of: digest) else { return attachment }
        var recipe = DerivativeRecipe()
        recipe.thumbnailSide = side
        recipe.previewSide = side
        let picture = try? await decoders.inspect(try bytes.array, recipe: recipe)
        if let small = picture?.thumbnail {
            attachment.thumbnail = (Array(small.bytes), small.format.mediaType, small.width, small.height)
        }
        return attachment
    }

    /// The address of a file. Relative to the page's folder if there is one, so that the page and the archive can be moved
    /// together.
    static func link(to path: String, from folder: String?) -> String? {
        guard let folder else { return URL(filePath: path).standardizedFileURL.absoluteString }
        let target = URL(filePath: path).resolvingSymlinksInPath().pathComponents
        let start = URL(filePath: folder, directoryHint: .isDirectory).resolvingSymlinksInPath().pathComponents
        let common = zip(target, start).prefix { $0 == $1 }.count
        let steps = Array(repeating: "..", count: start.count - common) + target[common...]
        return steps.map { $0.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? $0 }.joined(separator: "/")
    }

    /// Describes the selected part of the archive.
    private func scope(_ now: Date) -> String {
        var parts: [String] = []
        let calendar = filter.calendar
        if let since = filter.since(now) { parts.append("created since \(calendar.minute(since)) \(calendar.name)") }
        if let until = filter.until(now) { parts.append("created before \(calendar.minute(until)) \(calendar.name)") }
        if let model = filter.model { parts.append("of the model \(model)") }
        if let query = filter.query { parts.append("whose prompt contains \u{201C}\(query)\u{201D}") }
        if let verdict = filter.verdict { parts.append("judged \(verdict.rawValue)") }
        if let tier = filter.tier { parts.append("requested as \(tier)") }
        return parts.isEmpty ? "All pictures of the archive." : "Pictures " + parts.joined(separator: ", ") + "."
    }
}
