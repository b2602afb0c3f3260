package import ArchiveModel
package import BlobStore
package import Catalog
package import DecoderPool
package import Foundation
package import Provenance

/// Checks the Content Credentials of archived pictures again, and records each verdict. A verdict is appended, never overwritten.
///
/// It can be interrupted at any time: a picture that was checked lately with the same lists is not checked again.
package struct CredentialChecker: Sendable {
    private let blobs: any BlobStore
    private let records: any RecordStore
    private let catalog: any Catalog
    private let clock: any WallClock
    private let decoders: DecoderPool
    private let width: Int
    private let lists: TrustListKeeper
    private let trust: CredentialFacts.Trust

    /// Seconds for which a verdict with the same lists counts as new.
    package static let freshness: TimeInterval = 86_400

    /// - Parameters:
    ///   - decoders: A pool with the same trust lists.
    ///   - width: Pictures checked at once.
    package init(
        blobs: any BlobStore, records: any RecordStore, catalog: any Catalog, clock: any WallClock, decoders: DecoderPool,
        width: Int, trust: TrustSettings
    ) {
        (self.blobs, self.records, self.catalog, self.clock) = (blobs, records, catalog, clock)
        (self.decoders, self.width) = (decoders, width)
        lists = TrustListKeeper(trust)
        self.trust = TrustLists(trust).digests
    }

    /// Which pictures are checked, and how.
    package struct Scope: Sendable {
        package var query: EntryQuery
        /// Another time than now. Nothing is recorded then.
        package var moment: Date?
        /// Whether pictures with a new verdict are checked too.
        package var again: Bool

        package init(query: EntryQuery = EntryQuery(), moment: Date? = nil, again: Bool = false) {
            (self.query, self.moment, self.again) = (query, moment, again)
            self.query.states = [.archived]
        }
    }

    package struct Report: Sendable, Hashable, Encodable {
        /// A picture whose state is worse than before.
        package struct Fall: Sendable, Hashable, Encodable {
            package var task: TaskID
            package var index: Int
            package var before: CredentialFacts.State
            package var after: CredentialFacts.State
            package var failures: [String]
        }

        /// The time for which the verdicts hold.
        package var moment: Date
        /// Whether the verdicts were recorded.
        package var isRecorded: Bool
        package var checked = 0
        /// Pictures that were checked for the first time.
        package var first = 0
        /// Pictures with a new verdict, which were not checked again.
        package var skipped = 0
        package var states: [String: Int] = [:]
        package var fallen: [Fall] = []
        /// Pictures that could not be checked, with the reason.
        package var failed: [String] = []

        private enum CodingKeys: String, CodingKey {
            case moment
            case isRecorded = "recorded"
            case checked, first, skipped, states
            case fallen = "worse"
            case failed
        }

        package init(moment: Date, isRecorded: Bool) { (self.moment, self.isRecorded) = (moment, isRecorded) }

        package var isClean: Bool { fallen.isEmpty && failed.isEmpty }
    }

    private enum Outcome: Sendable {
        case unpicturable
        case skipped(CredentialFacts)
        case checked(CredentialFacts.Verdict, before: CredentialFacts.Verdict?)
        case failed(String)
    }

    private struct Done: Sendable {
        var id: OutputID
        var outcome: Outcome
    }

    /// Checks every picture of the scope.
    /// - Parameter progress: Called after each page with the number of pictures so far.
    package func check(_ scope: Scope, progress: @Sendable (Int) -> Void = { _ in }) async throws -> Report {
        var report = Report(moment: scope.moment ?? clock.now, isRecorded: scope.moment == nil)
        var count = 0
        try await catalog.forEachCredentialPage(scope.query) { rows in
            for done in try await outcomes(of: rows, scope) { add(done, to: &report) }
            count += rows.count
            progress(count)
        }
        return report
    }

    private func outcomes(of rows: [CredentialRow], _ scope: Scope) async throws -> [Done] {
        try await withThrowingTaskGroup(of: Done.self) { group in
            var done: [Done] = []
            for (number, row) in rows.enumerated() {
                if number >= width, let next = try await group.next() { done.append(next) }
                group.addTask { Done(id: row.id, outcome: try await check(row, scope)) }
            }
            for try await next in group { done.append(next) }
            return done
        }
    }

    private func add(_ done: Done, to report: inout Report) {
        func count(_ after: CredentialFacts.Verdict, _ before: CredentialFacts.Verdict?) {
            report.states[after.state.rawValue, default: 0] += 1
            guard let before, after.state < before.state else { return }
            report.fallen.append(
                Report.Fall(
                    task: done.id.task, index: done.id.index, before: before.state, after: after.state,
                    failures: after.failures ?? []))
        }
        switch done.outcome {
        case .unpicturable: break
        case .skipped(let facts):
            report.skipped += 1
            // An interrupted run may have found the fall without reporting it.
            count(facts.latest, facts.verdicts.dropLast().last)
        case .checked(let after, let before):
            report.checked += 1
            if before == nil { report.first += 1 }
            count(after, before)
        case .failed(let reason): report.failed.append("\(done.id): \(reason)")
        }
    }

    // MARK: One picture

    private func check(_ row: CredentialRow, _ scope: Scope) async throws -> Outcome {
        do {
            // A worker that replaces the record meanwhile is rare, and does so once.
            for _ in 0..<3 {
                guard let standing = try await record(of: row), standing.picture != nil, let original = standing.original else {
                    return .unpicturable
                }
                if let outcome = try await check(standing, original, scope) { return outcome }
            }
            return .failed("its record changed again and again; run the command again")
        } catch let error as DecoderFailure {
            return .failed(error.description)
        } catch let error as BlobStoreError {
            return .failed(error.description)
        }
    }

    private func record(of row: CredentialRow) async throws -> ArchiveRecord? {
        var day = row.createdAt
        if day == nil { day = try await catalog.task(row.id.task)?.discoveredAt }
        guard let day else { return nil }
        return try await records.record(of: row.id, day: day)
    }

    /// - Returns: `nil` if another process has replaced the record meanwhile.
    private func check(_ standing: ArchiveRecord, _ original: BlobReference, _ scope: Scope) async throws -> Outcome? {
        let known = standing.picture?.credentials
        if scope.moment == nil, !scope.again, let known, isNew(known.latest) { return .skipped(known) }
        let input = BlobInput(bytes: try await blobs.contents(of: original.digest))
        let facts = try await decoders.evidence(input, checkedAt: scope.moment ?? clock.now).facts
        if let before = known?.latest, facts.state < before.state, try await blobs.rehash(original.digest) != original.digest {
            return .failed("the original is damaged; run 'fixative repair'")
        }
        if scope.moment == nil {
            var record = standing
            if var known {
                known.append(facts)
                record.picture?.credentials = known
            } else {
                record.picture?.credentials = facts
            }
            try await lists.keep(facts.first, now: clock.now) { _ = try await blobs.put($0) }
            guard try await records.write(record, over: standing) == nil else { return nil }
            try await catalog.update(record)
        }
        return .checked(facts.first, before: known?.latest)
    }

    private func isNew(_ verdict: CredentialFacts.Verdict) -> Bool {
        let age = clock.now.timeIntervalSince(verdict.checkedAt)
        return (0..<Self.freshness).contains(age) && (verdict.trust == nil || verdict.trust == trust)
    }
}

/// A blob for a decoder.
private struct BlobInput: DecoderInput {
    let bytes: BlobBytes

    var count: Int { bytes.count }
    func withSpan<Value>(_ body: (Span<UInt8>) throws -> Value) rethrows -> Value { try bytes.withSpan(body) }
    func withDescriptor<Value>(_ body: (Int32?) throws -> Value) rethrows -> Value { try bytes.withDescriptor(body) }
}
