import ArchiveModel
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import SizeContract

extension Archiver {
    /// One output's way: fetch, verify and derive, judge, file.
    ///
    /// Nothing is thrown: whatever goes wrong becomes another try, a reason, or a failure of the archive that ends the run.
    func archive(_ lease: OutputLease) async -> OutputStep {
        do {
            let download = try await downloader.fetch(lease.link)
            do {
                let inspection = try await inspector.inspect(download)
                if let doubt = doubt(of: inspection, download, lease) {
                    await download.ingest.discard()
                    return try await tryAgain(lease, error: doubt, suspect: download.digest)
                }
                // Filing takes milliseconds, and half of it is of no use: a request to stop does not cut it short.
                return try await Task { try await file(download, inspection, lease) }.value
            } catch {
                await download.ingest.discard()
                throw error
            }
        } catch let error as DownloadError {
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
    private func doubt(of inspection: Inspection, _ download: Download, _ lease: OutputLease) -> String? {
        guard case .undecodable(let reason, let looksLikePicture) = inspection else { return nil }
        let tries = lease.attempts + 1
        let isSettled =
            looksLikePicture ? lease.suspect == download.digest || tries >= options.stubbornTries : tries >= options.stubbornTries
        return isSettled ? nil : "what came is no whole picture: \(reason)"
    }

    // MARK: Judge

    /// Judges a picture by its request; `nil` facts are those of bytes that are no picture.
    func judge(_ picture: ImageFacts?, request: RecordedRequest?, model: String?) -> Judgement {
        let contract = SizeContract.contract(model: request?.model ?? model)
        let delivered = picture.map { PixelSize(width: $0.width, height: $0.height) }
        return contract.judge(delivered: delivered, request: request?.sizeRequest(in: contract))
    }

    // MARK: File

    /// Blobs first, the record second, the catalog row last.
    private func file(_ download: Download, _ inspection: Inspection, _ lease: OutputLease) async throws -> OutputStep {
        guard try await catalog.extend([lease], until: clock.now.addingTimeInterval(options.leaseDuration)).isEmpty else {
            await download.ingest.discard()
            throw CatalogError(.leaseLost, "output \(lease.id)")
        }
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
        record.judgement = judge(record.picture, request: lease.request, model: lease.model)
        try await records.write(record)
        try await catalog.finish(lease, .ended(record), now: clock.now)
        report(.archived(OutputEntry(record)))
        return .archived(newBytes: original.isNew ? original.bytes : 0)
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
            if error.isGone { return try await afterGone(lease, error) }
            if error.isStubborn, lease.attempts + 1 >= options.stubbornTries {
                return try await giveUp(lease, "\(error.detail) (tried \(lease.attempts + 1) times)")
            }
            // A link may also fail because it is an old one: every second time a fresh one is asked for, if it is to be had.
            let fresh = lease.attempts.isMultiple(of: 2) ? nil : try? await freshLink(lease)
            return try await tryAgain(
                lease, error: error.detail, retryAfter: error.retryAfter, link: fresh, suspect: lease.suspect)
        } catch {
            return give(error)
        }
    }

    private func freshLink(_ lease: OutputLease) async throws -> String? {
        let links = try await client.task(lease.id.task).links
        return links.indices.contains(lease.id.index) ? links[lease.id.index] : nil
    }

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
            return try await tryAgain(
                lease, error: "\(error.detail), and no fresh link could be read: \(problem)", retryAfter: problem.retryAfter,
                suspect: lease.suspect)
        }
        guard answers < options.goneAnswersToBelieve else {
            return try await giveUp(lease, "\(error.detail) to a freshly read link (\(answers) times)\(note)")
        }
        return try await tryAgain(lease, error: error.detail + note, link: fresh, goneAnswers: answers, suspect: lease.suspect)
    }

    private func tryAgain(
        _ lease: OutputLease, error: String, retryAfter: Date? = nil, link: String? = nil, goneAnswers: Int? = nil,
        suspect: Digest?
    ) async throws -> OutputStep {
        var generator = SystemRandomNumberGenerator()
        let due = options.retry.nextTry(
            after: clock.now, failures: lease.attempts + 1, retryAfter: retryAfter, deadline: lease.deadline, using: &generator)
        try await catalog.finish(
            lease,
            .postponed(dueAt: due, error: error, link: link, goneAnswers: goneAnswers ?? lease.goneAnswers, suspect: suspect),
            now: clock.now)
        report(.postponed("output \(lease.id)", error: error, until: due))
        return .postponed
    }

    private func giveUp(_ lease: OutputLease, _ reason: String) async throws -> OutputStep {
        let record = emptyRecord(lease, state: .unavailable, reason: reason)
        try await records.write(record)
        try await catalog.finish(lease, .ended(record), now: clock.now)
        report(.unavailable(OutputEntry(record)))
        return .unavailable
    }

    private func give(_ error: any Error) -> OutputStep {
        switch error {
        case is CancellationError: return .putBack
        case let error as CatalogError where error.code == .leaseLost:
            report(.note(error.description))
            return .leftAlone
        default: return .failed(error)
        }
    }
}
