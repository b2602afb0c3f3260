package import ArchiveModel
package import BlobStore
package import Catalog
package import Foundation
import ImageCodecs
import Imaging

/// Takes away blobs that no record names and nobody has used for long, and what dead writers left in `ingest/`.
package struct GarbageCollector: Sendable {
    private let blobs: any BlobUpkeep
    private let records: any RecordUpkeep
    private let catalog: any CatalogUpkeep
    private let clock: any WallClock

    /// The least seconds a blob must have gone unused: between storing a blob and writing the record that names it, a worker may be
    /// slow, and a clock may be wrong.
    package static let leastGrace: TimeInterval = 3600

    package init(blobs: any BlobUpkeep, records: any RecordUpkeep, catalog: any CatalogUpkeep, clock: any WallClock) {
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
        /// Blobs that no record names, but that are too young, or were put to use again.
        package var young = 0
        /// Blobs that no record names and that may be delivered pictures: records may have been lost together with the catalog.
        package var pictures = 0
        /// Files that dead writers left.
        package var unfinished = 0
        /// Blobs that are gone, but of which the catalog could not forget when they were read: its disk took nothing.
        package var unforgotten: [Digest] = []

        private enum CodingKeys: String, CodingKey { case dryRun, collected, bytes, young, pictures, unfinished }
    }

    /// Collects while workers run.
    ///
    /// A worker that stores bytes which are there already marks the blob as used, under its lock, before it writes a record. Here the
    /// mark is read under the same lock, so either it is seen and the blob stays, or the worker finds the blob gone and stores it anew.
    ///
    /// - Parameters:
    ///   - grace: Seconds that a blob must have gone unused, at least ``leastGrace``.
    ///   - takingPictures: Whether pictures that are larger than a thumbnail may go too.
    /// - Throws: ``GarbageError`` when records are missing or damaged: they may name any blob.
    package func collect(grace: TimeInterval, takingPictures: Bool = false, dryRun: Bool) async throws -> Report {
        let limit = clock.now.addingTimeInterval(-max(grace, Self.leastGrace))
        let survey = try await completeSurvey()
        var report = Report(dryRun: dryRun)
        for part in try await blobs.parts() {
            for blob in try await blobs.listing(part: part) {
                guard let digest = blob.digest, survey.wanted[BlobKey(digest)] == nil else { continue }
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

    /// What was taken away makes room for it; until then it waits.
    private func forget(_ report: inout Report) async throws {
        do {
            try await catalog.forgetScrubs(of: report.unforgotten)
            report.unforgotten = []
        } catch let error as CatalogError where error.code == .noRoom {}
    }

    /// Whether a blob is a picture larger than the thumbnails that are made here. No upstream delivers one that small.
    private func mayBeDelivered(_ digest: Digest) async throws -> Bool {
        guard let bytes = try? await blobs.contents(of: digest) else { return false }
        // A header lies behind the metadata at most.
        guard let start = try? bytes.array(0..<min(bytes.count, 32 << 20)), let header = try? HeaderParser.parse(start.span) else {
            return false
        }
        return max(header.width, header.height) > DerivativeRecipe().thumbnailSide
    }

    /// The records, when they are all there.
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
        "nothing is collected: \(reason), and what can't be read may name any blob. Run 'fixative repair' first"
    }
}
