import ArchiveModel
import BlobStore
import Catalog
import DecoderPool
import Foundation
import GenerationAPI
import Networking
import Provenance
import SizeContract
import Telemetry

extension Archiver {
    /// The pipeline of one output: fetch, verify and derive, judge, file.
    ///
    /// Does not throw. Each error becomes a retry, the end of the output, or a failure of the archive that ends the run.
    func archive(_ lease: OutputLease) async -> OutputResult {
        do {
            if let record = try await alreadyFiled(lease) {
                return try await commit(try await filer.renewed(record, lease), lease)
            }
        } catch {
            return result(for: error)
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
            return result(for: error)
        }
    }

    /// Verifies, derives and files a download.
    /// - Throws: ``Failure`` if the bytes are not a complete picture, or may be cut short; ``BlobStoreError``, ``CatalogError``.
    private func receive(_ download: Download, _ lease: OutputLease, _ link: CurrentLink) async throws -> OutputResult {
        do {
            let inspection = try await metrics.measure(.inspect) { try await inspector.inspect(download) }
            if let failure = Self.failure(of: download, inspection, besides: lease.candidates, isLinkFresh: link.isFresh) {
                throw try await keepCandidate(of: failure, download, lease)
            }
            // Filing takes milliseconds and must not stop halfway, so it runs in a task that a request to stop does not cancel.
            return try await Task { try await metrics.measure(.file) { try await file(download, inspection, lease) } }.value
        } catch {
            await download.ingest.discard()
            throw error
        }
    }

    // MARK: The link

    /// The link used by one attempt.
    private struct CurrentLink {
        var address: ResultLink?
        /// Whether the link was read again for this attempt.
        var isFresh = false
        /// Why no fresh link could be read.
        var failure: Failure?
        /// Set if the API refused the key.
        var stop: APIError?
        /// The end of the window by the answer that the link was read from.
        var deadline: Date?
    }

    private static let noLink = Failure("its link could not be read", kind: "no link", cause: .unknown)

    /// The first attempt uses the link from the catalog. Later attempts read a fresh link: always after a refusal or after the
    /// deadline, otherwise every second time, since each read makes the API query its provider.
    private func currentLink(of lease: OutputLease) async -> CurrentLink {
        let isLate = clock.now >= RecordFiler.deadline(of: lease)
        let isFirst = lease.attempts == 0 && !isLate
        let wasRefused = !["transport", "timeout", "connection", "dns", "tls"].contains(lease.failure ?? "")
        // The catalog returns an empty link if the stored one is corrupted.
        var link = CurrentLink(address: lease.link.isEmpty ? nil : lease.link)
        guard link.address == nil || (!isFirst && (isLate || wasRefused || lease.attempts.isMultiple(of: 2))) else { return link }
        do {
            let (reading, deadline) = try await readAgain(lease)
            link.deadline = deadline
            switch reading {
            case .link(let address):
                link.address = address
                link.isFresh = true
            case .missing(let problem):
                link.failure = Failure(problem, kind: "no link", cause: .vendor, isRefusal: true)
                link.address = nil
            }
        } catch let error as APIError where error.code == .notFound {
            // The stored link may still work.
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

    private enum LinkAnswer {
        case link(ResultLink)
        case missing(String)
    }

    /// - Returns: What the answer says about the output, and the end of its window. A creation after the discovery is not believed.
    private func readAgain(_ lease: OutputLease) async throws -> (LinkAnswer, deadline: Date?) {
        guard let batch = try await readers.batches(of: [lease.id.task]).first else { throw Self.noLink }
        let snapshot: TaskSnapshot
        do {
            snapshot = try await read(lease.id.task, batch)
        } catch var error as APIError {
            // A refused caller's key, or a task of another account, must not stop the source for all other tasks.
            if error.code == .forbidden || (batch.isCallers && error.stopsSource) { error.code = .server }
            throw error
        }
        // No task is created after it was discovered, so an answer that always says "now" does not keep the window open. A stored
        // creation after the discovery shows that the clock was behind.
        let discovery = max(lease.discoveredAt, lease.createdAt ?? .distantPast)
        let latest = discovery.addingTimeInterval(UpstreamMonitor.clockTolerance)
        let deadline = snapshot.createdAt.map { min($0, latest).addingTimeInterval(UpstreamRules.linkLifetime) }
        let results = numbered(snapshot.results, known: try await catalog.resultLinks(of: lease.id.task))
        guard let result = results.first(where: { $0.index == lease.id.index }) else {
            return (.missing("the upstream's answer now lists \(results.count) results without this output"), deadline)
        }
        let redact = Redactor(secrets: signatures(of: snapshot))
        let problem = result.problem.map { redact($0) } ?? "the result is not a link"
        return (result.link.map(LinkAnswer.link) ?? .missing(problem), deadline)
    }

    // MARK: Filing

    /// The record of an earlier attempt that was interrupted before it wrote the catalog row; `nil` if there is no such record,
    /// or its original is not stored.
    private func alreadyFiled(_ lease: OutputLease) async throws -> ArchiveRecord? {
        // A record without a complete picture may belong to an output that is being retried.
        guard let record = try await filer.existingRecord(lease), record.decodeError == nil, try await filer.isWhole(record)
        else {
            return nil
        }
        return record
    }

    /// Last step: writes the catalog row and reports the output.
    ///
    /// - Parameter original: The blob stored by this attempt; `nil` if an earlier run stored it.
    private func commit(_ record: ArchiveRecord, _ lease: OutputLease, original: Publication? = nil) async throws -> OutputResult
    {
        try await catalog.finish(lease, .ended(record), now: clock.now)
        // The request may have become known since the record was made, for example if an earlier process was killed before this
        // step.
        if try await catalog.request(of: lease.id.task) != record.request { try await judgeAgain(lease.id.task) }
        report(.archived(OutputEntry(record)))
        return .archived(
            Filing(
                bytes: record.original?.bytes ?? 0, newBytes: original.map { $0.isNew ? $0.bytes : 0 } ?? 0,
                isWhole: record.decodeError == nil, wasFetched: original != nil))
    }

    /// Write order: blobs, then the record, then the catalog row.
    private func file(_ download: Download, _ inspection: Inspection, _ lease: OutputLease) async throws -> OutputResult {
        // Read the existing record before confirming the lease: if the lease still holds afterwards, no other worker wrote that
        // record.
        let existing = try await filer.existingRecord(lease)
        try await filer.confirm(lease)
        // The request may have become known during the download.
        let request = try await catalog.request(of: lease.id.task) ?? lease.request
        var record = filer.emptyRecord(lease, state: .archived, reason: nil)
        record.download = download.facts
        let original = try await download.ingest.publish()
        switch inspection {
        case .picture(let picture):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: picture.mediaType)
            record.picture = picture.facts
            try await trustLists.keep(picture.facts.credentials?.latest, now: clock.now) { _ = try await blobs.put($0) }
            record.thumbHash = picture.thumbHash
            record.perceptualHash = picture.perceptualHash
            for derivative in picture.derivatives { record.derivatives.append(try await store(derivative)) }
        case .unread(let facts, let mediaType):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: mediaType)
            record.unread = facts
        // `failure` turns these two cases into candidates, so they do not reach this switch.
        case .unjudged(let facts, let mediaType):
            record.original = BlobReference(digest: original.digest, bytes: original.bytes, mediaType: mediaType)
            record.unread = facts
        case .undecodable(let reason, _):
            record.original = BlobReference(
                digest: original.digest, bytes: original.bytes, mediaType: MediaType.unknown)
            record.decodeError = reason
        }
        if let existing { record.keepOriginals(of: existing) }
        record.keep(lease.candidates)
        record.request = request
        record.judgement = RecordFiler.judge(record, request: request, model: lease.model)
        return try await commit(try await filer.write(record, over: existing), lease, original: original)
    }

    private func store(_ picture: DerivedPicture) async throws -> Derivative {
        let blob = try await blobs.put(picture.bytes)
        return Derivative(
            role: picture.role, blob: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: picture.mediaType),
            width: picture.width, height: picture.height, recipe: picture.recipe)
    }

    // MARK: Failures

    /// Retries after the host's pause, with random jitter so that not all outputs retry at once.
    private func pause(_ lease: OutputLease, _ error: DownloadError) async -> OutputResult {
        let end = error.retryAfter ?? clock.now.addingTimeInterval(options.retry.base)
        let due = end.addingTimeInterval(.random(in: 0...options.retry.base))
        let reason = KeyGuard(client.secrets)(error.detail)
        do {
            try await catalog.finish(lease, .paused(dueAt: due, reason: reason), now: clock.now)
        } catch {
            return result(for: error)
        }
        metrics.retried(output: error.kind)
        report(.postponed("output \(lease.id)", error: reason, until: due))
        return .postponed
    }

    /// Whether and when an output or task is tried again.
    func decision(after failure: Failure, tries: Int, _ history: FailureHistory, deadline: Date) -> RetryDecision {
        var generator = SystemRandomNumberGenerator()
        return RetryDecision(
            after: failure, tries: tries, history: history, deadline: deadline, now: clock.now,
            isClockConfirmed: client.isClockConfirmed, base: options.retry.base, ceiling: options.retry.ceiling,
            using: &generator)
    }

    /// Schedules a retry, or ends the output if its window has closed.
    private func tryAgain(_ lease: OutputLease, _ failure: Failure, _ link: CurrentLink) async -> OutputResult {
        var failure = failure
        if let problem = link.failure, problem.detail != failure.detail { failure.detail += "; \(problem.detail)" }
        let keyGuard = KeyGuard(client.secrets)
        let signatures = [lease.link, link.address].compactMap { $0 }.flatMap { HopSecrets.secrets(in: $0.unsafeText) }
        failure.detail = KeyGuard(client.secrets + signatures)(failure.detail)
        // The downloader has removed the signatures from the facts of a candidate.
        if let candidate = failure.candidate { failure.candidate = (try? keyGuard(candidate)) ?? candidate }
        var lease = lease
        // Where answers differ, the later time counts: a window that seems to close too soon loses pictures.
        let later = link.deadline.flatMap { $0 > RecordFiler.deadline(of: lease) ? $0 : nil }
        lease.deadline = later ?? lease.deadline
        let decision = decision(
            after: failure, tries: lease.attempts + 1, lease.history, deadline: RecordFiler.deadline(of: lease))
        do {
            guard let due = decision.nextTry else {
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
                        candidate: failure.candidate, deadline: later, isToBeTold: decision.isToBeTold)),
                now: clock.now)
            metrics.retried(output: failure.kind)
            report(.postponed("output \(lease.id)", error: failure.detail, until: due))
            if decision.isToBeTold { report(.failing("output \(lease.id)", cause: failure.cause, reason: failure.detail)) }
            return link.stop.map(OutputResult.sourceStopped) ?? .postponed
        } catch {
            return result(for: error)
        }
    }

    private func giveUp(_ lease: OutputLease, _ reason: String, _ cause: FailureCause) async throws -> OutputResult {
        let record = try await filer.end(lease, reason: reason, cause: cause)
        guard record.state == .unavailable else {
            // `cause` is `nil` if the archived picture is complete.
            if record.cause != nil, !lease.candidates.isEmpty { report(.archived(OutputEntry(record))) }
            report(.warning("the window of output \(lease.id) has closed; the archived delivery is kept: \(reason)"))
            guard record.cause != nil else { return .leftAlone }
            return .archived(
                Filing(
                    bytes: record.original?.bytes ?? 0, newBytes: 0, isWhole: record.decodeError == nil, wasFetched: false))
        }
        report(.unavailable(OutputEntry(record)))
        return .unavailable
    }

    private func result(for error: any Error) -> OutputResult {
        switch error {
        case is CancellationError: return .putBack
        case let error as CatalogError where error.code == .leaseLost:
            report(.warning(error.description))
            return .leftAlone
        default: return .failed(error)
        }
    }
}
