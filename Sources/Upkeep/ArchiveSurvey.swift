import ArchiveModel
import BlobStore
import Catalog
import Foundation

/// The contents of all records, compared with the catalog.
struct ArchiveSurvey {
    /// A blob that a record names.
    struct Want {
        /// `nil` for a trust list, whose record names only its digest.
        var bytes: Int?
        /// The path of the record.
        var path: String
        /// Whether the blob must exist. The original of a lost output is named but may be missing.
        var isRequired: Bool
    }

    private(set) var wanted: [Digest: Want] = [:]
    private(set) var outputs: Set<OutputID> = []
    private(set) var tasks: Set<TaskID> = []
    private(set) var unreadable: Set<String> = []
    /// Records of outputs whose original was lost but may be recovered from elsewhere.
    private(set) var lost: [String] = []
    /// Files that are not part of the archive.
    private(set) var strays: [String] = []
    private(set) var litter = 0
    private(set) var records = 0
    private(set) var rows = 0

    private let store: any RecordUpkeep
    private let catalog: (any CatalogMaintenance)?
    /// Tasks whose records and rows differed in the first comparison, perhaps because a worker was writing.
    private var doubts: [TaskID: Date] = [:]
    private var misplaced: [(path: String, place: String)] = []

    /// The number of records to compare with their rows at once.
    private static let chunk = 512

    init(_ store: any RecordUpkeep, _ catalog: (any CatalogMaintenance)?) async throws {
        self.store = store
        self.catalog = catalog
        // Read these before the records. An output may end meanwhile, and its record may be written too late to be listed.
        for candidate in try await catalog?.candidateBlobs() ?? [] { want(candidate, path: "catalog.sqlite", isRequired: false) }
        var chunk: [RecordListing] = []
        for try await listing in store.listings() {
            switch listing.kind {
            case .record: break
            case .litter:
                litter += 1
                continue
            case .stray:
                strays.append(listing.path)
                continue
            }
            if chunk.count >= Self.chunk, Self.task(listing) != chunk.last.flatMap(Self.task) {
                try await take(chunk)
                chunk = []
            }
            chunk.append(listing)
        }
        try await take(chunk)
    }

    private static func task(_ listing: RecordListing) -> TaskID? { try? listing.record.get().task }

    private mutating func take(_ listings: [RecordListing]) async throws {
        var sound: [(record: StoredRecord, bytes: [UInt8])] = []
        for listing in listings {
            guard case .success(let record) = listing.record else {
                unreadable.insert(listing.path)
                continue
            }
            records += 1
            let place = store.path(of: record)
            if place != listing.path {
                misplaced.append((listing.path, place))
                continue
            }
            sound.append((record, listing.bytes))
            add(record, path: listing.path)
        }
        for difference in try await catalog?.compare(sound) ?? [] {
            guard let record = sound.first(where: { $0.record.task == difference.task })?.record else { continue }
            doubts[difference.task] = record.day
        }
    }

    private mutating func add(_ record: StoredRecord, path: String) {
        guard case .output(let output) = record else {
            tasks.insert(record.task)
            return
        }
        outputs.insert(output.id)
        let isLost = output.state == .unavailable
        if isLost, output.original != nil { lost.append(path) }
        if let original = output.original { want(original, path: path, isRequired: !isLost) }
        for earlier in output.earlierOriginals ?? [] { want(earlier, path: path, isRequired: true) }
        for derivative in output.derivatives { want(derivative.blob, path: path, isRequired: true) }
        for list in output.picture?.credentials?.trustLists ?? [] where wanted[list] == nil {
            wanted[list] = Want(bytes: nil, path: path, isRequired: true)
        }
    }

    private mutating func want(_ blob: BlobReference, path: String, isRequired: Bool) {
        if let known = wanted[blob.digest], known.isRequired || !isRequired { return }
        wanted[blob.digest] = Want(bytes: blob.bytes, path: path, isRequired: isRequired)
    }

    // MARK: Problems with records and rows

    /// Rechecks all differences, and rows whose record was not listed.
    mutating func report(into report: inout VerificationReport) async throws {
        for path in unreadable { try await reportUnreadable(path, &report) }
        for path in strays { report.find(.stray, path, .stray(path), "it is not a record; it stays unchanged") }
        for (path, place) in misplaced {
            report.find(.misnamed, path, .record(path: path), "it belongs at \(place)")
        }
        guard let catalog else { return }
        for (task, day) in doubts { try await lookAgain(at: task, day: day, catalog, &report) }
        var position: EndedRow.Position?
        while true {
            let page = try await catalog.endedRows(after: position, limit: 1000)
            guard let last = page.last else { break }
            position = last.position
            rows += page.count
            let unknown = page.filter { !isKnown($0) }
            let flaws = try await flaws(of: unknown, catalog)
            for row in unknown {
                let flaw = row.index.flatMap { flaws[OutputID(task: row.task, index: $0)] }
                try await reportRow(row, flaw: flaw, &report)
            }
        }
    }

    private func reportUnreadable(_ path: String, _ report: inout VerificationReport) async throws {
        guard let again = try await store.listing(at: path), case .failure(let error) = again.record else { return }
        report.find(.unreadableRecord, path, .record(path: path), error.detail)
    }

    private func isKnown(_ row: EndedRow) -> Bool {
        row.index.map { outputs.contains(OutputID(task: row.task, index: $0)) } ?? tasks.contains(row.task)
    }

    private func path(_ task: TaskID, _ index: Int?, _ day: Date) -> String {
        index.map { store.path(of: OutputID(task: task, index: $0), day: day) } ?? store.path(of: task, day: day)
    }

    private func reportRow(_ row: EndedRow, flaw: String?, _ report: inout VerificationReport) async throws {
        if let flaw, let index = row.index {
            report.find(
                .differingRow, "\(OutputID(task: row.task, index: index))", .row(row.task, index: index, day: row.day),
                "\(flaw); 'fixative repair' corrects it")
        }
        // The record may have been written after its folder was listed. A damaged record is already reported.
        guard try await store.listing(at: path(row.task, row.index, row.day)) == nil else { return }
        let subject = row.index.map { "\(OutputID(task: row.task, index: $0))" } ?? "\(row.task)"
        report.find(
            .rowWithoutRecord, subject, .row(row.task, index: row.index, day: row.day),
            "the catalog has it, but its record is missing; 'fixative repair' writes the record")
    }

    /// Problems of rows without an intact record file. Their stored record copies are checked and compared with the rows instead.
    private func flaws(of rows: [EndedRow], _ catalog: any CatalogMaintenance) async throws -> [OutputID: String] {
        var flaws: [OutputID: String] = [:]
        var remembered: [(record: StoredRecord, bytes: [UInt8])] = []
        for id in rows.compactMap({ row in row.index.map { OutputID(task: row.task, index: $0) } }) {
            guard let copy = try await catalog.recordCopy(of: id) else { continue }
            if let record = try? RecordFile.read(copy) {
                remembered.append((record, copy))
            } else {
                flaws[id] = "the catalog's copy of its record is damaged"
            }
        }
        guard !remembered.isEmpty else { return flaws }
        for difference in try await catalog.compare(remembered) {
            guard let index = difference.index, case .columns(let names) = difference.kind else { continue }
            flaws[OutputID(task: difference.task, index: index)] =
                "its row differs from the catalog's copy of its record: \(names.joined(separator: ", "))"
        }
        return flaws
    }

    private func lookAgain(
        at task: TaskID, day: Date, _ catalog: any CatalogMaintenance, _ report: inout VerificationReport
    ) async throws {
        var days: Set<Date> = [day]
        var indices: Set<Int?> = [nil]
        for entry in try await catalog.entries(EntryQuery(task: task)) { indices.insert(entry.id.index) }
        for output in outputs where output.task == task { indices.insert(output.index) }
        if let row = try await catalog.task(task) { days.insert(row.createdAt ?? row.discoveredAt) }
        let paths = Set(days.flatMap { day in indices.map { path(task, $0, day) } })
        var found: [(record: StoredRecord, bytes: [UInt8])] = []
        var pathOf: [Int?: String] = [:]
        for path in paths.sorted() {
            guard let listing = try await store.listing(at: path), case .success(let record) = listing.record else { continue }
            found.append((record, listing.bytes))
            pathOf.updateValue(path, forKey: record.index)
        }
        for difference in try await catalog.compare(found) {
            if difference.kind == .noTaskRecord {
                try await reportMissing(task, day: found.first?.record.day ?? day, &report)
                continue
            }
            let path = pathOf[difference.index] ?? pathOf.values.min() ?? ""
            Self.report(difference, path, day, &report)
        }
    }

    /// Reports a missing task record that outputs refer to. A damaged one is already reported.
    private func reportMissing(_ task: TaskID, day: Date, _ report: inout VerificationReport) async throws {
        guard try await store.listing(at: path(task, nil, day)) == nil else { return }
        report.find(
            .rowWithoutRecord, "\(task)", .row(task, index: nil, day: day),
            "the task's record is missing, and its outputs' records refer to it; 'fixative repair' writes it")
    }

    private static func report(_ difference: RowDifference, _ path: String, _ day: Date, _ report: inout VerificationReport) {
        let name = difference.index.map { "\(OutputID(task: difference.task, index: $0))" } ?? "the task \(difference.task)"
        switch difference.kind {
        case .noTaskRecord: break
        case .noRow:
            report.find(
                .recordWithoutRow, path, .record(path: path), "the catalog has no row for \(name); 'fixative repair' adds it")
        case .queued:
            report.find(.unfinished, path, .record(path: path), "\(name) is still in the queue; the next run finishes it")
        case .newerRequest:
            report.find(
                .olderRecord, path, .row(difference.task, index: nil, day: day),
                "the request of \(name) became known after this record was written; 'fixative repair' adds it")
        case .columns(let names):
            report.find(
                .differingRow, path, .record(path: path),
                "the catalog's row of \(name) differs: \(names.joined(separator: ", ")); 'fixative repair' corrects it")
        }
    }
}
