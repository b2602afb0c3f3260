import ArchiveModel
import BlobStore
import Catalog
import Foundation
import Provenance

extension ArchiveRepairer {
    /// An output that names a blob.
    struct Owner {
        var record: ArchiveRecord
        var path: String
        var isOriginal: Bool
    }

    /// Quarantines damaged blobs and recovers missing ones: from the other archive, from the original, or from the upstream.
    func mendBlobs(_ findings: [VerificationReport.Finding], _ report: inout RepairReport) async throws {
        let bad = findings.filter { $0.kind == .corrupt || $0.kind == .missing }
        var digests: [Digest] = []
        for case .blob(let digest) in bad.map(\.target) where !digests.contains(digest) { digests.append(digest) }
        guard !digests.isEmpty else { return }
        var owners = try await self.owners(of: Set(digests))
        // Repair originals first, because derivatives are made from them.
        digests.sort { one, other in
            let (first, second) = (
                owners[one]?.contains(where: \.isOriginal) == true, owners[other]?.contains(where: \.isOriginal) == true
            )
            return first != second ? first : one.hex < other.hex
        }
        for digest in digests {
            let all = owners[digest] ?? []
            guard try await putAside(digest, all, &report) else { continue }
            if try await restoreList(digest, &report) { continue }
            guard let first = all.first else { continue }
            if try await copy(digest, first, &report) { continue }
            if all.contains(where: \.isOriginal) {
                for owner in all where owner.isOriginal { try await reopen(owner, digest, &report) }
            } else {
                for owner in all { try await remake(digest, owner, &report) }
            }
            for path in Set(all.map(\.path)) { try await refresh(path, in: &owners) }
        }
    }

    private func owners(of digests: Set<Digest>) async throws -> [Digest: [Owner]] {
        var owners: [Digest: [Owner]] = [:]
        for try await listing in records.records() {
            guard case .success(.output(let record)) = listing.record else { continue }
            if let original = record.original?.digest, digests.contains(original) {
                owners[original, default: []].append(Owner(record: record, path: listing.path, isOriginal: true))
            }
            for digest in Set(record.derivatives.map(\.blob.digest)) where digests.contains(digest) {
                owners[digest, default: []].append(Owner(record: record, path: listing.path, isOriginal: false))
            }
        }
        return owners
    }

    /// Reloads a record that may have been rewritten.
    private func refresh(_ path: String, in owners: inout [Digest: [Owner]]) async throws {
        guard !dryRun, case .success(.output(let record)) = try await records.listing(at: path)?.record else { return }
        for (digest, all) in owners where all.contains(where: { $0.path == path }) {
            owners[digest] = all.map { $0.path == path ? Owner(record: record, path: path, isOriginal: $0.isOriginal) : $0 }
        }
    }

    /// - Returns: Whether the blob's path is free now, or would be without `dryRun`.
    private func putAside(_ digest: Digest, _ owners: [Owner], _ report: inout RepairReport) async throws -> Bool {
        guard let reading = try await blobs.read([digest]).first ?? nil else { return true }
        guard reading.digest != digest else {
            // The blob is intact after all: it was stored again meanwhile, or only its record states a wrong size.
            if !dryRun { try await catalog.saveScrubs([BlobScrub(digest: digest, readAt: clock.now, isSound: true)]) }
            return false
        }
        let names = owners.map { "\($0.record.id) (\($0.isOriginal ? "original" : "derivative"))" }
        let found = reading.digest?.hex ?? "unknown (the disk can't read the whole file)"
        report.did(.putAside, "\(digest)", "moved to quarantine/; \(reading.bytes) bytes, SHA-256 \(found)")
        guard !dryRun else { return true }
        let note = QuarantineNote([
            ("why", "its bytes do not match the digest in its name"), ("expected SHA-256", digest.hex), ("actual SHA-256", found),
            ("bytes", "\(reading.bytes)"), ("named by", names.isEmpty ? "no record" : names.joined(separator: ", ")),
        ])
        _ = try await blobs.quarantine(digest, note: note)
        try await catalog.forgetScrubs(of: [digest])
        return true
    }

    /// Copies a blob from the other archive and verifies its hash.
    private func copy(_ digest: Digest, _ owner: Owner, _ report: inout RepairReport) async throws -> Bool {
        guard let other, try await other.read([digest]).first??.digest == digest else { return false }
        report.did(.copied, "\(digest)", "from the other archive, for \(owner.record.id)")
        guard !dryRun else { return true }
        let ingest = try await blobs.beginIngest()
        try await ingest.append(try await other.contents(of: digest).array)
        guard try await ingest.seal().digest == digest else {
            await ingest.discard()
            return false
        }
        _ = try await ingest.publish()
        return true
    }

    /// Stores an official trust list again, which is part of the program.
    private func restoreList(_ digest: Digest, _ report: inout RepairReport) async throws -> Bool {
        guard let list = EmbeddedList.all.first(where: { $0.digest == digest }) else { return false }
        report.did(.copied, "\(digest)", "the \(list.name), from the program")
        if !dryRun { _ = try await blobs.put(list.bytes) }
        return true
    }

    // MARK: Originals

    /// Marks an output as lost, so that it is fetched again while its link may still be valid.
    private func reopen(_ owner: Owner, _ digest: Digest, _ report: inout RepairReport) async throws {
        var record = owner.record
        guard record.state == .archived else { return }
        let deadline = record.deadline ?? record.createdAt?.addingTimeInterval(UpstreamRules.linkLifetime)
        let mayLive = deadline.map { clock.now < $0 } ?? false
        if mayLive {
            report.did(.reopened, "\(record.id)", "its original \(digest) is damaged or missing; the next run downloads it again")
        } else {
            report.did(
                .notMended, "\(record.id)",
                "its original \(digest) is lost and its link has expired; 'fixative repair --from' copies it from another archive"
            )
        }
        guard !dryRun else { return }
        record.state = .unavailable
        record.reason =
            "the original was found damaged or missing on \(clock.now.iso8601.prefix(10)); a damaged file is kept in quarantine/"
        record.endedAt = clock.now
        try await records.write(record)
        try await catalog.reopen(record, reading: mayLive, now: clock.now)
    }

    /// Restores a lost output if its original is here after all or in the other archive.
    func restore(_ path: String, _ report: inout RepairReport) async throws {
        guard let listing = try await records.listing(at: path), case .success(.output(var record)) = listing.record,
            record.state == .unavailable, let original = record.original
        else { return }
        if try await blobs.read([original.digest]).first??.digest != original.digest {
            let owner = Owner(record: record, path: path, isOriginal: true)
            guard try await copy(original.digest, owner, &report) else { return }
        }
        report.did(.restored, "\(record.id)", "its original \(original.digest) is intact again")
        guard !dryRun else { return }
        record.state = .archived
        record.reason = nil
        record.endedAt = clock.now
        try await records.write(record)
        try await catalog.upsert([.output(record)], now: clock.now)
    }

    // MARK: Derivatives

    private func remake(_ digest: Digest, _ owner: Owner, _ report: inout RepairReport) async throws {
        // Remaking the derivative for an earlier owner may have restored this blob too.
        if try await blobs.read([digest]).first??.digest == digest { return }
        guard let original = owner.record.original, try await blobs.read([original.digest]).first??.digest == original.digest
        else {
            return report.did(
                .notMended, "\(digest)", "a derivative of \(owner.record.id) can't be remade: the original is damaged or missing")
        }
        let made: [Derivative]
        do {
            made = try await DerivativeMaker(blobs: blobs, decoders: decoders).make(
                owner.record.derivatives.filter { $0.blob.digest == digest }, from: original.digest,
                declared: owner.record.picture?.digitalSourceType, storing: !dryRun)
        } catch {
            return report.did(.notMended, "\(digest)", "a derivative of \(owner.record.id) can't be remade: \(error)")
        }
        for derivative in made {
            let isSame = derivative.blob.digest == digest
            report.did(
                .remadeDerivative, "\(digest)",
                "the \(derivative.role.rawValue) of \(owner.record.id)\(isSame ? "" : ", now \(derivative.blob.digest): the libraries have changed")"
            )
        }
        guard !dryRun, made.contains(where: { $0.blob.digest != digest }) else { return }
        var record = owner.record
        record.derivatives = record.derivatives.map { old in made.first { $0.role == old.role } ?? old }
        try await records.write(record)
        try await catalog.upsert([.output(record)], now: clock.now)
    }
}
