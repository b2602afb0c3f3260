package import ArchiveModel
package import Foundation

/// The contents of a bag.
package struct BagSummary: Sendable, Hashable {
    /// The number of originals in the bag.
    package var pictures = 0
    package var records = 0
    /// Outputs that were lost before they could be archived. They are listed with the reason.
    package var unavailable = 0
    /// Originals and records that the archive should have but that are missing or damaged. They are listed with the problem.
    package var missing: [String] = []
    /// The number of payload files and their total bytes.
    package var files = 0
    package var bytes = 0

    package init() {}
}

/// Exports the archive as a BagIt bag (RFC 8493), for people who do not use Fixative. A bag contains originals named by date and
/// task, records as JSON, a list for spreadsheets and an explanatory text. SHA-256 and SHA-512 manifests cover every file.
///
/// Files are streamed, and no output stays in memory. If the object is destroyed before ``finish()``, the unfinished bag is
/// deleted. All calls block while they read and write.
package final class BagItExport {
    package struct Options: Sendable, Hashable {
        /// A missing or empty folder.
        package var output: String
        /// Whether to hard-link originals if the file system supports it. The bag then shares files with the archive and must be
        /// treated as read-only.
        package var links: Bool
        /// The program that makes the bag, such as `fixative 0.1.0`.
        package var agent: String
        /// The archive's ID.
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
    /// The task records already in the bag. Only few tasks have one.
    private var taskRecords: Set<String> = []
    private var oldest: Date?
    private var newest: Date?

    /// Begins a bag beside its final path.
    /// - Throws: ``ExportError``
    package init(_ options: Options) throws {
        self.options = options
        folder = try BagFolder(place: options.output)
        contents = try folder.open("contents.csv")
        try contents.append(ContentsList.mark + ContentsList.headings)
    }

    /// Adds an output: its original, its record and its row in the list.
    ///
    /// Missing or damaged files are left out, listed with the problem and counted as missing; everything else is still exported.
    ///
    /// - Precondition: Each output is added only once.
    /// - Throws: ``ExportError``, and any error of `source`.
    package func add(_ entry: OutputEntry, from source: some BagSource) async throws {
        try Task.checkCancellation()
        let names = BagNames(entry)
        var problems: [String] = []
        var file: String?
        if let original = entry.original {
            let path = "pictures/\(names.folder)/\(names.stem).\(original.fileExtension)"
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

    /// Completes the bag and renames it. Returns when it is durable.
    /// - Throws: ``ExportError``
    package func finish() throws -> BagSummary {
        try folder.add(contents)
        try folder.tag(BagReadme(summary: summary, span: span).text, to: "README.txt")
        (summary.files, summary.bytes) = (folder.files, folder.bytes)
        try folder.tag(information, to: "bag-info.txt")
        try folder.finish()
        return summary
    }

    /// The range of dates, such as `2026-08-03 to 2026-11-22`; `nil` if no output has a date.
    private var span: String? {
        guard let oldest, let newest else { return nil }
        let (first, last) = (oldest.iso8601.prefix(10), newest.iso8601.prefix(10))
        return first == last ? String(first) : "\(first) to \(last)"
    }

    /// The lines of `bag-info.txt` (RFC 8493, 2.2.2).
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

    /// A size for display, such as `1.2 GB`, in powers of 1000.
    private static func size(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), "B")
        for larger in ["kB", "MB", "GB", "TB"] where value >= 1000 { (value, unit) = (value / 1000, larger) }
        return unit == "B" ? "\(bytes) B" : "\(Double(Int(value * 10 + 0.5)) / 10) \(unit)"
    }
}
