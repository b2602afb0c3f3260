package import ArchiveModel
package import BlobStore
package import Catalog
package import DecoderPool
package import Foundation
package import GenerationAPI
import ImageCodecs
import Synchronization
package import Telemetry
import WorkLanes

/// How an archiver works.
package struct ArchiverOptions: Sendable {
    /// Outputs that may be on their way at once.
    package var downloads: Int
    /// Pictures decoded at once.
    package var workers: Int
    /// How old a task the sweep of the account looks for, in seconds; `nil` for no sweep.
    package var since: TimeInterval?
    /// Whether to go on when everything is done, sweeping again and again.
    package var watch: Bool
    /// Seconds between sweeps.
    package var sweepInterval: TimeInterval
    /// Seconds that a lease holds without a sign of life, so how long the work of a process that was killed waits for another.
    package var leaseDuration: TimeInterval
    /// Seconds that work on its way may take after a request to stop.
    package var drainTime: TimeInterval
    /// Waits between the tries of one output or task.
    package var retry: RetryPolicy
    /// How long to wait before an unfinished task is read again: at first, and at the most, in seconds.
    package var pace: ClosedRange<TimeInterval>
    /// Seconds until the next try beyond which a run that does not watch ends, though something still waits; `nil` to wait to the end.
    package var patience: TimeInterval?
    /// Seconds after which the loop looks at the queue again, since other processes may add work.
    package var pollInterval: TimeInterval = 1
    /// With less than so many seconds left before its deadline, what still waits is at risk.
    package var riskTime = Risk.time
    /// The largest picture that is decoded: pixels in all, and pixels a side. A larger one is kept, but not decoded.
    package var largestPicture: (pixels: Int, side: Int) = (64_000_000, 16_384)
    /// The most results of one task that are taken. A task that names more goes on waiting for a higher setting.
    package var mostResults = 1000
    /// Where pictures are decoded. A sandbox needs a program that knows the verb of its workers.
    package var decoders = DecoderPool.Place.inProcess
    package var decoderPolicy = DecoderPool.Policy()

    package init(
        downloads: Int = 16, workers: Int = WorkLane.processors, since: TimeInterval? = nil, watch: Bool = false,
        sweepInterval: TimeInterval = 300, leaseDuration: TimeInterval = 30, drainTime: TimeInterval = 8,
        retry: RetryPolicy = RetryPolicy(base: 2, ceiling: 1800), pace: ClosedRange<TimeInterval> = 3...60,
        patience: TimeInterval? = nil
    ) {
        self.downloads = downloads
        self.workers = workers
        self.since = since
        self.watch = watch
        self.sweepInterval = sweepInterval
        self.leaseDuration = leaseDuration
        self.drainTime = drainTime
        self.retry = retry
        self.pace = pace
        self.patience = patience
    }
}

/// Takes every task in the queue from its id to an archived picture, or to the reason why there is none.
///
/// All state is in the catalog: any number of archivers may work on one archive, and one that dies is simply missed.
package struct Archiver: Sendable {
    let options: ArchiverOptions
    let blobs: any BlobStore
    let records: any RecordStore
    let catalog: any Catalog
    let client: GenerationClient
    let readers: TaskReaders
    let downloader: ResultDownloader
    let inspector: InspectionLane
    let filer: RecordFiler
    /// Started before a run by a caller that must know that it works, and closed when all work is done.
    package let decoders: DecoderPool
    let clock: any WallClock
    let report: @Sendable (ArchiveEvent) -> Void
    let metrics: ArchiveMetrics
    private let stopFlag = StopFlag()

    /// - Parameter report: Called from many threads.
    package init(
        options: ArchiverOptions, blobs: any BlobStore, records: any RecordStore, catalog: any Catalog, client: GenerationClient,
        vault: KeyVault? = nil, downloader: ResultDownloader, clock: any WallClock, metrics: ArchiveMetrics = .none,
        report: @escaping @Sendable (ArchiveEvent) -> Void
    ) {
        self.options = options
        self.blobs = blobs
        self.records = records
        self.catalog = catalog
        self.client = client
        readers = TaskReaders(own: client, catalog: catalog, vault: vault)
        self.downloader = downloader
        self.clock = clock
        self.metrics = metrics
        self.report = { event in
            metrics.note(event)
            report(event)
        }
        filer = RecordFiler(
            blobs: blobs, records: records, catalog: catalog, clock: clock, leaseDuration: options.leaseDuration,
            secrets: { client.secrets })
        decoders = DecoderPool(
            options.decoders, width: options.workers,
            limits: ImageLimits(
                maxPixels: options.largestPicture.pixels, maxSide: options.largestPicture.side,
                maxBytes: ImageLimits.default.maxBytes),
            policy: options.decoderPolicy)
        inspector = InspectionLane(decoders: decoders)
    }

    /// Asks a run to end: it takes up nothing new, and what is on its way is finished or put back.
    package func stop() { stopFlag.raise() }

    /// Works until nothing is left to do, or, when watching, until ``stop()``.
    ///
    /// - Throws: ``BlobStoreError`` or ``CatalogError`` when the archive itself fails. A source that stops is no error: the summary
    ///   says why, and its tasks stay in the queue.
    package func run() async throws -> ArchiveSummary {
        try await takeUp()
        return try await withThrowingTaskGroup(of: Step.self) { group in
            var shift = Shift(
                schedule: DownloadSchedule(connections: options.downloads), sweepDueAt: options.since == nil ? nil : clock.now)
            var failure: (any Error)?
            do {
                while !stopFlag.isRaised {
                    try await startWork(&shift, in: &group)
                    if try await isDone(shift) { break }
                    if !shift.hasTimer { try await startTimer(&shift, in: &group) }
                    guard let step = try await group.next() else { break }
                    try await take(step, &shift)
                }
            } catch {
                failure = error
            }
            shift.summary.wasStopped = stopFlag.isRaised
            failure = await drain(&shift, &group) ?? failure
            if let failure {
                metrics.note(failure: failure)
                throw failure
            }
            shift.summary.atRisk = try await warnOfRisks(&shift.warnedOf)
            shift.summary.waiting = try await stillWaiting()
            try await catalog.forgetDeleted()
            return shift.summary
        }
    }

    /// At a start everything is tried that waits, and what release 0.1.0 gave up before its window had closed.
    private func takeUp() async throws {
        try await catalog.releaseHeld(now: clock.now)
        try await catalog.takeUpWaiting(most: RetryDecision.triesBeforeStartsAreIgnored, now: clock.now)
        let reopened = try await catalog.reopenEndedEarly(now: clock.now)
        if !reopened.isEmpty {
            report(
                .note("\(reopened.count) tasks are taken up again that an earlier release gave up before their window had closed")
            )
        }
    }

    /// Outputs and tasks that are not at their end.
    private func stillWaiting() async throws -> Int {
        let status = try await catalog.status(now: clock.now)
        return [OutputState.waiting, .leased, .held].reduce(0) { $0 + (status.outputs[$1] ?? 0) }
            + [TaskState.waiting, .leased, .held].reduce(0) { $0 + (status.tasks[$1] ?? 0) }
    }

    // MARK: The loop

    /// What a child task has brought.
    enum Step: Sendable {
        /// - `seconds`: How long it took.
        case output(OutputLease, OutputStep, seconds: TimeInterval)
        case tasks(stop: APIError?)
        case sweep(Swept)
        case timer
        case drainOver
    }

    /// What became of one output's try.
    enum OutputStep: Sendable {
        case archived(Filing)
        case unavailable
        case postponed
        /// As postponed, and the upstream has refused the key on the way.
        case sourceStopped(APIError)
        /// The lease passed on, or the try was cut short: nothing was written.
        case leftAlone
        case putBack
        /// The archive itself failed.
        case failed(any Error)
    }

    /// What was filed.
    struct Filing: Sendable {
        /// Of the original.
        var bytes: Int
        /// As far as they were not stored before.
        var newBytes: Int
        var isWhole: Bool
        /// Whether it was fetched for this filing, and not found where a run that was killed had left it.
        var wasFetched: Bool
    }

    /// Where a run stands.
    struct Shift {
        var summary = ArchiveSummary()
        var schedule: DownloadSchedule
        var inFlight: [OutputID: OutputLease] = [:]
        /// The tasks that are being read.
        var reading: [TaskLease] = []
        var isSweeping = false
        var sweepMark = SweepMark()
        var sourceStopped = false
        var sweepDueAt: Date?
        var hasTimer = false
        /// The wait that was reported last.
        var waitTold: Date?
        var heartbeatDueAt = Date.distantPast
        var riskCheckDueAt = Date.distantPast
        /// What was reported to be at risk.
        var warnedOf: Set<String> = []
        /// Queued outputs that were in hand when a process died.
        var suspects: Set<OutputID> = []
        /// Whether the tasks that were read last were in hand when a process died.
        var hasReadSuspect = false

        /// Whether something is in hand that was so when a process died.
        var hasSuspectInHand: Bool {
            inFlight.values.contains { $0.history.deaths > 0 } || reading.contains { $0.history.deaths > 0 }
        }
    }

    private func startWork(_ shift: inout Shift, in group: inout ThrowingTaskGroup<Step, any Error>) async throws {
        let now = clock.now
        try await beatHeart(&shift, now: now)
        if now >= shift.riskCheckDueAt {
            shift.riskCheckDueAt = now.addingTimeInterval(Self.riskCheckInterval)
            _ = try await warnOfRisks(&shift.warnedOf)
        }
        if let due = shift.sweepDueAt, due <= now, !shift.isSweeping, !shift.sourceStopped {
            shift.isSweeping = true
            shift.sweepDueAt = options.watch ? now.addingTimeInterval(options.sweepInterval) : nil
            // Another process may have stopped for a key of its own; this one's is good.
            try await catalog.releaseHeld(now: now)
            group.addTask { [mark = shift.sweepMark] in .sweep(try await sweep(mark, span: options.since ?? 0)) }
        }
        guard let due = try await catalog.nextDue(), due <= now else { return }
        if shift.reading.isEmpty, !shift.sourceStopped {
            let chosen = try await leaseTasks(&shift, now: now)
            if !chosen.isEmpty {
                shift.reading = chosen
                group.addTask { .tasks(stop: try await resolve(chosen)) }
            }
        }
        let free = options.downloads - shift.inFlight.count
        guard free > 0 else { return }
        if shift.schedule.wantsPlan(now: now) {
            let queued = try await catalog.queuedOutputs(limit: DownloadSchedule.window, now: now)
            shift.suspects = Set(queued.lazy.filter { $0.deaths > 0 }.map(\.id))
            shift.schedule.plan(queued, now: now)
        }
        let chosen = withoutSuspects(shift.schedule.next(free, inProgress: shift.inFlight.values.map(\.account)), shift)
        for lease in try await catalog.leaseOutputs(chosen, now: now, until: now.addingTimeInterval(options.leaseDuration)) {
            shift.inFlight[lease.id] = lease
            group.addTask {
                let step = await archive(lease)
                return .output(lease, step, seconds: clock.now.timeIntervalSince(now))
            }
        }
    }

    private func beatHeart(_ shift: inout Shift, now: Date) async throws {
        guard now >= shift.heartbeatDueAt else { return }
        shift.heartbeatDueAt = now.addingTimeInterval(options.leaseDuration / 3)
        let until = now.addingTimeInterval(options.leaseDuration)
        for lease in try await catalog.extend(Array(shift.inFlight.values), until: until) {
            report(.warning("the lease of output \(lease.id) has passed on to another worker while it was on its way here"))
        }
        for lease in try await catalog.extend(shift.reading, until: until) {
            report(.warning("the lease of task \(lease.id) has passed on to another worker while it was read here"))
        }
    }

    private func isDone(_ shift: Shift) async throws -> Bool {
        guard shift.inFlight.isEmpty, shift.reading.isEmpty, !shift.isSweeping else { return false }
        let isSourceOpen = !shift.sourceStopped && (options.watch || shift.sweepDueAt != nil)
        guard !isSourceOpen else { return false }
        guard let due = try await catalog.nextDue() else { return true }
        if !options.watch, let patience = options.patience, due > clock.now.addingTimeInterval(patience) { return true }
        // Without the source, only what is due at once is still fetched; what waits for a fresh link waits for the next run.
        return shift.sourceStopped && due > clock.now
    }

    /// Wakes the loop when something falls due, and after the poll interval at the latest.
    private func startTimer(_ shift: inout Shift, in group: inout ThrowingTaskGroup<Step, any Error>) async throws {
        let now = clock.now
        let due = try await catalog.nextDue() ?? .distantFuture
        // While a suspect is in hand, what is due may be others that wait for their turn: the poll interval finds all else.
        let isBusy = shift.inFlight.count >= options.downloads || !shift.reading.isEmpty || shift.hasSuspectInHand
        let next = min(isBusy ? .distantFuture : due, shift.sweepDueAt ?? .distantFuture)
        let isHolding = !shift.inFlight.isEmpty || !shift.reading.isEmpty
        let poll = min(now.addingTimeInterval(options.pollInterval), isHolding ? shift.heartbeatDueAt : .distantFuture)
        let wake = max(min(next, poll), now.addingTimeInterval(0.02))
        if shift.inFlight.isEmpty, shift.reading.isEmpty, !shift.isSweeping, due > now.addingTimeInterval(3),
            due != shift.waitTold,
            due != .distantFuture
        {
            shift.waitTold = due
            report(.waiting(until: due))
        }
        shift.hasTimer = true
        group.addTask { [clock] in
            try? await clock.sleep(until: wake)
            return .timer
        }
    }

    private func take(_ step: Step, _ shift: inout Shift) async throws {
        switch step {
        case .output(let lease, let result, let seconds):
            // It may have been leased once more here while this try went on without its lease.
            if shift.inFlight[lease.id]?.token == lease.token { shift.inFlight[lease.id] = nil }
            if case .archived(let filing) = result, filing.wasFetched {
                shift.schedule.note(bytes: filing.bytes, request: lease.request, seconds: seconds)
            }
            if case .failed(let error) = result {
                try? await catalog.finish(lease, .released, now: clock.now)
                throw error
            }
            if case .sourceStopped(let stop) = result { try await close(stop, &shift) }
            note(result, in: &shift.summary)
        case .tasks(let stop):
            shift.reading = []
            if let stop { try await close(stop, &shift) }
        case .sweep(let swept):
            shift.isSweeping = false
            shift.sweepMark = swept.mark
            if swept.isRefused { shift.sweepDueAt = clock.now.addingTimeInterval(SweepMark.deepInterval) }
            // What it found may be at risk already.
            shift.riskCheckDueAt = .distantPast
            try await catalog.forgetLinks()
            let past = clock.now.addingTimeInterval(-2 * TaskSnapshot.linkLifetime)
            try await catalog.forgetSealedKeys(before: past)
            try await catalog.forgetSubmissions(before: past)
            if let stop = swept.stop { try await close(stop, &shift) }
        case .timer: shift.hasTimer = false
        case .drainOver: break
        }
    }

    private func note(_ result: OutputStep, in summary: inout ArchiveSummary) {
        switch result {
        case .archived(let filing):
            summary.archived += 1
            if !filing.isWhole { summary.undecodable += 1 }
            summary.newBytes += Int64(filing.newBytes)
            if filing.wasFetched, filing.newBytes == 0 { summary.duplicates += 1 }
        case .unavailable: summary.unavailable += 1
        case .postponed, .sourceStopped, .leftAlone, .putBack, .failed: break
        }
    }

    /// Puts the tasks of a source that stopped aside. Links that are known are still fetched: that takes no key. A source that merely
    /// does not answer now costs nothing but its own news.
    private func close(_ stop: APIError, _ shift: inout Shift) async throws {
        guard !shift.sourceStopped else { return }
        shift.summary.stopReason = stop.description
        guard stop.stopsSource else { return report(.note(stop.description)) }
        shift.sourceStopped = true
        try await catalog.holdTasks(reason: stop.description)
        report(.sourceStopped(reason: stop.description))
    }

    /// Lets what is on its way finish for a while, and puts back what does not.
    ///
    /// - Returns: The first failure of the archive itself on the way.
    private func drain(_ shift: inout Shift, _ group: inout ThrowingTaskGroup<Step, any Error>) async -> (any Error)? {
        if shift.inFlight.isEmpty {
            group.cancelAll()
        } else {
            group.addTask { [clock, options] in
                try? await clock.sleep(for: .seconds(options.drainTime))
                return .drainOver
            }
        }
        var failure: (any Error)?
        while !group.isEmpty {
            do {
                guard let step = try await group.next() else { break }
                if case .drainOver = step { group.cancelAll() }
                if case .output(let lease, .putBack, _) = step { try? await catalog.finish(lease, .released, now: clock.now) }
                try await take(step, &shift)
            } catch is CancellationError {
                continue
            } catch {
                failure = failure ?? error
            }
            if shift.inFlight.isEmpty { group.cancelAll() }
        }
        return failure
    }
}

/// A request to stop that anyone may make.
private final class StopFlag: Sendable {
    private let raised = Mutex(false)
    var isRaised: Bool { raised.withLock { $0 } }
    func raise() { raised.withLock { $0 = true } }
}
