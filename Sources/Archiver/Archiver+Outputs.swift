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
    /// Nothing is thrown: everything that goes wrong becomes another try, an end, or a failure of the archive that ends the run.
    func archive(_ lease: OutputLease) async -> OutputStep {
        do {
            if let record = try await alreadyFiled(lease) {
                return try await enter(try await filer.renewed(record, lease), lease)
            }
        } catch {
            return give(error)
        }
        let link = await currentLink(of: lease)
        do {
            guard let address = link.address else { throw link.failure ?? Self.noLink }
            let download = try await metrics.measure(.download) {
                try await downloader.fetch(address, isRetry: lease.attempts > 0)
            }
            metrics.downloaded(download.bytes)
            return try await receive(download, lease, link)
        } catch let error as DownloadError where error.code == .hostBusy {
            return await pause(lease, error)
        } catch let error as DownloadError {
            return await tryAgain(lease, error.failure(isLinkFresh: link.isFresh), link)
        } catch let failure as Failure {
            return await tryAgain(lease, failure, link)
        } catch {
            return give(error)
        }
    }

    /// Verifies, derives and files a download.
    /// - Throws: ``Failure`` when the bytes are not a whole picture; ``BlobStoreError``, ``CatalogError``.
    private func receive(_ download: Download, _ lease: OutputLease, _ link: CurrentLink) async throws -> OutputStep {
        do {
            let inspection = try await metrics.measure(.inspect) { try await inspector.inspect(download) }
            switch inspection {
            case .undecodable(let reason, let looksLikePicture):
                throw try await keepAsCandidate(download, reason: reason, looksLikePicture: looksLikePicture, link)
            case .unjudged(let facts, let mediaType):
                throw try await keepAsCandidate(download, unjudged: facts, mediaType: mediaType)
            case .picture, .unread: break
            }
            // Filing takes milliseconds, and half of it is of no use: a request to stop does not cut it short.
            return try await Task { try await metrics.measure(.file) { try await file(download, inspection, lease) } }.value
        } catch {
            await download.ingest.discard()
            throw error
        }
    }

    /// Stores bytes that are not a whole picture: if nothing better comes, they are what was delivered.
    private func keepAsCandidate(
        _ download: Download, reason: String, looksLikePicture: Bool, _ link: CurrentLink
    ) async throws -> Failure {
        let blob = try await download.ingest.publish()
        let candidate = DeliveryCandidate(
            original: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: "application/octet-stream"),
            reason: reason, looksLikePicture: looksLikePicture, download: download.facts)
        return Failure(
            "the delivery is not a whole picture: \(reason)", kind: looksLikePicture ? "damaged picture" : "no picture",
            cause: .vendor, isRefusal: link.isFresh, candidate: candidate)
    }

    /// Stores bytes that our own decoder did not survive: they may be the whole picture.
    private func keepAsCandidate(_ download: Download, unjudged facts: UnreadFacts, mediaType: String) async throws -> Failure {
        let blob = try await download.ingest.publish()
        let candidate = DeliveryCandidate(
            original: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: mediaType), reason: facts.reason,
            looksLikePicture: true, download: download.facts, unread: facts)
        return Failure(facts.reason, kind: "decoder", cause: .ours, candidate: candidate)
    }

    // MARK: The link

    /// The link that a try uses.
    private struct CurrentLink {
        /// With its query: a secret.
        var address: String?
        /// Whether it was read for this try.
        var isFresh = false
        /// Why it could not be read anew.
        var failure: Failure?
        /// Set when the API refused the key.
        var stop: APIError?
    }

    private static let noLink = Failure("no link of it can be read", kind: "no link", cause: .unknown)

    /// The link from the catalog at the first try. Later it is read anew: after a refusal and after the deadline each time, otherwise
    /// every second time, since the API answers each reading by asking its provider.
    private func currentLink(of lease: OutputLease) async -> CurrentLink {
        let isLate = clock.now >= RecordFiler.deadline(of: lease)
        let isFirst = lease.attempts == 0 && !isLate
        let wasRefused = !["transport", "timeout", "connection", "dns", "tls"].contains(lease.failure ?? "")
        // A link of which a byte has changed in the catalog opens as an empty text.
        var link = CurrentLink(address: lease.link.isEmpty ? nil : lease.link)
        guard link.address == nil || (!isFirst && (isLate || wasRefused || lease.attempts.isMultiple(of: 2))) else { return link }
        do {
            switch try await readAgain(lease) {
            case .link(let address):
                link.address = address
                link.isFresh = true
            case .missing(let problem):
                link.failure = Failure(problem, kind: "no link", cause: .vendor, isRefusal: true)
                link.address = nil
            }
        } catch let error as APIError where error.code == .notFound {
            // The old link may still work.
            link.isFresh = true
            link.failure = Failure(
                "the upstream does not know the task any more", kind: "not_found", cause: .unknown, isRefusal: true)
        } catch let error as APIError {
            link.stop = error.stopsSource ? error : nil
            link.failure = Failure(
                "no fresh link could be read: \(error)", kind: error.cause, cause: error.failureCause,
                retryAfter: error.retryAfter)
        } catch {
            link.failure = Self.noLink
        }
        return link
    }

    private enum Reading {
        case link(String)
        case missing(String)
    }

    private func readAgain(_ lease: OutputLease) async throws -> Reading {
        let reading = try await readers.readings(of: [lease.id.task]).first
        let snapshot: TaskSnapshot
        do {
            snapshot = try await (reading?.client ?? client).task(lease.id.task)
        } catch var error as APIError {
            // A caller's key that is refused stops nobody else, and neither does a task that is somebody else's.
            if error.code == .forbidden || (reading?.isCallers == true && error.stopsSource) { error.code = .server }
            throw error
        }
        let results = numbered(snapshot.results, known: try await catalog.resultLinks(of: lease.id.task))
        guard let result = results.first(where: { $0.index == lease.id.index }) else {
            return .missing("the task names \(results.count) results, and this one is not among them")
        }
        let redact = Redactor(secrets: signatures(of: snapshot))
        return result.link.map(Reading.link) ?? .missing(result.problem.map { redact($0) } ?? "the result is not a link")
    }

    // MARK: File

    /// The record that an earlier try filed before it died without its catalog row, when its original is there.
    private func alreadyFiled(_ lease: OutputLease) async throws -> ArchiveRecord? {
        // One that holds no whole picture may be there because it is being tried again.
        guard let record = try await filer.standing(lease), record.decodeError == nil, try await filer.isWhole(record) else {
            return nil
        }
        return record
    }

    /// The last step: the catalog row, and the report.
    ///
    /// - Parameter original: The blob stored just now; `nil` when an earlier run did.
    private func enter(_ record: ArchiveRecord, _ lease: OutputLease, original: Publication? = nil) async throws -> OutputStep {
        try await catalog.finish(lease, .ended(record), now: clock.now)
        // Between reading the request and writing the row, or after a kill in between, it may have become known.
        if try await catalog.request(of: lease.id.task) != record.request { try await judgeAgain(lease.id.task) }
        report(.archived(OutputEntry(record)))
        return .archived(
            Filing(
                bytes: record.original?.bytes ?? 0, newBytes: original.map { $0.isNew ? $0.bytes : 0 } ?? 0,
                isWhole: record.decodeError == nil, wasFetched: original != nil))
    }

    /// Blobs first, the record second, the catalog row last.
    private func file(_ download: Download, _ inspection: Inspection, _ lease: OutputLease) async throws -> OutputStep {
        // In this order: with the lease still held after reading, what stands is no other worker's.
        let standing = try await filer.standing(lease)
        try await filer.confirm(lease)
        // The request may have become known while the file was on its way.
        let request = try await catalog.request(of: lease.id.task) ?? lease.request
        var record = filer.emptyRecord(lease, state: .archived, reason: nil)
        record.download = download.facts
        let original = try await download.ingest.publish()
        switch inspection {
        case .picture(let picture):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: picture.mediaType)
            record.picture = picture.facts
            record.thumbHash = picture.thumbHash
            record.perceptualHash = picture.perceptualHash
            for derivative in picture.derivatives { record.derivatives.append(try await store(derivative)) }
        // These two become candidates, and never get here.
        case .undecodable(let reason, _):
            record.original = BlobReference(
                digest: original.digest, bytes: original.bytes, mediaType: "application/octet-stream")
            record.decodeError = reason
        case .unjudged(let facts, let mediaType):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: mediaType)
            record.unread = facts
        case .unread(let reason, let mediaType, let format, let width, let height):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: mediaType)
            record.unread = UnreadFacts(format: format, reason: reason, width: width, height: height)
        }
        if let standing { record.keepOriginals(of: standing) }
        record.keep(lease.candidates)
        record.request = request
        record.judgement = RecordFiler.judge(record, request: request, model: lease.model)
        return try await enter(try await filer.write(record, over: standing), lease, original: original)
    }

    private func store(_ picture: DerivedPicture) async throws -> Derivative {
        let blob = try await blobs.put(picture.bytes)
        return Derivative(
            role: picture.role, blob: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: picture.mediaType),
            width: picture.width, height: picture.height, recipe: picture.recipe)
    }

    // MARK: When it fails

    /// Comes back when the host's pause is over, a little later for each, so that not all come at once.
    private func pause(_ lease: OutputLease, _ error: DownloadError) async -> OutputStep {
        let end = error.retryAfter ?? clock.now.addingTimeInterval(options.retry.base)
        let due = end.addingTimeInterval(.random(in: 0...options.retry.base))
        do {
            try await catalog.finish(lease, .paused(dueAt: due, reason: error.detail), now: clock.now)
        } catch {
            return give(error)
        }
        metrics.retried(output: error.kind)
        report(.postponed("output \(lease.id)", error: error.detail, until: due))
        return .postponed
    }

    /// Another try later, or the end when the window has closed.
    private func tryAgain(_ lease: OutputLease, _ failure: Failure, _ link: CurrentLink) async -> OutputStep {
        var failure = failure
        if let problem = link.failure, problem.detail != failure.detail { failure.detail += "; \(problem.detail)" }
        let keyGuard = KeyGuard(
            client.secrets + [lease.link, link.address].compactMap { $0 }.flatMap { HopSecrets.secrets(in: $0) })
        failure.detail = keyGuard(failure.detail)
        if let candidate = failure.candidate { failure.candidate = (try? keyGuard(candidate)) ?? candidate }
        var generator = SystemRandomNumberGenerator()
        let decision = RetryDecision(
            after: failure, tries: lease.attempts + 1, history: lease.history, deadline: RecordFiler.deadline(of: lease),
            now: clock.now, base: options.retry.base, ceiling: options.retry.ceiling, using: &generator)
        do {
            guard let due = decision.nextTry ?? dueWhileTheClockIsOff else {
                var lease = lease
                if let candidate = failure.candidate {
                    lease.candidates.removeAll { $0.original.digest == candidate.original.digest }
                    lease.candidates.append(candidate)
                }
                return try await giveUp(lease, "\(failure.detail) (\(lease.attempts + 1) tries)", decision.causeOfLoss)
            }
            try await catalog.finish(
                lease,
                .postponed(
                    Postponement(
                        dueAt: due, error: failure.detail, kind: failure.kind, cause: failure.cause, history: decision.history,
                        notBefore: failure.retryAfter.map { min($0, due) }, link: link.isFresh ? link.address : nil,
                        candidate: failure.candidate, isToBeTold: decision.isToBeTold)),
                now: clock.now)
            metrics.retried(output: failure.kind)
            report(.postponed("output \(lease.id)", error: failure.detail, until: due))
            if decision.isToBeTold { report(.failing("output \(lease.id)", cause: failure.cause, reason: failure.detail)) }
            return link.stop.map(OutputStep.sourceStopped) ?? .postponed
        } catch {
            return give(error)
        }
    }

    /// With a clock that is hours off no window can be seen to close: the next try comes after the longest wait.
    var dueWhileTheClockIsOff: Date? {
        client.monitor.isClockTrusted ? nil : clock.now.addingTimeInterval(options.retry.ceiling)
    }

    private func giveUp(_ lease: OutputLease, _ reason: String, _ cause: FailureCause) async throws -> OutputStep {
        let record = try await filer.end(lease, reason: reason, cause: cause)
        guard record.state == .unavailable else {
            // What a whole picture is archived for has no cause.
            if record.cause != nil, !lease.candidates.isEmpty { report(.archived(OutputEntry(record))) }
            report(.warning("output \(lease.id) was tried to the end of its window; what was delivered stays: \(reason)"))
            guard record.cause != nil else { return .leftAlone }
            return .archived(
                Filing(
                    bytes: record.original?.bytes ?? 0, newBytes: 0, isWhole: record.decodeError == nil, wasFetched: false))
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
