import ArchiveModel
import BlobStore
import Catalog
import Foundation
import TestSupport
import Testing

@testable import Archiver

/// The archiver's rules, each by itself.
@Suite struct ArchiverRuleTests {
    private static let deadline = Date(timeIntervalSince1970: 1_790_000_000)

    private func decide(
        at seconds: TimeInterval, _ cause: FailureCause = .vendor, isRefusal: Bool = false,
        _ history: FailureHistory = FailureHistory()
    ) -> RetryDecision {
        var generator = SystemRandomNumberGenerator()
        return RetryDecision(
            after: Failure("it failed", kind: "test", cause: cause, isRefusal: isRefusal), tries: 5, history: history,
            deadline: Self.deadline, now: Self.deadline + seconds, isClockConfirmed: true, using: &generator)
    }

    // MARK: The end of a window

    /// A start of the program makes waiting outputs due at once, so refusals can follow each other quickly.
    @Test(arguments: [(599.0, false), (600, true)])
    func threeRefusalsCloseAWindowOnlyAfterTenMinutes(span: TimeInterval, isClosed: Bool) {
        var history = FailureHistory()
        history.refusals = 2
        history.refusedSince = Self.deadline + 1000 - span
        #expect((decide(at: 1000, isRefusal: true, history).nextTry == nil) == isClosed)
        #expect((decide(at: 1000, isRefusal: false, history).nextTry == nil) == false, "two refusals are not enough")
    }

    /// An outage at the end of a window says nothing about the link.
    @Test func onlyAnswersAboutTheLinkAreRefusals() {
        let refusals: [DownloadError.Code] = [
            .gone(403), .gone(404), .blocked, .status(400), .status(451), .redirects, .unusableLink,
        ]
        let outages: [DownloadError.Code] = [
            .status(500), .status(503), .status(429), .status(408), .transport, .coding, .timeout, .dns, .tls, .connection,
            .tooLarge, .hostBusy, .refusedAddress,
        ]
        for code in refusals {
            let error = DownloadError(code, "")
            #expect(error.failure(isLinkFresh: true).isRefusal && !error.failure(isLinkFresh: false).isRefusal, "\(code)")
        }
        for code in outages { #expect(!DownloadError(code, "").failure(isLinkFresh: true).isRefusal, "\(code)") }
    }

    /// Otherwise the oldest of them would be refused again and again, and the host's good files would never have their turn.
    @Test func aRefusedOutputComesAfterTheOthersOfItsHost() throws {
        var generator = SystemRandomNumberGenerator()
        let now = Self.deadline - 80_000
        for _ in 0..<50 {
            let failure = Failure("busy", kind: "status", cause: .vendor, retryAfter: now + 20)
            let next = RetryDecision(
                after: failure, tries: 1, history: FailureHistory(), deadline: Self.deadline, now: now, isClockConfirmed: true,
                using: &generator
            ).nextTry
            #expect((30...60).contains(try #require(next).timeIntervalSince(now)))
        }
    }

    @Test func theCauseOfALossIsThatOfTheLastTryInTime() {
        let first = decide(at: -600, .vendor)
        #expect(first.causeOfLoss == .vendor)
        let second = decide(at: -60, .unknown, first.history)
        #expect(second.causeOfLoss == .unknown)
        #expect(decide(at: 60, .vendor, second.history).causeOfLoss == .unknown, "a try after the deadline changes nothing")
        #expect(decide(at: 60, .vendor).causeOfLoss == .ours, "this program was not running in time")
    }

    @Test func aFailureIsToldOnceAfterTenMinutesOrAtOnceIfItIsOurs() {
        let first = decide(at: -7200, .vendor)
        #expect(!first.isToBeTold)
        #expect(!decide(at: -7200 + 599, .vendor, first.history).isToBeTold)
        #expect(decide(at: -7200 + 600, .vendor, first.history).isToBeTold)
        #expect(decide(at: -7200, .ours).isToBeTold)
        var told = first.history
        told.isTold = true
        #expect(!decide(at: -3600, .ours, told).isToBeTold)
    }

    // MARK: Leases

    private func lease(_ archive: TestArchive, until: Date) async throws -> OutputLease {
        let (id, now) = (try #require(TaskID("task-1")), archive.clock.now)
        _ = try await archive.catalog.register([TaskRegistration(id: id, source: "test", createdAt: now)], now: now)
        let task = try #require(try await archive.catalog.leaseTasks(limit: 1, suspects: nil, now: now, until: now + 60).first)
        try await archive.catalog.finish(
            task,
            .resolved(
                results: .links(["https://files.example/1.png"]), createdAt: now, deadline: now + 86_400, model: nil, reason: nil,
                json: .null), now: now)
        return try #require(try await archive.catalog.leaseOutputs([OutputID(task: id, index: 0)], now: now, until: until).first)
    }

    private func filer(_ archive: TestArchive) -> RecordFiler {
        RecordFiler(blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock)
    }

    @Test func aWorkerWithoutItsLeaseWritesNoRecordOfAnOutput() async throws {
        let archive = try TestArchive()
        let now = archive.clock.now
        let stale = try await lease(archive, until: now - 1)
        let current = try #require(try await archive.catalog.leaseOutputs([stale.id], now: now, until: now + 3600).first)
        let error = await #expect(throws: CatalogError.self) {
            _ = try await filer(archive).end(stale, reason: "404", cause: .vendor)
        }
        #expect(error?.code == .leaseLost)
        #expect(archive.files().allSatisfy { !$0.hasPrefix("records/") })
        #expect(try await filer(archive).end(current, reason: "404", cause: .vendor).state == .unavailable)
        #expect(archive.files().count { $0.hasPrefix("records/") } == 1)
    }

    @Test func aWorkerWithoutItsLeaseWritesNoRecordOfATask() async throws {
        let archive = try TestArchive()
        let now = archive.clock.now
        let id = try #require(TaskID("task-1"))
        _ = try await archive.catalog.register([TaskRegistration(id: id, source: "test")], now: now)
        let stale = try #require(try await archive.catalog.leaseTasks(limit: 1, suspects: nil, now: now, until: now - 1).first)
        _ = try #require(try await archive.catalog.leaseTasks(limit: 1, suspects: nil, now: now, until: now + 3600).first)
        let error = await #expect(throws: CatalogError.self) {
            try await filer(archive).end(stale, .failed, reason: "no", cause: nil, createdAt: nil, json: nil)
        }
        #expect(error?.code == .leaseLost)
        #expect(archive.files().allSatisfy { !$0.hasPrefix("records/") })
    }

    /// A lease lasts 30 s here, and the heartbeat renews it when a third is left.
    @Test func aLeaseThatIsAboutToExpireIsExtendedBeforeFiling() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1))
        let lease = try await lease(archive, until: archive.clock.now + 9)
        let filer = filer(archive)
        let before = archive.clock.now
        try await filer.confirm(lease)
        let expiry = try #require(try await archive.catalog.expiry(of: lease))
        #expect(expiry >= before + 30)
    }

    // MARK: A run

    @Test func suspectsStartOneAtATime() throws {
        let archive = try TestArchive()
        let (archiver, _) = try archive.archiver("http://127.0.0.1:9")
        let ids = try ["a", "b", "c", "d"].map { OutputID(task: try #require(TaskID($0)), index: 0) }
        var state = Archiver.RunState(schedule: DownloadSchedule(connections: 4))
        #expect(archiver.withoutSuspects(ids, state) == ids)
        state.suspects = [ids[0], ids[2], ids[3]]
        #expect(archiver.withoutSuspects(ids, state) == [ids[0], ids[1]])
    }

    @Test func aRiskIsReportedOnce() async throws {
        let archive = try TestArchive()
        let now = archive.clock.now
        let task = TaskRegistration(id: try #require(TaskID("task-late")), source: "test", createdAt: now - 23 * 3600)
        _ = try await archive.catalog.register([task], now: now)
        let (archiver, downloader) = try archive.archiver("http://127.0.0.1:9")
        var warnedOf: Set<String> = []
        for _ in 0..<3 {
            let count = try await archiver.warnOfRisks(&warnedOf)
            #expect(count == 1)
        }
        #expect(archive.events.count { if case .atRisk = $0 { true } else { false } } == 1)
        await downloader.shutdown()
    }

    @Test func aTaskIDWithTheKeyIsSkipped() async throws {
        let archive = try TestArchive()
        let (archiver, downloader) = try archive.archiver("http://127.0.0.1:9")
        try await archiver.register(
            ["task-\(TestArchive.key)", "task-good"].compactMap { TaskID($0) }.map { TaskRegistration(id: $0, source: "test") })
        #expect(try await archive.catalog.status(now: archive.clock.now).tasks[.waiting] == 1)
        #expect(archive.files(holding: TestArchive.key) == [])
        let warnings = archive.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(warnings.count == 1 && !warnings.joined().contains(TestArchive.key))
        await downloader.shutdown()
    }
}
