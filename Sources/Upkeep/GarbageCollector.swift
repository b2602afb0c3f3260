package import ArchiveModel
package import BlobStore
package import Catalog
package import Foundation
import ImageCodecs
import Imaging

/// Deletes blobs that no record names and that have long been unused, and leftovers of dead writers in `ingest/`.
package struct GarbageCollector: Sendable {
    private let blobs: any BlobUpkeep
    private let records: any RecordUpkeep
    private let catalog: any CatalogMaintenance
    private let clock: any WallClock

    /// The minimum time in seconds that a blob must have been unused. A worker may be slow to write the record that names a
    /// stored blob, and a clock may be wrong.
    package static let leastGrace: TimeInterval = 3600

    package init(blobs: any BlobUpkeep, records: any RecordUpkeep, catalog: any CatalogMaintenance, clock: any WallClock) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.clock = clock
    }

    package struct Report: Sendable, Encodable {
        package struct Collected: Sendable, Encodable {
            package var digest: Digest
            package var bytes: Int
        }

        /// Whether nothing was changed.
        package var dryRun: Bool
        package var collected: [Collected] = []
        package var bytes: Int64 = 0
        /// Blobs that no record names, but that are too young or were reused.
        package var young = 0
        /// Blobs that no record names and that may be delivered pictures. Their records may have been lost together with the
        /// catalog.
        package var pictures = 0
        /// Files left by dead writers.
        package var unfinished = 0
        /// Deleted blobs whose scrub times are still in the catalog, because its disk was full.
        package var unforgotten: [Digest] = []

        private enum CodingKeys: String, CodingKey { case dryRun, collected, bytes, young, pictures, unfinished }
    }

    /// Collects garbage while workers are running.
    ///
    /// When a worker stores bytes that already exist, it marks the blob as used before it writes a record. It does so under the
    /// blob's lock. This method reads the mark under the same lock. So either it sees the mark and keeps the blob, or the worker
    /// finds the blob gone and stores it again.
    ///
    /// - Parameters:
    ///   - grace: Seconds that a blob must have been unused, at least ``leastGrace``.
    ///   - takingPictures: Whether pictures larger than a thumbnail may be deleted too.
    /// - Throws: ``GarbageError`` when records are missing or damaged, because they may name any blob.
    package func collect(grace: TimeInterval, takingPictures: Bool = false, dryRun: Bool) async throws -> Report {
        let limit = clock.now.addingTimeInterval(-max(grace, Self.leastGrace))
        let survey = try await completeSurvey()
        var report = Report(dryRun: dryRun)
        for part in try await blobs.parts() {
            for blob in try await blobs.listing(part: part) {
                guard let digest = blob.digest, survey.wanted[digest] == nil else { continue }
                if !takingPictures, try await mayBeDelivered(digest) {
                    report.pictures += 1
                    continue
                }
                guard let bytes = try await blobs.collect(digest, unusedSince: limit, trying: dryRun) else {
                    report.young += 1
                    continue
                }
                report.collected.append(.init(digest: digest, bytes: bytes))
                report.bytes += Int64(bytes)
                if !dryRun { report.unforgotten.append(digest) }
            }
            try await forget(&report)
        }
        report.unfinished = try await blobs.sweepIngest(trying: dryRun)
        try await forget(&report)
        return report
    }

    /// Deletes the scrub times of deleted blobs from the catalog. If the disk is full, `report.unforgotten` keeps these blobs for
    /// the next call, because deleting more blobs frees space.
    private func forget(_ report: inout Report) async throws {
        do {
            try await catalog.forgetScrubs(of: report.unforgotten)
            report.unforgotten = []
        } catch let error as CatalogError where error.code == .noRoom {}
    }

    /// Whether a blob is a picture larger than the thumbnails made here. No upstream delivers smaller ones.
    private func mayBeDelivered(_ digest: Digest) async throws -> Bool {
        guard let bytes = try? await blobs.contents(of: digest) else { return false }
        // Only metadata can precede the header, so the first 32 MiB contain it.
        guard let start = try? bytes.array(0..<min(bytes.count, 32 << 20)), let header = try? HeaderParser.parse(start.span)
        else {
            return false
        }
        return max(header.width, header.height) > DerivativeRecipe().thumbnailSide
    }

    /// Reads all records; throws when any is missing or damaged.
    private func completeSurvey() async throws -> ArchiveSurvey {
        let damage = try await catalog.damage(deep: false)
        if let first = damage.first { throw GarbageError("the catalog is damaged (\(first))") }
        var survey = try await ArchiveSurvey(records, catalog)
        var report = VerificationReport(deep: false)
        try await survey.report(into: &report)
        let holes = report.findings.filter { [.unreadableRecord, .rowWithoutRecord, .misnamed].contains($0.kind) }
        if let first = holes.first {
            throw GarbageError("\(holes.count) records are missing, damaged or misplaced, such as \(first.subject)")
        }
        return survey
    }
}

/// Why nothing may be collected.
package struct GarbageError: Error, CustomStringConvertible {
    private let reason: String
    init(_ reason: String) { self.reason = reason }

    package var description: String {
        "nothing was deleted: \(reason). A record that can't be read could refer to any blob. Run 'fixative repair' first"
    }
}
