package import ArchiveModel
package import BlobStore
import BlockingThreads
package import Catalog
package import DecoderPool
import Foundation
package import GenerationAPI
import ImageCodecs
import Provenance
package import Secrets
import Synchronization
package import Telemetry

/// Processes every task in the queue: from its ID to an archived picture, or to the reason why there is none.
///
/// All state is in the catalog. Any number of archivers may work on one archive, and any of them may die at any time.
package struct Archiver: Sendable {
    let options: ArchiverOptions
    let blobs: any BlobStore
    let records: any RecordStore
    let catalog: any Catalog
    let client: GenerationClient
    let readers: TaskReaders
    let downloader: ResultDownloader
    let inspector: PictureInspection
    let trustLists: TrustListKeeper
    let filer: RecordFiler
    /// The caller may start the pool before a run to check that it works, and closes it after all work is done.
    package let decoders: DecoderPool
    let clock: any WallClock
    let report: @Sendable (ArchiveEvent) -> Void
    let metrics: ArchiveMetrics
    private let stopFlag = StopFlag()

    /// - Parameter report: Called from several threads.
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
            metrics.record(event)
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
        inspector = PictureInspection(decoders: decoders, clock: clock)
        trustLists = TrustListKeeper(.official)
    }

    /// Asks a run to stop: no new work starts, and work in progress is finished or put back into the queue.
    package func stop() { stopFlag.raise() }

    /// Runs until the queue is empty or, with `watch`, until ``stop()``.
    ///
    /// - Throws: ``BlobStoreError`` or ``CatalogError`` if the archive itself fails. A stopped source is not an error: the
    ///   summary gives the reason, and its tasks stay in the queue.
    package func run() async throws -> ArchiveSummary {
        try await takeUp()
        return try await withThrowingTaskGroup(of: ChildResult.self) { group in
            var state = RunState(
                schedule: DownloadSchedule(connections: options.downloads), sweepDueAt: options.since == nil ? nil : clock.now)
            var failure: (any Error)?
            do {
                while !stopFlag.isRaised {
                    try await startWork(&state, in: &group)
                    if try await isDone(state) { break }
                    if !state.hasTimer { try await startTimer(&state, in: &group) }
                    guard let step = try await group.next() else { break }
                    try await handle(step, &state)
                }
            } catch {
                failure = error
            }
            state.summary.wasStopped = stopFlag.isRaised
            failure = await drain(&state, &group) ?? failure
            state.summary.stopReason = state.source.reason ?? state.summary.stopReason
            if let failure {
                metrics.record(failure: failure)
                throw failure
            }
            state.summary.atRisk = try await warnOfRisks(&state.warnedOf)
            state.summary.waiting = try await stillWaiting()
            try await catalog.forgetDeleted()
            return state.summary
        }
    }

    /// At start, make every waiting item due, and reopen tasks that release 0.1.0 gave up before their window had closed.
    private func takeUp() async throws {
        try await catalog.releaseHeld(now: clock.now)
        try await catalog.takeUpWaiting(most: RetryDecision.triesBeforeStartsAreIgnored, now: clock.now)
        let reopened = try await catalog.reopenEndedEarly(now: clock.now)
        if !reopened.isEmpty {
            report(
                .note("\(reopened.count) tasks are queued again; an earlier release gave them up before their windows closed")
            )
        }
    }

    /// Outputs and tasks that have not ended.
    private func stillWaiting() async throws -> Int {
        let status = try await catalog.status(now: clock.now)
        return [OutputState.waiting, .leased, .held].reduce(0) { $0 + (status.outputs[$1] ?? 0) }
            + [TaskState.waiting, .leased, .held].reduce(0) { $0 + (status.tasks[$1] ?? 0) }
    }

    // MARK: The loop

    /// The result of a child task.
    enum ChildResult: Sendable {
        /// - `seconds`: Duration of the attempt.
        case output(OutputLease, OutputResult, seconds: TimeInterval)
        case tasks(ReadingPlace, TaskReading)
        case sweep(Swept)
        case timer
        case drainTimedOut
    }

    /// The result of one attempt at an output.
    enum OutputResult: Sendable {
        case archived(Filing)
        case unavailable
        case postponed
        /// Postponed; the upstream also refused the key during the attempt.
        case sourceStopped(APIError)
        /// The lease was lost, or a picture archived earlier stays: nothing new was filed.
        case leftAlone
        case putBack
        /// The archive's own storage failed.
        case failed(any Error)
    }

    /// The result of filing an output.
    struct Filing: Sendable {
        /// Size of the original.
        var bytes: Int
        /// Bytes that were new to the store.
        var newBytes: Int
        var isWhole: Bool
        /// Whether this attempt downloaded the original, rather than finding it stored by a run that was killed.
        var wasFetched: Bool
    }

    /// The state of a run.
    struct RunState {
        var summary = ArchiveSummary()
        var schedule: DownloadSchedule
        var inFlight: [OutputID: OutputLease] = [:]
        /// Tasks being read.
        var readings: [ReadingPlace: [TaskLease]] = [:]
        /// The caller whose turn to be read was the last one.
        var lastCaller = Int64.min
        var isSweeping = false
        var sweepMark = SweepMark()
        var source = SourcePause()
        var sweepDueAt: Date?
        var hasTimer = false
        /// The time at the last turn of the loop.
        var latestTime = Date.distantPast
        /// The due date that was last reported as a wait.
        var waitTold: Date?
        var heartbeatDueAt = Date.distantPast
        var riskCheckDueAt = Date.distantPast
        /// Items already reported as at risk.
        var warnedOf: Set<String> = []
        /// Queued outputs that were in progress when a process died.
        var suspects: Set<OutputID> = []

        var reading: [TaskLease] { readings.values.flatMap { $0 } }

        /// Whether an item in progress was also in progress when a process died.
        var hasSuspectInHand: Bool {
            inFlight.values.contains { $0.history.deaths > 0 } || reading.contains { $0.history.deaths > 0 }
        }
    }

    private func startWork(_ state: inout RunState, in group: inout ThrowingTaskGroup<ChildResult, any Error>) async throws {
        let now = clock.now
        try await takeUpAfterClockChange(&state, now: now)
        try await beatHeart(&state, now: now)
        if now >= state.riskCheckDueAt {
            state.riskCheckDueAt = now.addingTimeInterval(Self.riskCheckInterval)
            _ = try await warnOfRisks(&state.warnedOf)
        }
        if state.source.end(now: now) { try await catalog.releaseHeld(now: now) }
        if let due = state.sweepDueAt, due <= now, !state.isSweeping, !state.source.isPaused {
            state.isSweeping = true
            state.sweepDueAt = options.watch ? now.addingTimeInterval(options.sweepInterval) : nil
            // Items may be held because another process's key was refused; this process's key works.
            try await catalog.releaseHeld(now: now)
            group.addTask { [mark = state.sweepMark] in .sweep(try await sweep(mark, span: options.since ?? 0)) }
        }
        guard let due = try await catalog.nextDue(), due <= now else { return }
        if !state.source.isPaused { try await startReadings(&state, in: &group, now: now) }
        let free = options.downloads - state.inFlight.count
        guard free > 0 else { return }
        if state.schedule.wantsPlan(now: now) {
            let queued = try await catalog.queuedOutputs(limit: DownloadSchedule.window, now: now)
            state.suspects = Set(queued.lazy.filter { $0.deaths > 0 }.map(\.id))
            state.schedule.plan(queued, now: now)
        }
        let chosen = withoutSuspects(state.schedule.next(free, inProgress: state.inFlight.values.map(\.account)), state)
        for lease in try await catalog.leaseOutputs(chosen, now: now, until: now.addingTimeInterval(options.leaseDuration)) {
            state.inFlight[lease.id] = lease
            group.addTask {
                let step = await archive(lease)
                return .output(lease, step, seconds: clock.now.timeIntervalSince(now))
            }
        }
    }

    private func beatHeart(_ state: inout RunState, now: Date) async throws {
        guard now >= state.heartbeatDueAt else { return }
        state.heartbeatDueAt = now.addingTimeInterval(options.leaseDuration / 3)
        let until = now.addingTimeInterval(options.leaseDuration)
        for lease in try await catalog.extend(Array(state.inFlight.values), until: until) {
            report(.warning("another worker took over the lease of output \(lease.id) during its download here"))
        }
        for lease in try await catalog.extend(state.reading, until: until) {
            report(.warning("another worker took over the lease of task \(lease.id) while it was read here"))
        }
    }

    private func isDone(_ state: RunState) async throws -> Bool {
        guard state.inFlight.isEmpty, state.readings.isEmpty, !state.isSweeping else { return false }
        let isSourceOpen = !state.source.isPaused && (options.watch || state.sweepDueAt != nil)
        guard !isSourceOpen else { return false }
        guard let due = try await catalog.nextDue() else { return true }
        if !options.watch, let patience = options.patience, due > clock.now.addingTimeInterval(patience) { return true }
        // Without a source, fetch only outputs that are due now. Outputs that need a fresh link wait for the next run.
        return state.source.isPaused && due > clock.now
    }

    /// Wakes the loop when an item becomes due, and at the latest after the poll interval.
    private func startTimer(_ state: inout RunState, in group: inout ThrowingTaskGroup<ChildResult, any Error>) async throws {
        let now = clock.now
        let due = try await catalog.nextDue() ?? .distantFuture
        // While a suspect is in progress, due items may be suspects waiting for their turn. The poll interval finds other work.
        // During a pause of the source, due items may be tasks that wait for its end.
        let isBusy =
            state.inFlight.count >= options.downloads || !state.readings.isEmpty || state.hasSuspectInHand
            || state.source.isPaused
        let next = min(isBusy ? .distantFuture : due, state.source.resumesAt ?? state.sweepDueAt ?? .distantFuture)
        let isHolding = !state.inFlight.isEmpty || !state.readings.isEmpty
        let poll = min(now.addingTimeInterval(options.pollInterval), isHolding ? state.heartbeatDueAt : .distantFuture)
        let wake = max(min(next, poll), now.addingTimeInterval(0.02))
        if state.inFlight.isEmpty, state.readings.isEmpty, !state.isSweeping, due > now.addingTimeInterval(3),
            due != state.waitTold,
            due != .distantFuture
        {
            state.waitTold = due
            report(.waiting(until: due))
        }
        state.hasTimer = true
        group.addTask { [clock] in
            try? await clock.sleep(until: wake)
            return .timer
        }
    }

    private func handle(_ step: ChildResult, _ state: inout RunState) async throws {
        switch step {
        case .output(let lease, let result, let seconds):
            // The output may have been leased here again after this attempt lost its lease.
            if state.inFlight[lease.id]?.token == lease.token { state.inFlight[lease.id] = nil }
            if case .archived(let filing) = result, filing.wasFetched {
                state.schedule.record(bytes: filing.bytes, request: lease.request, seconds: seconds)
            }
            if case .failed(let error) = result {
                try? await catalog.finish(lease, .released, now: clock.now)
                throw error
            }
            if case .sourceStopped(let stop) = result { try await close(stop, &state) }
            count(result, in: &state.summary)
        case .tasks(let place, let reading):
            state.readings[place] = nil
            if let stop = reading.stop { try await close(stop, &state) }
            if reading.isKeyAccepted { open(&state) }
        case .sweep(let swept):
            state.isSweeping = false
            state.sweepMark = swept.mark
            if swept.isRefused { state.sweepDueAt = clock.now.addingTimeInterval(SweepMark.deepInterval) }
            // Tasks found by the sweep may already be at risk.
            state.riskCheckDueAt = .distantPast
            try await catalog.forgetLinks()
            try await forgetExpired()
            if let stop = swept.stop {
                // After the pause, a run that sweeps once sweeps again.
                if stop.stopsSource { state.sweepDueAt = state.sweepDueAt ?? clock.now }
                try await close(stop, &state)
            }
            if swept.isRead { open(&state) }
        case .timer: state.hasTimer = false
        case .drainTimedOut: break
        }
    }

    private func count(_ result: OutputResult, in summary: inout ArchiveSummary) {
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

    /// Holds the tasks of a source that refused the key, for a pause. Known links are still fetched, since this needs no key. If the
    /// source is only temporarily unreachable, nothing is held.
    private func close(_ stop: APIError, _ state: inout RunState) async throws {
        guard !state.source.isPaused else { return }
        guard stop.stopsSource else {
            state.summary.stopReason = stop.description
            return report(.note(stop.description))
        }
        state.source.begin(stop.description, now: clock.now)
        try await catalog.holdTasks(reason: stop.description)
        report(.sourceStopped(reason: stop.description))
    }

    /// Reports that the API accepts the key again.
    private func open(_ state: inout RunState) {
        if state.source.clear() { report(.sourceResumed) }
    }

    /// Lets work in progress finish within the drain time, and puts the rest back into the queue.
    ///
    /// - Returns: The first failure of the archive's own storage while draining, if any.
    private func drain(_ state: inout RunState, _ group: inout ThrowingTaskGroup<ChildResult, any Error>) async -> (any Error)? {
        if state.inFlight.isEmpty {
            group.cancelAll()
        } else {
            group.addTask { [clock, options] in
                try? await clock.sleep(for: .seconds(options.drainTime))
                return .drainTimedOut
            }
        }
        var failure: (any Error)?
        while !group.isEmpty {
            do {
                guard let step = try await group.next() else { break }
                if case .drainTimedOut = step { group.cancelAll() }
                if case .output(let lease, .putBack, _) = step { try? await catalog.finish(lease, .released, now: clock.now) }
                try await handle(step, &state)
            } catch is CancellationError {
                continue
            } catch {
                failure = failure ?? error
            }
            if state.inFlight.isEmpty { group.cancelAll() }
        }
        return failure
    }
}

/// A stop request; can be set from any thread.
private final class StopFlag: Sendable {
    private let raised = Mutex(false)
    var isRaised: Bool { raised.withLock { $0 } }
    func raise() { raised.withLock { $0 = true } }
}
