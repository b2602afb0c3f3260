package import ArchiveModel
package import BlobStore
package import Catalog
package import DecoderPool
import Foundation

/// Repairs what verification finds. Every step is durable before the next one starts. After a kill, a new run finds and repairs
/// the same things. Nothing is deleted; damaged files go to the quarantine.
package struct ArchiveRepairer: Sendable {
    let blobs: any BlobUpkeep
    let records: any RecordUpkeep
    let catalog: any CatalogMaintenance
    /// Another archive from which damaged blobs are copied.
    let other: (any BlobUpkeep)?
    let clock: any WallClock
    let dryRun: Bool
    /// Decodes originals, which are untrusted input.
    let decoders: DecoderPool

    package init(
        blobs: any BlobUpkeep, records: any RecordUpkeep, catalog: any CatalogMaintenance, other: (any BlobUpkeep)? = nil,
        clock: any WallClock, dryRun: Bool = false, decoders: DecoderPool = DecoderPool(.inProcess, width: 1)
    ) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.other = other
        self.clock = clock
        self.dryRun = dryRun
        self.decoders = decoders
    }

    /// Repairs records and rows first, because they determine which blobs must exist; then repairs blobs.
    ///
    /// - Parameter scope: How many blobs to read in full. Blobs that an earlier verification found damaged are always included.
    package func repair(
        _ scope: VerificationScope, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> RepairReport {
        var report = RepairReport(dryRun: dryRun)
        let verifier = ArchiveVerifier(blobs: blobs, records: records, catalog: catalog, clock: clock)
        let first = try await verifier.survey(VerificationScope(deep: false))
        guard !first.report.findings.contains(where: { $0.kind == .damagedCatalog }) else {
            throw CatalogError(.damaged, "catalog.sqlite", detail: "it must be rebuilt before anything else can be repaired")
        }
        for finding in first.report.findings { try await mendRecord(finding, &report) }
        let (survey, found) = try await verifier.survey(scope, progress: progress)
        // Repair records and rows again: repaired records may refer to further records, and some damage shows only in the second
        // survey.
        for finding in found.findings { try await mendRecord(finding, &report) }
        for finding in found.findings { try await mendFile(finding, &report) }
        try await adoptRenamed(found.findings, survey, &report)
        try await mendBlobs(found.findings, &report)
        for path in survey.lost { try await restore(path, &report) }
        report.untracked = found.findings.count { $0.kind == .untracked }
        return report
    }

    // MARK: Records and rows

    private func mendRecord(_ finding: VerificationReport.Finding, _ report: inout RepairReport) async throws {
        switch (finding.kind, finding.target) {
        case (.unreadableRecord, .record(let path)): try await rewrite(path, finding.detail, &report)
        case (.misnamed, .record(let path)): try await move(path, &report)
        case (.recordWithoutRow, .record(let path)), (.differingRow, .record(let path)): try await restoreRow(path, &report)
        case (.differingRow, .scrub(let digest)):
            report.did(.forgot, finding.subject, "the blob is missing; the time of its last reading is deleted")
            if !dryRun { try await catalog.forgetScrubs(of: [digest]) }
        case (.rowWithoutRecord, .row(let task, let index, _)): try await writeRecord(of: task, index, &report)
        case (.olderRecord, .row(let task, _, let day)): try await complete(task, day, &report)
        default: break
        }
    }

    /// Rewrites a damaged record. The catalog has a copy of each output's record; a task's record is rebuilt from its row.
    private func rewrite(_ path: String, _ why: String, _ report: inout RepairReport) async throws {
        guard let (record, action) = try await mended(path) else {
            if case .failure(let error) = try await records.listing(at: path)?.record, error.code == .notAFile {
                report.did(.putAside, path, why)
                if !dryRun { _ = try await records.quarantine(path, note: QuarantineNote([("why", why)])) }
                return
            }
            return report.did(
                .notMended, path,
                "\(why), and the catalog has no copy. Restore the record from a backup, or archive the task again")
        }
        report.did(action, path, "\(Self.words(action)); the damaged record is kept in quarantine/")
        guard !dryRun else { return }
        let note = QuarantineNote([("why", why), ("instead", Self.words(action))])
        _ = try await records.keep(path, note: note)
        try await records.write(record)
    }

    /// Recovers a damaged record: from the catalog's copy, by correcting one byte with its checksum, or from its row, in this
    /// order.
    private func mended(_ path: String) async throws -> (StoredRecord, RepairReport.Action)? {
        let found = try await row(of: path)
        if let found, let record = try await copy(of: found.task, found.index) { return (record, .wroteRecord) }
        let bytes = try await records.listing(at: path)?.bytes ?? []
        let isOne = { (record: StoredRecord) in records.path(of: record) == path }
        if let record = try await RecordMender.mend(bytes), isOne(record) { return (record, .correctedRecord) }
        guard let found else { return nil }
        return try await remembered(found.task, found.index)
    }

    private static func words(_ action: RepairReport.Action) -> String {
        switch action {
        case .wroteRecord: "from the catalog's copy"
        case .correctedRecord: "one changed byte corrected; the record's SHA-256 confirms it"
        default: "rebuilt from its row and picture; the storage host's answer is lost"
        }
    }

    /// The row whose record belongs at a path.
    private func row(of path: String) async throws -> EndedRow? {
        var position: EndedRow.Position?
        while true {
            let page = try await catalog.endedRows(after: position, limit: 1000)
            for var row in page {
                if let index = row.index {
                    if records.path(of: OutputID(task: row.task, index: index), day: row.day) == path { return row }
                    row.index = nil
                }
                if records.path(of: row.task, day: row.day) == path { return row }
            }
            guard let last = page.last else { return nil }
            position = last.position
        }
    }

    /// Recovers a record without a file from the catalog: the exact copy, or a record rebuilt from the row.
    private func remembered(_ task: TaskID, _ index: Int?) async throws -> (StoredRecord, RepairReport.Action)? {
        if let record = try await copy(of: task, index) { return (record, .wroteRecord) }
        guard let index, var record = try await catalog.rowRecord(of: OutputID(task: task, index: index)) else { return nil }
        try await DerivativeMaker(blobs: blobs, decoders: decoders).complete(&record, now: clock.now)
        return (.output(record), .remadeRecord)
    }

    /// The exact record: an output's stored copy, or a task's record from its row.
    private func copy(of task: TaskID, _ index: Int?) async throws -> StoredRecord? {
        guard let index else { return try await catalog.taskRecord(of: task).map { .task($0) } }
        let id = OutputID(task: task, index: index)
        guard let bytes = try await catalog.recordCopy(of: id), case .output(let record) = try? RecordFile.read(bytes),
            record.id == id
        else { return nil }
        return .output(record)
    }

    /// Moves a misplaced record to its correct path; an intact record there is kept.
    private func move(_ path: String, _ report: inout RepairReport) async throws {
        guard let listing = try await records.listing(at: path), case .success(let record) = listing.record else { return }
        let place = records.path(of: record)
        report.did(.renamed, path, "moved to its place \(place); the old file is kept in quarantine/")
        guard !dryRun else { return }
        if case .success = try await records.listing(at: place)?.record {} else { try await records.write(record) }
        _ = try await records.quarantine(
            path, note: QuarantineNote([("why", "it was in the wrong place; it was moved to \(place)")]))
        try await catalog.upsert([record], now: clock.now)
    }

    private func restoreRow(_ path: String, _ report: inout RepairReport) async throws {
        guard let listing = try await records.listing(at: path), case .success(let record) = listing.record else { return }
        report.did(.enteredRow, path, "from the record")
        if !dryRun { try await catalog.upsert([record], now: clock.now) }
    }

    private func writeRecord(of task: TaskID, _ index: Int?, _ report: inout RepairReport) async throws {
        let subject = index.map { "\(OutputID(task: task, index: $0))" } ?? "\(task)"
        guard let (record, action) = try await remembered(task, index) else {
            return report.did(
                .notMended, subject,
                "it has no record, and the catalog has no copy. 'fixative archive \(task)' reads the task again")
        }
        report.did(action, records.path(of: record), Self.words(action))
        if !dryRun { try await records.write(record) }
    }

    /// Adds the request to a task's record, if it became known after the record was written.
    private func complete(_ task: TaskID, _ day: Date, _ report: inout RepairReport) async throws {
        let path = records.path(of: task, day: day)
        guard let request = try await catalog.task(task)?.request, let listing = try await records.listing(at: path),
            case .success(.task(var record)) = listing.record
        else { return }
        record.request = request
        report.did(.wroteRecord, path, "with the request from the catalog")
        if !dryRun { try await records.write(record) }
    }

    // MARK: Files

    private func mendFile(_ finding: VerificationReport.Finding, _ report: inout RepairReport) async throws {
        switch (finding.kind, finding.target) {
        case (.wrongMode, .blob(let digest)):
            report.did(.madeReadOnly, finding.subject, finding.detail)
            if !dryRun { try await blobs.protect(digest) }
        case (.misnamed, .stray(let path)): try await adopt(path, &report)
        default: break
        }
    }

    /// Finds blobs among the stray files in `blobs/`, and gives them the names of their digests. Other stray files stay
    /// unchanged.
    private func adoptRenamed(
        _ findings: [VerificationReport.Finding], _ survey: ArchiveSurvey, _ report: inout RepairReport
    ) async throws {
        for case .stray(let path) in findings.lazy.filter({ $0.kind == .stray }).map(\.target) where path.hasPrefix("blobs/") {
            guard let digest = try await blobs.digest(ofStray: path), survey.wanted[digest] != nil else { continue }
            try await adopt(path, &report)
        }
    }

    /// Links a wrongly named file under its correct name and moves the wrong name to the quarantine.
    private func adopt(_ path: String, _ report: inout RepairReport) async throws {
        guard let digest = try await blobs.digest(ofStray: path) else {
            report.did(.putAside, path, "it is not a file")
            if !dryRun {
                _ = try await blobs.quarantine(stray: path, note: QuarantineNote([("why", "it is not the file of a blob")]))
            }
            return
        }
        report.did(.renamed, path, "renamed to its digest \(digest); the wrong name is kept in quarantine/")
        guard !dryRun else { return }
        // First quarantine a damaged blob that already has the correct name.
        let note = QuarantineNote([("why", "its bytes do not match the digest in its name"), ("instead", "the bytes of \(path)")])
        _ = try await blobs.quarantine(digest, note: note)
        try await blobs.adopt(path, as: digest)
        _ = try await blobs.quarantine(
            stray: path, note: QuarantineNote([("why", "its name was wrong; its bytes are stored as \(digest)")]))
    }
}
