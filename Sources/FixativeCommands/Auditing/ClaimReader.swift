import ArchiveModel
import ArchiveStore
import Audit
import BlobStore
import Catalog
import Foundation

/// Reads the marked claims of an archive, and what the next claim contains.
struct ClaimReader {
    private let archive: Archive

    init(_ archive: Archive) { self.archive = archive }

    /// All marked claims, the oldest first.
    /// - Throws: ``SettingsError`` for a damaged claim: without it, its outputs could be claimed again.
    func marked() async throws -> [ClaimRecord] {
        let store = archive.files.claims
        var claims: [ClaimRecord] = []
        for id in try await store.listing().claims {
            guard let bytes = try await store.bytes(of: id) else { continue }
            do { claims.append(try ClaimRecord(file: bytes, id: id)) } catch {
                throw SettingsError("\(store.path(of: id)) is damaged: \(error). Restore it from a backup")
            }
        }
        return claims.sorted { ($0.markedAt, $0.id) < ($1.markedAt, $1.id) }
    }

    /// The claim for what is owed and not in `marked`.
    func claim(_ scope: ClaimScope, _ reader: AuditReader, marked: [ClaimRecord]) async throws -> Claim {
        var claimed: [ClaimSubject: ClaimID] = [:]
        for claim in marked { for item in claim.items { claimed[item.subject] = claim.id } }
        var collector = ClaimCollector(scope, empty: reader.nothing, claimed: claimed)
        try await reader.forEachPage([.archived], .prompts) { page in
            for (entry, charge) in page { collector.add(entry, charge) }
        }
        let (lost, open) = try await reader.unarchived()
        for (entry, charge) in lost + open { collector.add(entry, charge) }
        for (task, charge) in try await reader.tasks() { collector.add(task, charge) }
        return collector.claim
    }
}
