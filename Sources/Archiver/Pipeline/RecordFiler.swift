package import ArchiveModel
package import BlobStore
package import Catalog
package import Foundation
import GenerationAPI
import SizeContract

/// Writes the records of outputs and tasks, and ends them in the catalog. Write order: blobs, then the record, then the catalog
/// row.
package struct RecordFiler: Sendable {
    let blobs: any BlobStore
    let records: any RecordStore
    let catalog: any Catalog
    let clock: any WallClock
    /// Seconds until a lease expires.
    let leaseDuration: TimeInterval
    private let secrets: @Sendable () -> [String]
    private let answers: SharedAnswers

    /// - Parameter secrets: Texts that no record may contain, such as the API key. Called for each record.
    package init(
        blobs: any BlobStore, records: any RecordStore, catalog: any Catalog, clock: any WallClock,
        leaseDuration: TimeInterval = 30, secrets: @escaping @Sendable () -> [String] = { [] }
    ) {
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.clock = clock
        self.leaseDuration = leaseDuration
        self.secrets = secrets
        answers = SharedAnswers(records)
    }

    /// Judges a delivery against its request.
    static func judge(_ record: ArchiveRecord, request: RecordedRequest?, model: String?) -> Judgement {
        let contract = SizeContract.contract(model: request?.model ?? model)
        if let unread = record.unread {
            return contract.judgeUnread(delivered: unread.size, request: request?.sizeRequest(in: contract))
        }
        let delivered = record.picture.map { PixelSize(width: $0.width, height: $0.height) }
        return contract.judge(delivered: delivered, request: request?.sizeRequest(in: contract))
    }

    /// The end of a window: the recorded deadline, or else the link lifetime after the task's creation. If the creation time is
    /// unknown, the discovery time counts.
    static func deadline(of lease: OutputLease) -> Date {
        lease.deadline ?? (lease.createdAt ?? lease.discoveredAt).addingTimeInterval(UpstreamRules.linkLifetime)
    }

    static func deadline(of lease: TaskLease) -> Date {
        (lease.createdAt ?? lease.discoveredAt).addingTimeInterval(UpstreamRules.linkLifetime)
    }

    // MARK: Records

    /// The record on disk; `nil` if there is none or it can't be read.
    func existingRecord(_ lease: OutputLease) async throws -> ArchiveRecord? {
        do {
            return try await records.record(of: lease.id, day: lease.createdAt ?? lease.discoveredAt)
        } catch let error as BlobStoreError where error.code == .unreadableRecord {
            return nil
        }
    }

    /// Whether a record is of an archived output whose original is stored.
    func isWhole(_ record: ArchiveRecord) async throws -> Bool {
        guard record.state == .archived, let original = record.original else { return false }
        return try await blobs.size(of: original.digest) == original.bytes
    }

    /// The record, updated with the upstream's latest answer.
    func renewed(_ record: ArchiveRecord, _ lease: OutputLease, cause: FailureCause? = nil) async throws -> ArchiveRecord {
        var renewed = record
        if let answer = lease.taskJSON { renewed.answer = answer }
        // Without a creation time, the discovery day is part of the record's path, so it must not change.
        if record.createdAt != nil { renewed.discoveredAt = lease.discoveredAt }
        if record.decodeError != nil { renewed.cause = record.cause ?? cause }
        renewed = try await shared(renewed)
        guard renewed != record else { return record }
        try await confirm(lease)
        return try await write(renewed, over: record)
    }

    /// Writes a record, unless another worker that took over this output wrote one first. That record is then kept and returned.
    ///
    /// - Parameter existing: The record that existed when this attempt began to file.
    func write(_ record: ArchiveRecord, over existing: ArchiveRecord?) async throws -> ArchiveRecord {
        var (record, existing) = (try await shared(record), existing)
        while let other = try await records.write(record, over: existing) {
            if try await isWhole(other), record.state == .unavailable || other.decodeError == nil || record.decodeError != nil {
                return other
            }
            existing = other
            record.keepOriginals(of: other)
        }
        return record
    }

    /// Removes secrets from the record. Moves a large answer into the record of its task, and writes that one.
    func shared(_ record: ArchiveRecord) async throws -> ArchiveRecord {
        try await answers.share(try KeyGuard(secrets())(record))
    }

    func emptyRecord(_ lease: OutputLease, state: ArchiveRecord.State, reason: String?) -> ArchiveRecord {
        ArchiveRecord(
            id: lease.id, state: state, reason: reason, source: lease.source, discoveredAt: lease.discoveredAt,
            createdAt: lease.createdAt, deadline: lease.deadline, endedAt: clock.now, attempts: lease.attempts + 1,
            request: lease.request, taskJSON: lease.taskJSON)
    }

    /// Confirms that the lease still holds, before anything is written under it.
    /// - Throws: ``CatalogError`` with code `leaseLost`.
    func confirm(_ lease: OutputLease) async throws {
        let now = clock.now
        // The heartbeat renews a lease after a third of its duration, so it rarely has to be extended here. Reading the expiry
        // needs no commit.
        if let expiry = try await catalog.expiry(of: lease), expiry > now.addingTimeInterval(leaseDuration / 3) { return }
        guard try await catalog.extend([lease], until: now.addingTimeInterval(leaseDuration)).isEmpty else {
            throw CatalogError(.leaseLost, "output \(lease.id)")
        }
    }

    // MARK: Ending without a complete picture

    /// Ends an output. The best candidate becomes the original; without a candidate the output becomes unavailable. A complete
    /// picture that is already archived stays.
    ///
    /// - Returns: The current record.
    /// - Throws: ``CatalogError`` with code `leaseLost`, ``BlobStoreError``.
    package func end(_ lease: OutputLease, reason: String, cause: FailureCause) async throws -> ArchiveRecord {
        let existing = try await existingRecord(lease)
        try await confirm(lease)
        let record: ArchiveRecord
        if let existing, try await isWhole(existing) {
            record = try await renewed(existing, lease, cause: cause)
        } else if let best = DeliveryCandidate.best(of: lease.candidates), try await blobs.size(of: best.original.digest) != nil {
            record = try await write(candidateRecord(best, lease, cause, existing), over: existing)
        } else {
            record = try await write(lostRecord(lease, reason, cause, existing), over: existing)
        }
        try await catalog.finish(lease, .ended(record), now: clock.now)
        return record
    }

    private func candidateRecord(
        _ best: DeliveryCandidate, _ lease: OutputLease, _ cause: FailureCause, _ existing: ArchiveRecord?
    ) -> ArchiveRecord {
        var record = emptyRecord(lease, state: .archived, reason: nil)
        record.original = best.original
        record.download = best.download
        if let facts = best.unread { record.unread = facts } else { record.decodeError = best.reason }
        record.cause = cause
        if let existing { record.keepOriginals(of: existing) }
        record.keep(lease.candidates)
        record.judgement = Self.judge(record, request: lease.request, model: lease.model)
        return record
    }

    /// The record of an unavailable output. It keeps what an earlier record says about files: they may still exist, or may be
    /// recovered from another archive.
    private func lostRecord(
        _ lease: OutputLease, _ reason: String, _ cause: FailureCause, _ existing: ArchiveRecord?
    ) -> ArchiveRecord {
        var empty = emptyRecord(lease, state: .unavailable, reason: reason)
        empty.cause = cause
        guard var record = existing else { return empty }
        record.state = empty.state
        record.reason = empty.reason
        record.cause = cause
        record.endedAt = empty.endedAt
        record.attempts = empty.attempts
        record.request = empty.request ?? record.request
        if let answer = empty.taskJSON { record.answer = answer }
        return record
    }

    /// Ends a task that has no outputs.
    /// - Throws: ``CatalogError`` with code `leaseLost` if another worker has the lease; ``BlobStoreError`` if the record can't
    ///   be written.
    package func end(
        _ lease: TaskLease, _ state: TaskState, reason: String, cause: FailureCause?, createdAt: Date?, json: JSONValue?
    ) async throws {
        let reason = KeyGuard(secrets())(reason)
        var record = TaskRecord(
            task: lease.id, state: state, reason: reason, source: lease.source, discoveredAt: lease.discoveredAt,
            createdAt: createdAt, request: lease.request, taskJSON: json)
        record.cause = cause
        guard try await catalog.extend([lease], until: clock.now.addingTimeInterval(leaseDuration)).isEmpty else {
            throw CatalogError(.leaseLost, "task \(lease.id)")
        }
        try await records.write(record)
        try await catalog.finish(
            lease, .ended(state, reason: reason, cause: cause, createdAt: createdAt, json: json), now: clock.now)
    }
}
