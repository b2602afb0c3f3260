package import ArchiveModel
package import BlobStore
package import Catalog
import Foundation

/// Compares blobs, records and catalog with each other.
package struct ArchiveVerifier: Sendable {
    let blobs: any BlobUpkeep
    let records: any RecordUpkeep
    let catalog: (any CatalogMaintenance)?
    private let damage: [String]?
    private let clock: any WallClock

    /// - Parameters:
    ///   - catalog: `nil` if it can't be opened; its rows are not checked then.
    ///   - damage: The damage of the catalog, if it was already checked.
    package init(
        blobs: any BlobUpkeep, records: any RecordUpkeep, catalog: (any CatalogMaintenance)?, damage: [String]? = nil,
        clock: any WallClock = SystemClock()
    ) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.damage = damage
        self.clock = clock
    }

    /// Checks everything.
    /// - Parameter deep: Whether to read and hash every blob.
    package func verify(deep: Bool) async throws -> VerificationReport { try await verify(VerificationScope(deep: deep)) }

    /// Checks everything, and reads as many blobs in full as the scope allows.
    ///
    /// Workers may be writing meanwhile, so differences are checked again before they are reported.
    ///
    /// - Parameter progress: Called after each batch of blobs with the number of blobs read and the total number to read.
    package func verify(
        _ scope: VerificationScope, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> VerificationReport {
        try await survey(scope, progress: progress).report
    }

    func survey(
        _ scope: VerificationScope, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> (survey: ArchiveSurvey, report: VerificationReport) {
        var report = VerificationReport(deep: scope.deep)
        let damage: [String]
        if let known = self.damage { damage = known } else { damage = try await catalog?.damage(deep: scope.deep) ?? [] }
        for words in damage {
            report.find(.damagedCatalog, "catalog.sqlite", .catalog, "\(words); 'fixative repair' rebuilds it")
        }
        let catalog = damage.isEmpty ? catalog : nil
        var survey = try await ArchiveSurvey(records, catalog)
        try await survey.report(into: &report)
        report.records = survey.records
        report.rows = survey.rows
        report.litter = survey.litter
        try await check(survey, scope, catalog, &report, progress)
        report.sortFindings()
        return (survey, report)
    }

    // MARK: Blobs

    /// A blob to be scrubbed, and when it was last read.
    struct ScrubCandidate {
        /// Milliseconds since 1970; the minimum value if the blob was never read.
        var readAt: Int64
        var digest: Digest
        var bytes: Int
    }

    private func check(
        _ survey: ArchiveSurvey, _ scope: VerificationScope, _ catalog: (any CatalogMaintenance)?,
        _ report: inout VerificationReport,
        _ progress: @Sendable (Int, Int) -> Void
    ) async throws {
        var missing = Set(survey.wanted.filter(\.value.isRequired).keys)
        var queue: [ScrubCandidate] = []
        var known: [Digest] = []
        for part in try await blobs.parts() {
            let stored = try await blobs.listing(part: part)
            var scrubs: [Digest: BlobScrub] = [:]
            let isFanOut = part.utf8.count == 2
            for scrub in try await isFanOut ? catalog?.scrubs(prefix: part) ?? [] : [] { scrubs[scrub.digest] = scrub }
            for blob in stored {
                check(blob, survey, &report)
                guard let digest = blob.digest else { continue }
                missing.remove(digest)
                let scrub = scrubs.removeValue(forKey: digest)
                if let scrub, !scrub.isSound { known.append(digest) }
                queue.append(ScrubCandidate(readAt: scrub?.readAt.milliseconds ?? .min, digest: digest, bytes: blob.bytes))
            }
            for (digest, scrub) in scrubs where survey.wanted[digest] == nil {
                report.find(
                    .differingRow, "blob \(digest)", .scrub(digest),
                    "the blob is missing; the catalog says it was read on \(scrub.readAt.iso8601); 'fixative repair' deletes this entry"
                )
            }
        }
        for digest in missing {
            // The blob may have been stored after its folder was listed.
            guard let want = survey.wanted[digest], try await blobs.size(of: digest) == nil else { continue }
            report.find(.missing, "\(digest)", .blob(digest), "the file is missing, but \(want.path) refers to it")
        }
        var reader = BlobScrubber(blobs: blobs, catalog: catalog, clock: clock)
        try await reader.read(queue, scope, known: known, progress)
        for (digest, detail) in reader.damaged {
            report.find(.corrupt, "\(digest)", .blob(digest), detail)
        }
        report.read = reader.count
        report.readBytes = reader.bytes
        report.neverRead = reader.neverRead
        report.oldestReading = reader.neverRead == 0 ? reader.oldest : nil
    }

    private func check(_ blob: StoredBlob, _ survey: ArchiveSurvey, _ report: inout VerificationReport) {
        guard blob.kind != .litter else {
            report.litter += 1
            return
        }
        guard blob.kind != .stray else {
            return report.find(.stray, blob.path, .stray(blob.path), "it is not a blob; it stays unchanged")
        }
        report.blobs += 1
        report.bytes += Int64(blob.bytes)
        guard let digest = blob.digest else {
            let problem = blob.what.map { "it is \($0), not a file" } ?? "its name is not the name of a blob in this folder"
            return report.find(.misnamed, blob.path, .stray(blob.path), problem)
        }
        // Any mode is accepted in which the owner can read and nobody can write or execute. The settings decide who else can
        // read.
        if let mode = blob.mode, mode & 0o333 != 0 || mode & 0o400 == 0 {
            report.find(.wrongMode, blob.path, .blob(digest), "its mode is \(String(mode, radix: 8)), not read-only")
        }
        guard let want = survey.wanted[digest] else {
            return report.find(.untracked, blob.path, .blob(digest), "no record refers to this file")
        }
        if let bytes = want.bytes, bytes != blob.bytes {
            let detail = "it has \(blob.bytes) bytes; \(want.path) says \(bytes)"
            report.find(.corrupt, "\(digest)", .blob(digest), detail)
        }
    }
}
