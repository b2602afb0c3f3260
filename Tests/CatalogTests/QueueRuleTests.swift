import ArchiveModel
import Catalog
import Foundation
import TestSupport
import Testing

/// Rules of the queue that hold for every worker, whatever it was told before.
@Suite struct QueueRuleTests {
    @Test(arguments: CatalogKind.allCases)
    func aWorkerWithoutTheLeaseOfATaskWritesNothing(_ kind: CatalogKind) async throws {
        let (one, other) = try kind.make()
        let id = try taskID("t-1")
        _ = try await one.register([TaskRegistration(id: id, source: "test")], now: noon)
        let stale = try #require(try await one.leaseTasks(limit: 1, now: noon, until: noon.plus(1)).first)
        let current = try #require(try await other.leaseTasks(limit: 1, now: noon.plus(2), until: noon.plus(60)).first)
        let outcomes: [TaskOutcome] = [
            .resolved(
                results: .links(["https://files.example/1.png"]), createdAt: nil, deadline: nil, model: nil, reason: nil,
                json: .null),
            .unfinished(dueAt: noon, createdAt: nil), .postponed(.failure(dueAt: noon)), .released, .kept,
            .ended(.failed, reason: "no", cause: nil, createdAt: nil, json: nil),
        ]
        for outcome in outcomes {
            let error = await #expect(throws: CatalogError.self) { try await one.finish(stale, outcome, now: noon.plus(3)) }
            #expect(error?.code == .leaseLost)
            #expect(try await one.task(id)?.state == .leased)
        }
        #expect(try await one.entries(EntryQuery(task: id)).isEmpty)
        try await other.finish(current, .unfinished(dueAt: noon, createdAt: nil), now: noon.plus(4))
        #expect(try await one.task(id)?.state == .waiting)
    }

    @Test(arguments: CatalogKind.allCases)
    func anOutputThatIsNamedIsNotLeasedBeforeItIsDue(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        try await catalog.resolve(try taskID("t-1"))
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(lease, .postponed(.failure(dueAt: noon.plus(30))), now: noon)
        #expect(try await catalog.leaseOutputs([lease.id], now: noon.plus(29), until: noon.plus(90)) == [])
        #expect(try await catalog.leaseOutputs([lease.id], now: noon.plus(30), until: noon.plus(90)).map(\.id) == [lease.id])
    }

    /// A task that was unknown may be known later, but not after its links have expired, and not against a person's decision.
    @Test(arguments: CatalogKind.allCases)
    func aListReopensOnlyYoungTasksThatWereUnknown(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        func end(_ name: String, isMiss: Bool = true, cause: FailureCause = .vendor, at time: Date = noon) async throws -> TaskID
        {
            let id = try taskID(name)
            _ = try await catalog.register([TaskRegistration(id: id, source: "sweep", createdAt: time)], now: time)
            let first = try #require(try await catalog.leaseTasks(limit: 1, now: time, until: time.plus(30)).first)
            try await catalog.finish(first, .postponed(.failure(dueAt: time, isMiss: isMiss)), now: time)
            let second = try #require(try await catalog.leaseTasks(limit: 1, now: time, until: time.plus(30)).first)
            try await catalog.finish(
                second, .ended(.unavailable, reason: "-", cause: cause, createdAt: nil, json: nil), now: time)
            return id
        }
        let ended = [
            try await end("t-old", at: noon.plus(-90_000)), try await end("t-known", isMiss: false),
            try await end("t-given-up", cause: .person), try await end("t-unknown"),
        ]
        let named = ended.map { TaskRegistration(id: $0, source: "sweep", isAlive: true) }
        _ = try await catalog.register(named, now: noon.plus(60))
        var states: [TaskState?] = []
        for id in ended { states.append(try await catalog.task(id)?.state) }
        #expect(states == [.unavailable, .unavailable, .unavailable, .waiting])
    }

    @Test func theKeyOfALinkStaysWhileTheLinkWaits() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        try await catalog.resolve(try taskID("t-1"))
        try await catalog.forgetDeleted()
        let lease = try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first
        #expect(lease?.link.isEmpty == false)
    }

    @Test(arguments: CatalogKind.allCases)
    func aSubmissionThatBecameATaskIsNotDropped(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let request = RecordedRequest(prompt: "a fox")
        for key in ["k-1", "k-2"] { try await catalog.recordSubmission(key: key, request: request, now: noon) }
        try await catalog.completeSubmission(key: "k-1", task: try taskID("t-1"))
        for key in ["k-1", "k-2"] { try await catalog.dropSubmission(key: key) }
        #expect(try await catalog.submission(key: "k-1") == request)
        #expect(try await catalog.submission(key: "k-2") == nil)
    }
}
