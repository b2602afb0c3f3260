import ArchiveModel
import Catalog
import Foundation
import SizeContract
import TestSupport
import Testing

@Suite struct CatalogWindowTests {
    @Test(arguments: CatalogKind.allCases)
    func theQueueIsListedByDeadlineWithItsRequests(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let request = RecordedRequest(prompt: "a fox", size: "16:9", resolution: "4K")
        for (name, hours) in [("late", 20.0), ("past", -1), ("soon", 1)] {
            try await catalog.resolve(try taskID(name), deadline: noon.plus(hours * 3600), request: request)
        }
        try await catalog.resolve(try taskID("unknown"), deadline: nil)
        let queued = try await catalog.queuedOutputs(limit: 9, now: noon)
        #expect(queued.map(\.id.task.text) == ["unknown", "soon", "late", "past"])
        #expect(queued[1].request?.resolution == "4K")
        #expect(queued[1].deadline == noon.plus(3600))
        #expect(try await catalog.queuedOutputs(limit: 2, now: noon).map(\.id.task.text) == ["unknown", "soon"])
        #expect(try await catalog.status(now: noon).outputs == [.waiting: 4], "listing leases nothing")
    }

    /// Two accounts have little that is due last; a third has more than a plan looks at.
    @Test(arguments: CatalogKind.allCases)
    func noAccountHidesOthersInTheQueue(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let (flood, small) = (try taskID("flood"), try taskID("small"))
        _ = try await catalog.register(
            [flood, small].map { TaskRegistration(id: $0, source: "gateway", createdAt: noon) }, now: noon)
        try await catalog.keep([flood: Data([1])], account: 7)
        try await catalog.resolve(flood, outputs: 120, deadline: noon.plus(3600))
        try await catalog.resolve(try taskID("own"), outputs: 3, deadline: noon.plus(7200))
        // A key that comes after its task was read counts as well.
        try await catalog.keep([small: Data([2])], account: 9)
        let queued = try await catalog.queuedOutputs(limit: 50, now: noon)
        #expect(queued.count { $0.account == 7 } == 50, "as many as without the other accounts")
        #expect(queued.filter { $0.account == 0 }.map(\.id.task.text) == ["own", "own", "own"])
        #expect(queued.filter { $0.account == 9 }.map(\.id.task) == Array(repeating: small, count: 50 / 3))
        #expect(queued.map(\.deadline) == queued.map(\.deadline).sorted { ($0 ?? noon) < ($1 ?? noon) })
        let leases = try await catalog.leaseOutputs(queued.map(\.id), now: noon, until: noon.plus(60))
        #expect(Set(leases.map(\.account)) == [0, 7, 9])
    }

    @Test(arguments: CatalogKind.allCases)
    func chosenOutputsAreLeasedOnceInTheGivenOrder(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        try await one.resolve(try taskID("t-1"), outputs: 3)
        let ids = try await one.queuedOutputs(limit: 9, now: noon).map(\.id)
        let first = try await one.leaseOutputs([ids[2], ids[0]], now: noon, until: noon.plus(60))
        #expect(first.map(\.id) == [ids[2], ids[0]])
        #expect(try await other.leaseOutputs(ids, now: noon.plus(59), until: noon.plus(120)).map(\.id) == [ids[1]])
        #expect(try await other.queuedOutputs(limit: 9, now: noon.plus(60)).map(\.id).count == 2, "expired leases are due")
        let again = try await other.leaseOutputs([ids[0]], now: noon.plus(60), until: noon.plus(120))
        #expect(again.first?.token == 2)
    }

    /// A damaged picture is worth more than the pages that come after it.
    @Test(arguments: CatalogKind.allCases)
    func theLeastUsefulCandidateIsDroppedFirst(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.resolve(try taskID("t-1"))
        var lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        for number in 0..<5 {
            let candidate = DeliveryCandidate(
                original: BlobReference(
                    digest: try #require(Digest(String(repeating: "1\(number)", count: 32))), bytes: 5, mediaType: "text/html"),
                reason: "cut", looksLikePicture: number == 0,
                download: DownloadFacts(
                    url: "https://a.example", headers: [:], fetchedAt: noon.plus(Double(number)), redirects: 0))
            let postponement = Postponement(
                dueAt: noon.plus(30), error: "cut", kind: "cut", cause: .vendor, history: FailureHistory(), candidate: candidate)
            try await catalog.finish(lease, .postponed(postponement), now: noon)
            lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon.plus(30), until: noon.plus(90)).first)
        }
        #expect(lease.candidates.map(\.download.fetchedAt) == [noon, noon.plus(3), noon.plus(4)])
    }

    @Test(arguments: CatalogKind.allCases)
    func aPauseDoesNotCountAsAFailedTry(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.resolve(try taskID("t-1"))
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(lease, .paused(dueAt: noon.plus(30), reason: "asked for a pause"), now: noon)
        #expect(try await catalog.nextDue() == noon.plus(30))
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon.plus(29)) == [])
        let again = try #require(try await catalog.leaseOutputs(limit: 1, now: noon.plus(30), until: noon.plus(60)).first)
        #expect(again.attempts == 0)
    }

    @Test(arguments: CatalogKind.allCases)
    func aWaitingOutputWithLittleTimeLeftIsAtRisk(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        for (name, hours) in [("safe", 3.0), ("urgent", 1.5), ("past", -1)] {
            try await catalog.resolve(try taskID(name), deadline: noon.plus(hours * 3600))
        }
        try await catalog.resolve(try taskID("done"), deadline: noon.plus(60))
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(lease, .ended(try record(lease.id.task)), now: noon)
        _ = try await catalog.register(
            [
                TaskRegistration(id: try taskID("unread"), source: "sweep", createdAt: noon.plus(-23 * 3600)),
                TaskRegistration(id: try taskID("new"), source: "sweep", createdAt: noon.plus(-60)),
            ], now: noon)
        let risk = try await catalog.atRisk(
            deadlineBefore: noon.plus(7200), createdBefore: noon.plus(-22 * 3600), limit: 9)
        #expect(risk.outputs.map(\.id.task.text) == ["past", "urgent"])
        #expect(risk.tasks.map(\.id.text) == ["unread"])
        #expect(risk.outputCount == 2)
        #expect(risk.taskCount == 1)
        let first = try await catalog.atRisk(deadlineBefore: noon.plus(7200), createdBefore: noon.plus(-22 * 3600), limit: 1)
        #expect(first.outputs.count == 1)
        #expect(first.outputCount == 2)
    }

    @Test(arguments: CatalogKind.allCases)
    func retryReopensOnlyLostOrBrokenOutputs(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        var broken = try record(try taskID("broken"))
        broken.decodeError = "no end"
        broken.picture = nil
        broken.judgement = SizeContract.gptImage2.judge(delivered: nil, request: nil)
        let outputs = [broken, try record(try taskID("fine")), try record(try taskID("lost"), state: .unavailable)]
        let tasks = try [TaskState.failed, .unavailable].map { state in
            TaskRecord(
                task: try taskID("\(state)"), state: state, reason: "no", source: "test", discoveredAt: noon, createdAt: noon,
                request: nil, taskJSON: nil)
        }
        try await catalog.rebuild(outputs: outputs, tasks: tasks, unfinished: [], now: noon)

        #expect(try await catalog.retry(nil, now: noon).map(\.text).sorted() == ["broken", "lost", "unavailable"])
        #expect(
            try await catalog.retry([try taskID("failed"), try taskID("fine"), try taskID("never-heard-of")], now: noon)
                .map(\.text) == ["failed"])
        for lease in try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60)) {
            let links = TaskOutcome.resolved(
                results: .links(["https://a.example/1?s=1"]), createdAt: noon, deadline: nil, model: nil, reason: nil, json: .null
            )
            try await catalog.finish(lease, links, now: noon)
        }
        #expect(
            try await catalog.queuedOutputs(limit: 9, now: noon).map(\.id.task.text).sorted()
                == ["broken", "failed", "lost", "unavailable"])
        #expect(try await catalog.entries(EntryQuery(task: try taskID("fine"))).first?.state == .archived)
    }

    @Test(arguments: CatalogKind.allCases)
    func aSweepDoesNotReopenABrokenDelivery(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        var broken = try record(try taskID("broken"))
        broken.judgement = SizeContract.gptImage2.judge(delivered: nil, request: nil)
        try await catalog.rebuild(outputs: [broken], tasks: [], unfinished: [broken.task], now: noon)
        let lease = try #require(try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60)).first)
        let links = TaskOutcome.resolved(
            results: .links(["https://a.example/1?s=1", "https://a.example/2?s=1"]), createdAt: noon, deadline: nil, model: nil,
            reason: nil, json: .null
        )
        try await catalog.finish(lease, links, now: noon)
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon).map(\.id.index) == [1])
    }

    /// A process wrote these waits and a lease while the clock was three days ahead. The start comes at the right time.
    @Test(arguments: CatalogKind.allCases)
    func aStartEndsWaitsThatOnlyAWrongClockGives(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let ahead = noon.plus(3 * 86_400)
        try await catalog.resolve(try taskID("t-failing"))
        var failure = Postponement.failure(dueAt: ahead)
        failure.history.failingSince = ahead
        failure.notBefore = ahead
        let output = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(output, .postponed(failure), now: ahead)
        let waits = ["t-ahead": ahead, "t-soon": noon.plus(60), "t-leased": noon]
        _ = try await catalog.register(try waits.keys.map { TaskRegistration(id: try taskID($0), source: "test") }, now: noon)
        for lease in try await catalog.leaseTasks(limit: 9, now: noon, until: ahead) where lease.id.text != "t-leased" {
            let due = try #require(waits[lease.id.text])
            try await catalog.finish(lease, .unfinished(dueAt: due, createdAt: nil), now: ahead)
        }
        let hints = try #require(catalog as? any TaskHints)
        #expect(try await hints.keepHint(try taskID("t-hint"), most: 9, now: noon) == .kept)
        try await hints.postponeHints([try taskID("t-hint"): ahead], countsReading: true)

        try await catalog.takeUpWaiting(most: 1, now: noon)
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon).map(\.id.task.text) == ["t-failing"])
        let leases = try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60))
        #expect(leases.map(\.id.text).sorted() == ["t-ahead", "t-leased"], "the other one is a plain wait")
        #expect(try await hints.dueHints(limit: 9, now: noon).map(\.id.text) == ["t-hint"])
        #expect(try await catalog.damage(deep: true) == [])
    }

    /// The process that wrote these leases died, and its clock was 20 hours ahead.
    @Test(arguments: CatalogKind.allCases)
    func aStartEndsLeasesThatAreLongerThanAnyLease(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.resolve(try taskID("t-output"))
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-task"), source: "test")], now: noon)
        let ahead = noon.plus(20 * 3600)
        #expect(try await catalog.leaseOutputs(limit: 1, now: noon, until: ahead).count == 1)
        #expect(try await catalog.leaseTasks(limit: 9, now: noon, until: ahead).count == 1)
        try await catalog.takeUpWaiting(most: 1, now: noon)
        #expect(try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60)).map(\.id.task.text) == ["t-output"])
        #expect(try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60)).map(\.id.text) == ["t-task"])
        // Another process may hold these.
        try await catalog.takeUpWaiting(most: 1, now: noon)
        #expect(try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60)).isEmpty)
    }

    @Test(arguments: CatalogKind.allCases)
    func everythingIsDueAfterTheClockWasSetBack(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let ahead = noon.plus(3600)
        try await catalog.resolve(try taskID("t-1"))
        var failure = Postponement.failure(dueAt: ahead)
        failure.notBefore = ahead
        let output = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(output, .postponed(failure), now: ahead)
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-2"), source: "test")], now: noon)
        let task = try #require(try await catalog.leaseTasks(limit: 9, now: noon, until: ahead).first)
        try await catalog.finish(task, .unfinished(dueAt: ahead, createdAt: nil), now: ahead)
        let hints = try #require(catalog as? any TaskHints)
        #expect(try await hints.keepHint(try taskID("t-hint"), most: 9, now: ahead) == .kept)

        try await catalog.takeUpAll(now: noon)
        #expect(try await catalog.queuedOutputs(limit: 9, now: noon).map(\.id.task.text) == ["t-1"])
        #expect(try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60)).map(\.id.text) == ["t-2"])
        #expect(try await hints.dueHints(limit: 9, now: noon).map(\.id.text) == ["t-hint"])
        #expect(try await catalog.damage(deep: true) == [])
    }
}
