package import ArchiveModel
package import Foundation

/// What a bag holds.
package struct BagSummary: Sendable, Hashable {
    /// Originals in the bag.
    package var pictures = 0
    package var records = 0
    /// Outputs that were lost before they could be archived: listed, with their reason.
    package var unavailable = 0
    /// Originals that the archive should have and could not give whole, and records likewise: listed, with what is wrong.
    package var missing: [String] = []
    /// Payload files, and their bytes.
    package var files = 0
    package var bytes = 0

    package init() {}
}

/// Writes the archive as a BagIt bag (RFC 8493), for people who have never heard of Fixative: originals under names that say when and from
/// which task they are, records as JSON, a list for a spreadsheet, and a text that explains it all. Every file stands in manifests of
/// SHA-256 and SHA-512.
///
/// Files are streamed; of an output nothing stays in memory. A bag that is dropped before ``finish()`` leaves nothing. Calls block while
/// they read and write.
package final class BagItExport {
    package struct Options: Sendable, Hashable {
        /// A folder that is not there yet, or empty.
        package var output: String
        /// Whether originals become hard links where the file system allows. The bag then shares the archive's files: for reading only.
        package var links: Bool
        /// What made the bag, as in `fixative 0.1.0`.
        package var agent: String
        /// The archive's own id.
        package var archiveID: String
        package var now: Date

        package init(output: String, links: Bool = false, agent: String, archiveID: String, now: Date) {
            self.output = output
            self.links = links
            self.agent = agent
            self.archiveID = archiveID
            self.now = now
        }
    }

    private let options: Options
    private let folder: BagFolder
    private let contents: BagFolder.GrowingFile
    private var summary = BagSummary()
    /// The records of tasks in the bag: few tasks have one beside those of their outputs.
    private var taskRecords: Set<String> = []
    private var oldest: Date?
    private var newest: Date?

    /// Begins a bag beside its place.
    /// - Throws: ``ExportError``
    package init(_ options: Options) throws {
        self.options = options
        folder = try BagFolder(place: options.output)
        contents = try folder.open("contents.csv")
        try contents.append(ContentsList.mark + ContentsList.headings)
    }

    /// Adds an output: its original, its record and its line of the list.
    ///
    /// What the archive can't give whole is left out, listed with what is wrong, and counted as missing: the rest is handed over all the
    /// same.
    ///
    /// - Precondition: No output is added twice.
    /// - Throws: ``ExportError``, and whatever `source` throws.
    package func add(_ entry: OutputEntry, from source: some BagSource) async throws {
        try Task.checkCancellation()
        let names = BagNames(entry)
        var problems: [String] = []
        var file: String?
        if let original = entry.original {
            let path = "pictures/\(names.folder)/\(names.stem).\(BagNames.fileExtension(of: original))"
            if let blob = try await source.path(of: original.digest) {
                let found = try folder.add(fileAt: blob, to: path, linking: options.links) { $0.sha256 == original.digest.hex }
                if found.sha256 == original.digest.hex {
                    file = "data/\(path)"
                } else {
                    problems.append("the archived file is damaged")
                }
            } else {
                problems.append("the archived file is missing")
            }
        }
        var record: String?
        if let found = try await source.record(of: entry) {
            let path = "records/\(names.folder)/\(names.stem).json"
            try folder.add(found.bytes, to: path)
            record = "data/\(path)"
            summary.records += 1
            if let shared = found.taskRecord {
                let path = "records/\(names.folder)/\(names.taskStem).json"
                if taskRecords.insert(path).inserted { try folder.add(shared, to: path) }
            } else if found.refersToTask {
                problems.append("the record of its task is missing or damaged")
            }
        } else {
            problems.append("the record is missing or damaged")
        }
        if file != nil { summary.pictures += 1 }
        if entry.state == .unavailable { summary.unavailable += 1 }
        if !problems.isEmpty { summary.missing.append("\(entry.id): \(problems.joined(separator: ", "))") }
        if let date = entry.createdAt ?? entry.endedAt {
            oldest = min(oldest ?? date, date)
            newest = max(newest ?? date, date)
        }
        try contents.append(
            ContentsList.line(
                entry, file: file, record: record, problem: problems.isEmpty ? nil : problems.joined(separator: ", ")))
    }

    /// Completes the bag and gives it its name. Returns when it is durable.
    /// - Throws: ``ExportError``
    package func finish() throws -> BagSummary {
        try folder.enter(contents)
        try folder.tag(BagReadme(summary: summary, span: span).text, to: "README.txt")
        (summary.files, summary.bytes) = (folder.files, folder.bytes)
        try folder.tag(information, to: "bag-info.txt")
        try folder.finish()
        return summary
    }

    /// `2026-08-03 to 2026-11-22`; `nil` where nothing has a date.
    private var span: String? {
        guard let oldest, let newest else { return nil }
        let (first, last) = (oldest.iso8601.prefix(10), newest.iso8601.prefix(10))
        return first == last ? String(first) : "\(first) to \(last)"
    }

    /// Lines of RFC 8493, 2.2.2.
    private var information: String {
        let pictures = "\(summary.pictures) generated picture\(summary.pictures == 1 ? "" : "s")"
        return """
            Bag-Software-Agent: \(options.agent)
            Bagging-Date: \(options.now.iso8601.prefix(10))
            Bag-Size: \(Self.size(summary.bytes))
            Payload-Oxum: \(summary.bytes).\(summary.files)
            External-Identifier: \(options.archiveID)
            External-Description: \(pictures)\(span.map { ", \($0)" } ?? ""), with the request, answer and measurements of each

            """
    }

    /// For people: `1.2 GB`, in powers of 1000.
    private static func size(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), "B")
        for larger in ["kB", "MB", "GB", "TB"] where value >= 1000 { (value, unit) = (value / 1000, larger) }
        return unit == "B" ? "\(bytes) B" : "\(Double(Int(value * 10 + 0.5)) / 10) \(unit)"
    }
}
