package import ArchiveModel
package import ArchiveStore
package import BlobStore
import Catalog
package import DecoderPool
import Foundation

/// Verification and repair of one archive. A damaged catalog is reported and repaired instead of causing an error.
package struct UpkeepArchive: Sendable {
    private let files: ArchiveFiles
    private let inspected: InspectedArchive
    private let clock: any WallClock

    package var blobs: any BlobUpkeep { files.blobs }
    package var records: any RecordUpkeep { files.records }
    /// `nil` when it is damaged or missing.
    package var catalog: (any ArchiveCatalog)? { inspected.catalog }
    /// The damage of the catalog, as messages; empty when it is intact.
    package var damage: [String] { inspected.damage }

    /// - Parameters:
    ///   - deep: Whether to compare the catalog's indexes with their tables.
    ///   - reading: Whether the archive is opened for reading only.
    ///   - permissions: The permissions of newly written files and folders.
    /// - Throws: Errors of ``InspectedArchive``.
    package init(
        path: String, deep: Bool, reading: Bool = false, permissions: ArchivePermissions = .ownerOnly,
        clock: any WallClock = SystemClock()
    ) async throws {
        files = try ArchiveFiles(path: path, permissions: permissions, creating: false, clock: clock)
        inspected = try await InspectedArchive(files, deep: deep, reading: reading)
        self.clock = clock
    }

    /// Closes the catalog's file.
    package func close() throws { try inspected.close() }

    /// Compares blobs, records, catalog and seals with each other, and reads the marked claims.
    package func verify(
        _ scope: VerificationScope, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> VerificationReport {
        var report = try await ArchiveVerifier(blobs: blobs, records: records, catalog: catalog, damage: damage, clock: clock)
            .verify(scope, progress: progress)
        try await SealChecker(seals: files.seals, records: records, archiveID: files.archiveID).check(&report)
        try await ClaimChecker(claims: files.claims, archiveID: files.archiveID).check(&report)
        report.sortFindings()
        return report
    }

    /// Repairs what can be repaired, the catalog first.
    ///
    /// - Parameters:
    ///   - other: Another archive from which damaged blobs are copied.
    ///   - decoders: Decode originals to remake derivatives.
    ///   - results: Returns how many results an answer of the upstream names.
    package func repair(
        _ scope: VerificationScope, other: (any BlobUpkeep)? = nil, dryRun: Bool = false,
        decoders: DecoderPool = DecoderPool(.inProcess, width: 1),
        results: @escaping @Sendable (JSONValue) -> Int, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> RepairReport {
        var report = RepairReport(dryRun: dryRun)
        var (sound, scope): ((any CatalogMaintenance)?, _) = (catalog, scope)
        if sound == nil {
            report.did(.remadeCatalog, "catalog.sqlite", "from the records; \(damage.joined(separator: ", "))")
            guard !dryRun else { return report }
            let summary = try await restoreCatalog(results: results)
            if let place = summary.place { report.did(.putAside, "catalog.sqlite", "moved to \(place)") }
            if summary.saved > 0 {
                report.did(.enteredRow, "catalog.sqlite", "\(summary.saved) tasks that only the damaged catalog had")
            }
            for loss in summary.losses {
                report.did(
                    .notMended, "catalog.sqlite", "\(loss). 'fixative archive --since 24h' finds waiting tasks again")
            }
            sound = try await InspectedArchive(files, deep: false, reading: false).catalog
            // The new catalog does not know which blobs were found damaged, so read all of them.
            scope = VerificationScope(deep: true)
        }
        guard let sound else { return report }
        let repairer = ArchiveRepairer(
            blobs: blobs, records: records, catalog: sound, other: other, clock: clock, dryRun: dryRun, decoders: decoders)
        let rest = try await repairer.repair(scope, progress: progress)
        report.steps += rest.steps
        report.untracked = rest.untracked
        return report
    }

    /// Rebuilds the catalog: in place if it is intact, otherwise as a new file.
    package func rebuild(results: @escaping @Sendable (JSONValue) -> Int) async throws -> (
        summary: CatalogRebuilder.Summary, place: String?, losses: [String]
    ) {
        guard let catalog else {
            let made = try await restoreCatalog(results: results)
            return (made.rebuilt, made.place, made.losses)
        }
        let rebuilder = CatalogRebuilder(blobs: blobs, records: records, catalog: catalog, clock: clock, results: results)
        return (try await rebuilder.rebuild(), nil, [])
    }

    private func restoreCatalog(results: @escaping @Sendable (JSONValue) -> Int) async throws -> CatalogRestorer.Summary {
        try await CatalogRestorer(files: files, clock: clock, results: results).restore()
    }
}
