import ArchiveModel
import Catalog
import Foundation
import GRDB
import SizeContract
import TestSupport
import Testing

@Suite struct CatalogQueueTests {
    @Test(arguments: CatalogKind.allCases)
    func aTaskIsRegisteredOnce(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let task = TaskRegistration(id: try taskID("t-1"), source: "sweep")
        #expect(try await catalog.register([task, task], now: noon).new == [task.id])
        #expect(try await catalog.register([task], now: noon.plus(5)).new == [])
        #expect(try await catalog.status(now: noon).tasks == [.waiting: 1])
        #expect(try await catalog.task(task.id)?.discoveredAt == noon)
    }

    @Test(arguments: CatalogKind.allCases)
    func anEndedTaskIsReadAtOnceUnlessAReadingFailed(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let ids = try ["t-slow", "t-failing"].map { try taskID($0) }
        _ = try await catalog.register(ids.map { TaskRegistration(id: $0, source: "sweep") }, now: noon)
        for lease in try await catalog.leaseTasks(limit: 2, now: noon, until: noon.plus(30)) {
            let due = noon.plus(60)
            let isSlow = lease.id == ids[0]
            try await catalog.finish(
                lease,
                isSlow ? .unfinished(dueAt: due, createdAt: nil) : .postponed(.failure(dueAt: due)), now: noon)
        }
        let hints = ids.map { TaskRegistration(id: $0, source: "webhook", hasEnded: true) }
        #expect(try await catalog.register(hints, now: noon.plus(1)).new == [])
        #expect(try await catalog.leaseTasks(limit: 2, now: noon.plus(1), until: noon.plus(30)).map(\.id) == [ids[0]])
    }

    @Test(arguments: CatalogKind.allCases)
    func anUnknownTaskIsReopenedWhenTheUpstreamListsIt(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let (missed, failed) = (try taskID("t-missed"), try taskID("t-failed"))
        _ = try await catalog.register([missed, failed].map { TaskRegistration(id: $0, source: "sweep") }, now: noon)
        for lease in try await catalog.leaseTasks(limit: 2, now: noon, until: noon.plus(30)) where lease.id == missed {
            try await catalog.finish(lease, .postponed(.failure(dueAt: noon.plus(1), isMiss: true)), now: noon)
        }
        for lease in try await catalog.leaseTasks(limit: 2, now: noon.plus(40), until: noon.plus(70)) {
            let state: TaskState = lease.id == missed ? .unavailable : .failed
            try await catalog.finish(lease, .ended(state, reason: "-", cause: nil, createdAt: nil, json: nil), now: noon.plus(40))
        }
        let names = [missed, failed].map { TaskRegistration(id: $0, source: "sweep", isAlive: true) }
        _ = try await catalog.register([TaskRegistration(id: missed, source: "sweep")], now: noon.plus(50))
        #expect(try await catalog.task(missed)?.state == .unavailable, "registering the ID alone changes nothing")
        _ = try await catalog.register(names, now: noon.plus(60))
        #expect(try await catalog.task(missed)?.state == .waiting)
        #expect(try await catalog.task(failed)?.state == .failed)
        #expect(try await catalog.leaseTasks(limit: 2, now: noon.plus(60), until: noon.plus(90)).map(\.misses) == [0])
    }

    @Test(arguments: CatalogKind.allCases)
    func onlyCompletedSubmissionsAreForgottenWithTime(_ kind: CatalogKind) async throws {
        let (catalog, other) = try kind.make()
        let request = RecordedRequest(prompt: "a fox")
        for (key, age) in [("k-old", 100.0), ("k-young", 10), ("k-open", 100)] {
            try await catalog.recordSubmission(key: key, request: request, now: noon.plus(-age))
        }
        for key in ["k-old", "k-young"] { try await catalog.completeSubmission(key: key, task: try taskID("t-" + key)) }
        try await catalog.forgetSubmissions(before: noon.plus(-50))
        #expect(try await other.submission(key: "k-old") == nil)
        #expect(try await other.submission(key: "k-young") == request)
        #expect(try await other.openSubmissions().map(\.key) == ["k-open"])
    }

    @Test(arguments: CatalogKind.allCases)
    func callerKeysAreKeptPerTaskAndForgottenWithTime(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let (old, young, stranger) = (try taskID("t-old"), try taskID("t-young"), try taskID("t-stranger"))
        #expect(try await catalog.sealedKeys(of: [old]) == [:])
        _ = try await catalog.register([TaskRegistration(id: old, source: "gateway")], now: noon)
        _ = try await catalog.register([TaskRegistration(id: young, source: "gateway")], now: noon.plus(100))
        try await catalog.keep([old: Data([1, 2]), young: Data([3]), stranger: Data([4])])
        try await catalog.keep([old: Data([5])])
        #expect(try await catalog.sealedKeys(of: [old, young, stranger]) == [old: Data([5]), young: Data([3])])
        try await catalog.forgetSealedKeys(before: noon.plus(100))
        #expect(try await catalog.sealedKeys(of: [old, young, stranger]) == [young: Data([3])])
    }

    @Test(arguments: CatalogKind.allCases)
    func aRequestIsCompletedWithoutLosingKnownFields(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let id = try taskID("t-1")
        func tell(_ request: RecordedRequest) async throws -> [TaskID] {
            try await catalog.register([TaskRegistration(id: id, source: "manifest", request: request)], now: noon).newlyRequested
        }
        try await catalog.rebuild(outputs: [try record(id, prompt: nil)], tasks: [], unfinished: [], now: noon)
        #expect(try await tell(RecordedRequest(prompt: "a fox", size: "16;9")) == [id])
        #expect(try await tell(RecordedRequest(size: "16:9", resolution: "2K")) == [id], "a size that can't be read is replaced")
        #expect(try await tell(RecordedRequest(prompt: "a hen", size: "1:1")) == [id], "not judged yet")
        let request = try #require(try await catalog.task(id)?.request)
        #expect(request.prompt == "a fox")
        #expect(request.size == "16:9")
        #expect(request.resolution == "2K")
        var judged = try record(id, prompt: nil)
        judged.judgement = SizeContract.gptImage2.judge(delivered: PixelSize(width: 1672, height: 941), request: .auto)
        try await catalog.update(judged)
        #expect(try await tell(RecordedRequest(prompt: "a hen", size: "1:1")) == [])
    }

    @Test(arguments: CatalogKind.allCases)
    func aLostOutputIsReopenedOnRequest(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let id = try taskID("t-1")
        try await catalog.resolve(id)
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(lease, .ended(try record(id, state: .unavailable)), now: noon)
        try await catalog.resolve(id)
        #expect(try await catalog.nextDue() == nil, "a sweep that sees it again changes nothing")
        _ = try await catalog.register([TaskRegistration(id: id, source: "command line", reopens: true)], now: noon)
        try await catalog.resolve(id)
        let again = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        #expect(again.attempts == 0)
        #expect(again.token > lease.token)
    }

    @Test(arguments: CatalogKind.allCases)
    func aLeaseBelongsToOneWorkerUntilItExpires(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        try await one.resolve(try taskID("t-1"))
        let first = try #require(try await one.leaseOutputs(limit: 9, now: noon, until: noon.plus(60)).first)
        #expect(try await other.leaseOutputs(limit: 9, now: noon.plus(59), until: noon.plus(120)) == [])
        let second = try #require(try await other.leaseOutputs(limit: 9, now: noon.plus(60), until: noon.plus(120)).first)
        #expect(second.token > first.token)
        #expect(second.attempts == 0, "a dead worker uses up no attempt")
    }

    @Test(arguments: CatalogKind.allCases)
    func onlyItsHolderCanExtendATaskLease(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        _ = try await one.register([TaskRegistration(id: try taskID("t-1"), source: "test")], now: noon)
        let stale = try await one.leaseTasks(limit: 9, now: noon, until: noon.plus(10))
        #expect(try await one.extend(stale, until: noon.plus(20)) == [])
        #expect(try await other.leaseTasks(limit: 9, now: noon.plus(19), until: noon.plus(60)) == [])
        #expect(try await other.leaseTasks(limit: 9, now: noon.plus(20), until: noon.plus(30)).count == 1)
        #expect(try await one.extend(stale, until: noon.plus(900)) == stale)
        // Its holder died once before, so it waits 10 s longer than the lease.
        #expect(try await other.nextDue() == noon.plus(40))
    }

    @Test(arguments: CatalogKind.allCases)
    func aWriteUnderALostLeaseIsRefusedAndChangesNothing(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        let id = try taskID("t-1")
        try await one.resolve(id)
        let stale = try #require(try await one.leaseOutputs(limit: 1, now: noon, until: noon.plus(1)).first)
        let current = try #require(try await other.leaseOutputs(limit: 1, now: noon.plus(2), until: noon.plus(60)).first)
        let outcomes: [OutputOutcome] = [
            .ended(try record(id)), .released,
            .postponed(.failure(dueAt: noon)),
        ]
        for outcome in outcomes {
            let error = await #expect(throws: CatalogError.self) { try await one.finish(stale, outcome, now: noon.plus(3)) }
            #expect(error?.code == .leaseLost)
        }
        #expect(try await one.extend([stale, current], until: noon.plus(90)) == [stale])
        #expect(try await one.entries(EntryQuery()).map(\.state) == [.leased])
        try await other.finish(current, .ended(try record(id)), now: noon.plus(4))
        #expect(try await one.entries(EntryQuery()).map(\.state) == [.archived])
    }

    @Test(arguments: CatalogKind.allCases)
    func manyWorkersNeverShareAnOutput(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        try await one.resolve(try taskID("t-1"), outputs: 60)
        let leased = try await withThrowingTaskGroup(of: [OutputID].self) { group in
            for worker in 0..<6 {
                group.addTask {
                    let catalog = worker.isMultiple(of: 2) ? one : other
                    var leased: [OutputID] = []
                    while case let queued = try await catalog.queuedOutputs(limit: 7, now: noon), !queued.isEmpty {
                        leased += try await catalog.leaseOutputs(queued.map(\.id), now: noon, until: noon.plus(60)).map(\.id)
                    }
                    return leased
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(leased.count == 60)
        #expect(Set(leased).count == 60)
    }

    @Test(arguments: CatalogKind.allCases)
    func theEarliestDeadlineGoesFirstAndPassedOnesLast(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        for (name, hours) in [("late", 20.0), ("past", -1), ("soon", 1), ("middle", 5)] {
            try await catalog.resolve(try taskID(name), deadline: noon.plus(hours * 3600))
        }
        let order = try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60)).map(\.id.task.text)
        #expect(order == ["soon", "middle", "late", "past"])
    }

    @Test(arguments: CatalogKind.allCases)
    func aPostponedOutputIsNotDueBeforeItsTime(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.resolve(try taskID("t-1"))
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        var history = FailureHistory()
        history.failingSince = noon.plus(-5)
        history.causeInWindow = .vendor
        history.refusals = 2
        history.refusedSince = noon.plus(-4)
        let candidates = try (0..<4).map { number in
            DeliveryCandidate(
                original: BlobReference(
                    digest: try #require(Digest(String(repeating: "1\(number)", count: 32))), bytes: number,
                    mediaType: "text/html"),
                reason: "a page", looksLikePicture: false,
                download: DownloadFacts(
                    url: "https://a.example", headers: [:], fetchedAt: noon.plus(Double(number)), redirects: 0))
        }
        try await catalog.finish(
            lease,
            .postponed(
                Postponement(
                    dueAt: noon.plus(30), error: "cut", kind: "cut", cause: .vendor, history: history,
                    link: "https://new.example/x?s=2", candidate: candidates[0])), now: noon)
        #expect(try await catalog.nextDue() == noon.plus(30))
        #expect(try await catalog.leaseOutputs(limit: 1, now: noon.plus(29), until: noon.plus(90)) == [])
        let again = try #require(try await catalog.leaseOutputs(limit: 1, now: noon.plus(30), until: noon.plus(90)).first)
        #expect(again.attempts == 1)
        #expect(again.history == history)
        #expect(again.link == "https://new.example/x?s=2")
        #expect(again.candidates == [candidates[0]])
        let failing = try #require(try await catalog.failing(limit: 9).outputs.first?.failing)
        #expect(failing == FailingState(cause: .vendor, since: noon.plus(-5), tries: 1, nextTry: noon.plus(30), deaths: 0))

        // The three newest different deliveries are kept.
        var current = again
        for candidate in candidates.dropFirst() + [candidates[2]] {
            let postponement = Postponement(
                dueAt: noon.plus(30), error: "page", kind: "no picture", cause: .vendor, history: history, candidate: candidate)
            try await catalog.finish(current, .postponed(postponement), now: noon)
            current = try #require(
                try await catalog.leaseOutputs(limit: 1, now: noon.plus(30), until: noon.plus(90)).first)
        }
        #expect(current.candidates == Array(candidates.dropFirst()))
        try await catalog.finish(current, .ended(try record(try taskID("t-1"))), now: noon)
        #expect(try await catalog.failing(limit: 9).isEmpty)
    }

    @Test(arguments: CatalogKind.allCases)
    func anInputThatKillsTheProcessWaitsLongerEachTime(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.resolve(try taskID("t-1"))
        // Due at once after the first death, 10 s later after the second, then 40, 90, 160 s, and never more than 30 minutes.
        var now = noon
        for (deaths, wait) in [0.0, 0, 10, 40, 90, 160, 250, 360, 490].enumerated() {
            if wait > 0 { #expect(try await catalog.queuedOutputs(limit: 9, now: now.plus(wait - 1)).isEmpty) }
            now = now.plus(wait)
            #expect(try await catalog.queuedOutputs(limit: 9, now: now).first?.deaths == deaths)
            let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: now, until: now.plus(30)).first)
            #expect(lease.history.deaths == deaths)
            now = now.plus(30)
            // Shown as soon as the third lease has run out, before the next try counts the death.
            let failing = try await catalog.failing(limit: 9).outputs.first?.failing
            #expect((failing?.isSuspect(at: now) ?? false) == (deaths >= 2))
            #expect((failing?.isSuspect(at: now.plus(-1)) ?? false) == (deaths >= 3))
            #expect(failing.map { $0.deaths(at: now) } ?? deaths + 1 == deaths + 1)
        }
    }

    @Test(arguments: CatalogKind.allCases)
    func tasksLeasedDuringACrashAreLeasedSeparately(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let (hit, other) = (try taskID("t-hit"), try taskID("t-other"))
        _ = try await catalog.register([TaskRegistration(id: hit, source: "sweep")], now: noon)
        _ = try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(30))
        _ = try await catalog.register([TaskRegistration(id: other, source: "sweep")], now: noon)
        let (now, until) = (noon.plus(30), noon.plus(60))
        #expect(try await catalog.leaseTasks(limit: 9, suspects: true, now: noon.plus(29), until: until) == [])
        #expect(try await catalog.leaseTasks(limit: 9, suspects: false, now: now, until: until).map(\.id) == [other])
        let leases = try await catalog.leaseTasks(limit: 9, suspects: true, now: now, until: until)
        #expect(leases.map(\.id) == [hit])
        #expect(leases.map(\.history.deaths) == [1])
    }

    @Test(arguments: CatalogKind.allCases)
    func aStartRetriesFailuresButRespectsRequestedPauses(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        var history = FailureHistory()
        history.failingSince = noon
        for (name, notBefore) in [("patient", noon.plus(900)), ("plain", nil)] {
            try await catalog.resolve(try taskID(name))
            let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
            let postponement = Postponement(
                dueAt: noon.plus(1800), error: "503", kind: "status 503", cause: .vendor, history: history, notBefore: notBefore)
            try await catalog.finish(lease, .postponed(postponement), now: noon)
        }
        try await catalog.takeUpWaiting(most: 1, now: noon.plus(60))
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon.plus(60)).isEmpty, "the limit of one try is reached")
        try await catalog.takeUpWaiting(most: 2, now: noon.plus(60))
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon.plus(60)).map(\.id.task.text) == ["plain"])
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon.plus(900)).count == 2)
    }

    /// SQLite leaves pieces of rows that it moves between pages, also with `secure_delete`; so a link must never be there in clear.
    @Test func aLinkSignatureIsNeverInTheFile() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        func bytes() throws -> Data {
            try Data(contentsOf: URL(filePath: path)) + Data(contentsOf: URL(filePath: path + "-wal"))
        }
        for number in 0..<40 { try await catalog.resolve(try taskID("t-\(number)"), outputs: 3, deadline: noon.plus(3600)) }
        #expect(try bytes().range(of: Data("sig=".utf8)) == nil)
        let leases = try await catalog.leaseOutputs(limit: 200, now: noon, until: noon.plus(60))
        #expect(leases.count == 120)
        #expect(leases.allSatisfy { $0.link.unsafeText.contains("?sig=") })
        let key = try #require(
            try await DatabaseQueue(path: path).read { try Data.fetchOne($0, sql: "SELECT key FROM link_key") })
        #expect(key.count == 32)
        for lease in leases.dropLast() {
            try await catalog.finish(lease, .ended(try record(lease.id.task, lease.id.index)), now: noon)
        }
        try await catalog.forgetDeleted()
        #expect(try bytes().range(of: key) != nil, "one link still needs it")
        try await catalog.finish(leases[119], .ended(try record(leases[119].id.task, leases[119].id.index)), now: noon)
        try await catalog.forgetDeleted()
        #expect(try bytes().range(of: key) == nil)
        #expect(try bytes().range(of: Data("sig=".utf8)) == nil)
        try await catalog.resolve(try taskID("later"))
        #expect(
            try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first?.link.unsafeText.contains("?sig=")
                == true)
    }

    @Test func aLinkThatCannotBeDecryptedIsEmpty() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.resolve(try taskID("t-1"))
        try await DatabaseQueue(path: path).write {
            try $0.execute(sql: "UPDATE link_key SET key = zeroblob(32), mark = zeroblob(32)")
        }
        #expect(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first?.link == "")
    }

    @Test(arguments: CatalogKind.allCases)
    func aLinkIsForgottenWhenItIsNoLongerNeeded(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let id = try taskID("t-1")
        try await catalog.resolve(id, outputs: 2)
        let leases = try await catalog.leaseOutputs(limit: 2, now: noon, until: noon.plus(60))
        try await catalog.finish(leases[0], .ended(try record(id, leases[0].id.index)), now: noon)
        try await catalog.finish(leases[1], .ended(try record(id, leases[1].id.index, state: .unavailable)), now: noon)
        #expect(try await catalog.nextDue() == nil)
        try await catalog.releaseHeld(now: noon)
        #expect(try await catalog.leaseOutputs(limit: 2, now: noon.plus(9e5), until: noon.plus(1e6)) == [])
        #expect(try await catalog.status(now: noon).outputs == [.archived: 1, .unavailable: 1])
    }

    @Test(arguments: CatalogKind.allCases)
    func heldTasksWaitUntilTheyAreReleased(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-1"), source: "test")], now: noon)
        let lease = try #require(try await catalog.leaseTasks(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.holdTasks(reason: "401")
        #expect(try await catalog.nextDue() == nil)
        #expect(try await catalog.status(now: noon).holdReason == "401")
        await #expect(throws: CatalogError.self) { try await catalog.finish(lease, .released, now: noon) }
        try await catalog.releaseHeld(now: noon.plus(10))
        #expect(try await catalog.leaseTasks(limit: 1, now: noon.plus(10), until: noon.plus(60)).map(\.id.text) == ["t-1"])
    }

    @Test(arguments: CatalogKind.allCases)
    func missesAndReadingsOfATaskAreCounted(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-1"), source: "test")], now: noon)
        func lease() async throws -> TaskLease {
            try #require(try await catalog.leaseTasks(limit: 1, now: noon, until: noon.plus(60)).first)
        }
        try await catalog.finish(try await lease(), .postponed(.failure(dueAt: noon, error: "404", isMiss: true)), now: noon)
        try await catalog.finish(try await lease(), .postponed(.failure(dueAt: noon, error: "500")), now: noon)
        var next = try await lease()
        #expect(next.misses == 1)
        #expect(next.attempts == 2)
        try await catalog.finish(next, .unfinished(dueAt: noon, createdAt: noon.plus(-9)), now: noon)
        next = try await lease()
        #expect(next.misses == 0)
        #expect(next.readings == 1)
        #expect(next.createdAt == noon.plus(-9))
        try await catalog.finish(next, .ended(.failed, reason: "no", cause: nil, createdAt: nil, json: nil), now: noon)
        #expect(try await catalog.endedTasks(limit: 9).map(\.reason) == ["no"])
    }

    @Test(arguments: CatalogKind.allCases)
    func aSubmissionIsOpenUntilItsTaskIsKnown(_ kind: CatalogKind) async throws {
        let (catalog, other) = try kind.make()
        let request = RecordedRequest(model: "m", prompt: "a fox", size: "auto", recordedAt: noon)
        try await catalog.recordSubmission(key: "k-1", request: request, now: noon)
        try await catalog.recordSubmission(key: "k-1", request: request, now: noon.plus(1))
        #expect(try await other.openSubmissions() == [OpenSubmission(key: "k-1", request: request, recordedAt: noon)])
        try await catalog.recordSubmission(key: "k-1", request: RecordedRequest(prompt: "another"), now: noon)
        #expect(try await other.submission(key: "k-1") == request, "the first request under a key")
        #expect(try await other.submission(key: "k-2") == nil)
        try await catalog.completeSubmission(key: "k-1", task: try taskID("t-1"))
        // The API may forget a key and make another task: that one is of its own request.
        #expect(try await other.submission(key: "k-1", of: try taskID("t-1")) == request)
        #expect(try await other.submission(key: "k-1", of: try taskID("t-2")) == nil)
        try await catalog.recordSubmission(key: "k-2", request: request, now: noon)
        try await catalog.dropSubmission(key: "k-2")
        #expect(try await other.openSubmissions() == [])
    }
}
