import ArchiveModel
import BlobStore
import Catalog
import DecoderPool
import Foundation
import GenerationAPI
import SizeContract
import Telemetry

extension Archiver {
    /// One output's way: fetch, verify and derive, judge, file.
    ///
    /// Nothing is thrown: whatever goes wrong becomes another try, a reason, or a failure of the archive that ends the run.
    func archive(_ lease: OutputLease) async -> OutputStep {
        do {
            if let record = try await alreadyFiled(lease) { return try await enter(try await renewed(record, lease), lease) }
            // A byte of it has changed in the catalog: the task is asked for a fresh one.
            guard !lease.link.isEmpty else { throw DownloadError(.gone(404), "its link in the catalog can't be read") }
            let download = try await metrics.measure(.download) { try await downloader.fetch(lease.link) }
            metrics.downloaded(download.bytes)
            do {
                let inspection = try await metrics.measure(.inspect) { try await inspector.inspect(download) }
                if let doubt = doubt(of: inspection, download, lease) {
                    await download.ingest.discard()
                    return try await tryAgain(
                        lease, error: doubt.reason, failure: doubt.failure, patience: Self.stubbornPatience,
                        suspect: download.digest)
                }
                // Filing takes milliseconds, and half of it is of no use: a request to stop does not cut it short.
                return try await Task { try await metrics.measure(.file) { try await file(download, inspection, lease) } }.value
            } catch {
                await download.ingest.discard()
                throw error
            }
        } catch let error as DownloadError {
            return await afterFailure(lease, error)
        } catch let error as DecoderFailure {
            return await afterFailure(lease, error)
        } catch {
            return give(error)
        }
    }

    // MARK: Verify

    /// Why a delivery that is no whole picture is fetched once more; `nil` when it is to be kept as it is.
    ///
    /// A broken transfer brings other bytes next time. The same bytes twice are what was delivered; bytes that are no picture at
    /// all, such as an error page, get a few more chances, since a page is the host's mood and not the result.
    private func doubt(
        of inspection: Inspection, _ download: Download, _ lease: OutputLease
    ) -> (reason: String, failure: String)? {
        guard case .undecodable(let reason, let looksLikePicture) = inspection else { return nil }
        let failure = looksLikePicture ? "damaged picture" : "no picture"
        if looksLikePicture, lease.suspect == download.digest { return nil }
        if lease.repeats(of: failure) >= options.stubbornTries { return nil }
        return ("what came is no whole picture: \(reason)", failure)
    }

    // MARK: Judge

    /// Judges a picture by its request; `nil` facts are those of bytes that are no picture.
    func judge(_ picture: ImageFacts?, request: RecordedRequest?, model: String?) -> Judgement {
        let contract = SizeContract.contract(model: request?.model ?? model)
        let delivered = picture.map { PixelSize(width: $0.width, height: $0.height) }
        return contract.judge(delivered: delivered, request: request?.sizeRequest(in: contract))
    }

    // MARK: File

    /// What an earlier try filed that died before its catalog row: its record, when its original is there.
    private func alreadyFiled(_ lease: OutputLease) async throws -> ArchiveRecord? {
        // One that holds no whole picture may be there because it is being tried again.
        guard let record = try await standing(lease), record.decodeError == nil, try await isWhole(record) else { return nil }
        return record
    }

    /// The record that stands on the disk; `nil` for none that can be read.
    private func standing(_ lease: OutputLease) async throws -> ArchiveRecord? {
        do {
            return try await records.record(of: lease.id, day: lease.createdAt ?? lease.discoveredAt)
        } catch let error as BlobStoreError where error.code == .unreadableRecord {
            return nil
        }
    }

    /// Whether a record is of something that was archived, and its original is there.
    private func isWhole(_ record: ArchiveRecord) async throws -> Bool {
        guard record.state == .archived, let original = record.original else { return false }
        return try await blobs.size(of: original.digest) == original.bytes
    }

    /// A record that stands, with what the task's latest reading says: the catalog goes by that too.
    private func renewed(_ record: ArchiveRecord, _ lease: OutputLease) async throws -> ArchiveRecord {
        var renewed = record
        renewed.taskJSON = lease.taskJSON ?? record.taskJSON
        // Without it, the day of discovery is part of the record's place.
        if record.createdAt != nil { renewed.discoveredAt = lease.discoveredAt }
        guard renewed != record else { return record }
        try await confirm(lease)
        return try await write(renewed, over: record)
    }

    /// Writes a record, unless another worker that has taken over this output was first: then its record stands, and is given back.
    ///
    /// - Parameter standing: What stood there when this try began to file.
    private func write(_ record: ArchiveRecord, over standing: ArchiveRecord?) async throws -> ArchiveRecord {
        var (record, standing) = (record, standing)
        while let other = try await records.write(record, over: standing) {
            if try await isWhole(other), record.state == .unavailable || other.decodeError == nil || record.decodeError != nil {
                return other
            }
            standing = other
            record.keepOriginals(of: other)
        }
        return record
    }

    /// The last step: the catalog row, and the word that it is done.
    ///
    /// - Parameter original: What was stored for it just now; `nil` when an earlier run did.
    private func enter(_ record: ArchiveRecord, _ lease: OutputLease, original: Publication? = nil) async throws -> OutputStep {
        try await catalog.finish(lease, .ended(record), now: clock.now)
        // Between the look at the request and the row, or after a kill in between, it may have become known.
        if try await catalog.request(of: lease.id.task) != record.request { try await judgeAgain(lease.id.task) }
        report(.archived(OutputEntry(record)))
        return .archived(
            Filing(
                bytes: record.original?.bytes ?? 0, newBytes: original.map { $0.isNew ? $0.bytes : 0 } ?? 0,
                isWhole: record.decodeError == nil, wasFetched: original != nil))
    }

    /// Sees to it that the lease still holds before anything is written under it.
    /// - Throws: ``CatalogError`` with code `leaseLost`.
    private func confirm(_ lease: OutputLease) async throws {
        let now = clock.now
        // The heart beats at a third of a lease's life: mostly there is enough left, and a look costs no commit.
        if let expiry = try await catalog.expiry(of: lease), expiry > now.addingTimeInterval(options.leaseDuration / 3) { return }
        guard try await catalog.extend([lease], until: now.addingTimeInterval(options.leaseDuration)).isEmpty else {
            throw CatalogError(.leaseLost, "output \(lease.id)")
        }
    }

    /// Blobs first, the record second, the catalog row last.
    private func file(_ download: Download, _ inspection: Inspection, _ lease: OutputLease) async throws -> OutputStep {
        // In this order: with the lease still held after the look, what is seen is no other worker's.
        let standing = try await standing(lease)
        try await confirm(lease)
        // The request may have become known while the file was on its way.
        let request = try await catalog.request(of: lease.id.task) ?? lease.request
        var record = emptyRecord(lease, state: .archived, reason: nil)
        record.download = download.facts
        let original = try await download.ingest.publish()
        switch inspection {
        case .picture(let picture):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: picture.mediaType)
            record.picture = picture.facts
            record.thumbHash = picture.thumbHash
            record.perceptualHash = picture.perceptualHash
            for derivative in picture.derivatives { record.derivatives.append(try await store(derivative)) }
        case .undecodable(let reason, _):
            record.original = BlobReference(
                digest: original.digest, bytes: original.bytes, mediaType: "application/octet-stream")
            record.decodeError = reason
        }
        if let standing { record.keepOriginals(of: standing) }
        record.request = request
        record.judgement = judge(record.picture, request: request, model: lease.model)
        return try await enter(try await write(record, over: standing), lease, original: original)
    }

    private func store(_ picture: DerivedPicture) async throws -> Derivative {
        let blob = try await blobs.put(picture.bytes)
        return Derivative(
            role: picture.role, blob: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: picture.mediaType),
            width: picture.width, height: picture.height, recipe: picture.recipe)
    }

    private func emptyRecord(_ lease: OutputLease, state: ArchiveRecord.State, reason: String?) -> ArchiveRecord {
        ArchiveRecord(
            id: lease.id, state: state, reason: reason, source: lease.source, discoveredAt: lease.discoveredAt,
            createdAt: lease.createdAt,
            deadline: lease.deadline, endedAt: clock.now, attempts: lease.attempts + 1, request: lease.request,
            taskJSON: lease.taskJSON)
    }

    // MARK: When it fails

    private func afterFailure(_ lease: OutputLease, _ error: DownloadError) async -> OutputStep {
        do {
            if error.code == .hostBusy { return try await pause(lease, error) }
            if error.isGone { return try await afterGone(lease, error) }
            let repeats = lease.repeats(of: error.kind)
            if error.isStubborn, repeats >= options.stubbornTries {
                return try await giveUp(lease, "\(error.detail) (tried \(repeats) times)")
            }
            // A link may also fail because it is an old one: every second time a fresh one is asked for, if it is to be had.
            let fresh = lease.attempts.isMultiple(of: 2) ? nil : try? await freshLink(lease)
            return try await tryAgain(
                lease, error: error.detail, failure: error.kind, patience: error.isStubborn ? Self.stubbornPatience : 1,
                retryAfter: error.retryAfter, link: fresh, suspect: lease.suspect)
        } catch {
            return give(error)
        }
    }

    /// A decoder that crashed, hung or had no memory proves nothing about the picture: it is tried again, and never given up for it.
    private func afterFailure(_ lease: OutputLease, _ failure: DecoderFailure) async -> OutputStep {
        do {
            return try await tryAgain(
                lease, error: failure.description, failure: "decoder", patience: Self.stubbornPatience, suspect: lease.suspect)
        } catch {
            return give(error)
        }
    }

    /// Comes back when the host's pause is over, a little later for each, so that not all come at once.
    private func pause(_ lease: OutputLease, _ error: DownloadError) async throws -> OutputStep {
        let end = error.retryAfter ?? clock.now.addingTimeInterval(options.retry.base)
        let due = end.addingTimeInterval(.random(in: 0...options.retry.base))
        try await catalog.finish(lease, .paused(dueAt: due, reason: error.detail), now: clock.now)
        metrics.retried(output: error.kind)
        report(.postponed("output \(lease.id)", error: error.detail, until: due))
        return .postponed
    }

    private func freshLink(_ lease: OutputLease) async throws -> String? {
        let reading = try await readers.readings(of: [lease.id.task]).first
        let links: [String]
        do {
            links = try await (reading?.client ?? client).task(lease.id.task).links
        } catch var error as APIError {
            // A caller's key that is refused stops nobody else, and neither does a task that is somebody else's.
            if error.code == .forbidden || (reading?.isCallers == true && error.stopsSource) { error.code = .server }
            throw error
        }
        return links.indices.contains(lease.id.index) ? links[lease.id.index] : nil
    }

    /// How much longer the waits are after a failure that is likely to come again.
    private static let stubbornPatience = 4.0

    /// The storage host says the file is gone: the task is read again for a fresh link, and only when fresh links are gone as well,
    /// and again, the output is given up.
    private func afterGone(_ lease: OutputLease, _ error: DownloadError) async throws -> OutputStep {
        let answers = lease.goneAnswers + 1
        var fresh: String?
        var note = ""
        do {
            fresh = try await freshLink(lease)
        } catch let problem as APIError where problem.code == .notFound {
            note = ", and the upstream no longer knows the task"
        } catch let problem as APIError {
            // Without a fresh link this answer proves nothing yet.
            let step = try await tryAgain(
                lease, error: "\(error.detail), and no fresh link could be read: \(problem)", failure: error.kind,
                retryAfter: problem.retryAfter, suspect: lease.suspect)
            return problem.stopsSource ? .sourceStopped(problem) : step
        }
        guard answers < options.goneAnswersToBelieve else {
            return try await giveUp(lease, "\(error.detail) to a freshly read link (\(answers) times)\(note)")
        }
        return try await tryAgain(
            lease, error: error.detail + note, failure: error.kind, link: fresh, goneAnswers: answers, suspect: lease.suspect)
    }

    /// - Parameter patience: How many times longer than usual the wait is.
    private func tryAgain(
        _ lease: OutputLease, error: String, failure: String, patience: Double = 1, retryAfter: Date? = nil, link: String? = nil,
        goneAnswers: Int? = nil, suspect: Digest?
    ) async throws -> OutputStep {
        var generator = SystemRandomNumberGenerator()
        var retry = options.retry
        retry.base *= patience
        let due = retry.nextTry(
            after: clock.now, failures: lease.attempts + 1, retryAfter: retryAfter, deadline: lease.deadline, using: &generator)
        try await catalog.finish(
            lease,
            .postponed(
                dueAt: due, error: error, failure: failure, link: link, goneAnswers: goneAnswers ?? lease.goneAnswers,
                suspect: suspect),
            now: clock.now)
        metrics.retried(output: failure)
        report(.postponed("output \(lease.id)", error: error, until: due))
        return .postponed
    }

    /// The record of what is given up, with all that an earlier one knows of files that once were there: they may come back from
    /// another archive, and some may be there still.
    private func lostRecord(_ lease: OutputLease, _ reason: String, _ standing: ArchiveRecord?) -> ArchiveRecord {
        let empty = emptyRecord(lease, state: .unavailable, reason: reason)
        guard var record = standing else { return empty }
        record.state = empty.state
        record.reason = empty.reason
        record.endedAt = empty.endedAt
        record.attempts = empty.attempts
        record.request = empty.request ?? record.request
        record.taskJSON = empty.taskJSON ?? record.taskJSON
        return record
    }

    private func giveUp(_ lease: OutputLease, _ reason: String) async throws -> OutputStep {
        let standing = try await standing(lease)
        try await confirm(lease)
        let record: ArchiveRecord
        if let standing, try await isWhole(standing) {
            record = try await renewed(standing, lease)
        } else {
            record = try await write(lostRecord(lease, reason, standing), over: standing)
        }
        try await catalog.finish(lease, .ended(record), now: clock.now)
        guard record.state == .unavailable else {
            report(.warning("output \(lease.id) was tried again without success, so what came before stays: \(reason)"))
            return .leftAlone
        }
        report(.unavailable(OutputEntry(record)))
        return .unavailable
    }

    private func give(_ error: any Error) -> OutputStep {
        switch error {
        case is CancellationError: return .putBack
        case let error as CatalogError where error.code == .leaseLost:
            report(.warning(error.description))
            return .leftAlone
        default: return .failed(error)
        }
    }
}
