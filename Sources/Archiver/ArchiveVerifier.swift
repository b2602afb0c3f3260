import ArchiveModel
package import BlobStore
package import Catalog
import Foundation
import WorkLanes

/// What a look at the whole archive has found.
package struct VerificationReport: Sendable, Encodable {
    package enum Kind: String, Sendable, Encodable, CaseIterable {
        /// A record names a blob that is not there.
        case missing
        /// A blob's bytes are not what its name says, or not as many as its record says.
        case corrupt
        /// A file among the blobs whose name is no digest, or that lies in the wrong folder.
        case misnamed
        /// A blob that may be written to.
        case writable
        /// A file among the records that is none.
        case unreadableRecord
        case recordWithoutRow
        case rowWithoutRecord
        /// The catalog says something else than the record; the record is the truth.
        case differingRow
        /// A record whose output the queue still holds: a leftover of a crash just before the end, or work under way. The next run
        /// enters it.
        case unfinished
        /// A blob that no record names: a leftover of a crash, or of work under way. It harms nothing.
        case untracked

        package var isHarmless: Bool { self == .untracked || self == .unfinished }
    }

    package struct Finding: Sendable, Encodable {
        package var kind: Kind
        /// A path inside the archive, or an output.
        package var subject: String
        package var detail: String
    }

    package var deep: Bool
    package var blobs = 0
    package var bytes: Int64 = 0
    package var records = 0
    package var rows = 0
    package var findings: [Finding] = []

    /// Whether nothing is wrong.
    package var isClean: Bool { findings.allSatisfy(\.kind.isHarmless) }
}

/// Holds blobs, records and catalog against each other.
package struct ArchiveVerifier: Sendable {
    private let blobs: any BlobStore
    private let records: any RecordStore
    private let catalog: any Catalog

    package init(blobs: any BlobStore, records: any RecordStore, catalog: any Catalog) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
    }

    /// Looks at everything.
    ///
    /// - Parameters:
    ///   - deep: Whether every blob is read whole and hashed again.
    ///   - progress: Called after each blob that was hashed, with how many are done and how many there are.
    package func verify(deep: Bool, progress: @Sendable (Int, Int) -> Void = { _, _ in }) async throws -> VerificationReport {
        var report = VerificationReport(deep: deep)
        // Workers may be filing meanwhile: a blob is there before its record, and a record before its row. So a row that was there
        // before the records were read must have one, and a record must have a row after that.
        let settled = try await catalog.entries(EntryQuery(states: [.archived, .unavailable]))
        let before = ended(settled)
        let (wanted, outputs) = try await readRecords(&report)
        let rows = try await catalog.entries(EntryQuery())
        let after = ended(rows)
        report.rows = after.count
        compare(before: before, after: after, queued: Set(rows.map(\.id)).subtracting(after), outputs: outputs, &report)
        // A row that was written while the records were read may be newer than the record that was read.
        let unchanged = Set(rows)
        for row in settled where unchanged.contains(row) && outputs[row.id].map({ $0.entry != row }) == true {
            let path = outputs[row.id]?.path ?? ""
            report.findings.append(
                .init(
                    kind: .differingRow, subject: path,
                    detail: "the catalog says otherwise of \(row.id); 'fixative rebuild' mends it"))
        }
        let stored = try await blobs.listing()
        check(stored, wanted: wanted, &report)
        if deep { try await rehash(stored, &report, progress) }
        report.findings.sort { ($0.kind.rawValue, $0.subject) < ($1.kind.rawValue, $1.subject) }
        return report
    }

    private typealias Wanted = [Digest: (bytes: Int, record: String)]

    private func readRecords(_ report: inout VerificationReport) async throws -> (
        Wanted, [OutputID: (path: String, entry: OutputEntry)]
    ) {
        var wanted: Wanted = [:]
        var outputs: [OutputID: (path: String, entry: OutputEntry)] = [:]
        for try await listing in records.records() {
            switch listing.record {
            case .failure(let error):
                report.findings.append(.init(kind: .unreadableRecord, subject: listing.path, detail: error.detail))
            case .success(.task): report.records += 1
            case .success(.output(let record)):
                report.records += 1
                outputs[record.id] = (listing.path, OutputEntry(record))
                for blob in [record.original].compactMap({ $0 }) + record.derivatives.map(\.blob) {
                    wanted[blob.digest] = (blob.bytes, listing.path)
                }
            }
        }
        return (wanted, outputs)
    }

    private func ended(_ rows: [OutputEntry]) -> Set<OutputID> {
        Set(rows.filter { $0.state == .archived || $0.state == .unavailable }.map(\.id))
    }

    private func compare(
        before: Set<OutputID>, after: Set<OutputID>, queued: Set<OutputID>,
        outputs: [OutputID: (path: String, entry: OutputEntry)],
        _ report: inout VerificationReport
    ) {
        for (id, record) in outputs where !after.contains(id) {
            report.findings.append(
                queued.contains(id)
                    ? .init(
                        kind: .unfinished, subject: record.path, detail: "\(id) is still in the queue; the next run enters it")
                    : .init(
                        kind: .recordWithoutRow, subject: record.path,
                        detail: "the catalog has no \(id); 'fixative rebuild' enters it"))
        }
        for id in before where outputs[id] == nil {
            report.findings.append(
                .init(kind: .rowWithoutRecord, subject: "\(id)", detail: "the catalog knows it, but no record does"))
        }
    }

    private func check(_ stored: [StoredBlob], wanted: Wanted, _ report: inout VerificationReport) {
        var sizes: [Digest: Int] = [:]
        for blob in stored {
            report.blobs += 1
            report.bytes += Int64(blob.bytes)
            guard let digest = blob.digest else {
                report.findings.append(
                    .init(kind: .misnamed, subject: blob.path, detail: "the name is not that of a blob of this folder"))
                continue
            }
            sizes[digest] = blob.bytes
            if let mode = blob.mode, mode & 0o222 != 0 {
                report.findings.append(
                    .init(kind: .writable, subject: blob.path, detail: "its mode is \(String(mode, radix: 8)), not 444"))
            }
            if let expected = wanted[digest], expected.bytes != blob.bytes {
                let detail = "\(blob.bytes) bytes are there, \(expected.record) says \(expected.bytes)"
                report.findings.append(.init(kind: .corrupt, subject: blob.path, detail: detail))
            }
            if wanted[digest] == nil {
                report.findings.append(.init(kind: .untracked, subject: blob.path, detail: "no record names it"))
            }
        }
        for (digest, expected) in wanted where sizes[digest] == nil {
            report.findings.append(.init(kind: .missing, subject: "\(digest)", detail: "\(expected.record) names it"))
        }
    }

    private func rehash(
        _ stored: [StoredBlob], _ report: inout VerificationReport, _ progress: @Sendable (Int, Int) -> Void
    ) async throws {
        let known = stored.compactMap { blob in blob.digest.map { (digest: $0, path: blob.path) } }
        var done = 0
        try await withThrowingTaskGroup(of: VerificationReport.Finding?.self) { group in
            var rest = known[...]
            let window = WorkLane.processors
            while done < known.count {
                while done + window > known.count - rest.count, let blob = rest.popFirst() {
                    group.addTask { [blobs] in
                        let found = try await blobs.rehash(blob.digest)
                        guard found != blob.digest else { return nil }
                        return .init(kind: .corrupt, subject: blob.path, detail: "its bytes have the SHA-256 \(found)")
                    }
                }
                guard let result = try await group.next() else { break }
                if let finding = result { report.findings.append(finding) }
                done += 1
                progress(done, known.count)
            }
        }
    }
}
