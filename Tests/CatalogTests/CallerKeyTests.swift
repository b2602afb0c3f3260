import ArchiveModel
import Catalog
import Foundation
import TestSupport
import Testing

/// Tasks that belong to the accounts of callers.
@Suite struct CallerKeyTests {
    /// The caller's key was refused, and the API asked it for a pause.
    @Test(arguments: CatalogKind.allCases)
    func aTaskOfTheOwnAccountIsDueWithoutTheCallersKey(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let (task, resolved, other) = (try taskID("t-1"), try taskID("t-resolved"), try taskID("t-other"))
        _ = try await catalog.register([TaskRegistration(id: resolved, source: "gateway", createdAt: noon)], now: noon)
        try await catalog.keep([resolved: Data([1])], account: 7)
        try await catalog.resolve(resolved)
        let output = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(output, .postponed(.failure(dueAt: noon.plus(900))), now: noon)
        _ = try await catalog.register([task, other].map { TaskRegistration(id: $0, source: "gateway") }, now: noon)
        try await catalog.keep([task: Data([1]), other: Data([2])], account: 7)
        for lease in try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60)) {
            var pause = Postponement.failure(dueAt: noon.plus(900), isMiss: true)
            pause.notBefore = noon.plus(900)
            try await catalog.finish(lease, .postponed(pause), now: noon)
        }

        try await catalog.forgetSealedKeys(of: [task, resolved, try taskID("t-unknown")], now: noon.plus(1))
        #expect(try await catalog.sealedKeys(of: [task, resolved, other]) == [other: Data([2])])
        let leases = try await catalog.leaseTasks(limit: 9, now: noon.plus(1), until: noon.plus(60))
        #expect(leases.map(\.id) == [task])
        #expect(leases.map { [$0.attempts, $0.misses] } == [[0, 0]])
        let queued = try await catalog.queuedOutputs(limit: 9, now: noon.plus(1))
        #expect(queued.map(\.id.task) == [resolved] && queued.map(\.account) == [0])
    }

    /// A caller has more due tasks than a group takes, all of them older than those of the others.
    @Test(arguments: CatalogKind.allCases)
    func noAccountHidesTheTasksOfOthers(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let flood = try (0..<60).map { try taskID("flood-\($0)") }
        let small = try (0..<2).map { try taskID("small-\($0)") }
        let own = try (0..<3).map { try taskID("own-\($0)") }
        _ = try await catalog.register(
            (flood + small).map { TaskRegistration(id: $0, source: "gateway", createdAt: noon.plus(-7200)) }, now: noon)
        _ = try await catalog.register(own.map { TaskRegistration(id: $0, source: "sweep", createdAt: noon) }, now: noon)
        try await catalog.keep(Dictionary(uniqueKeysWithValues: flood.map { ($0, Data([1])) }), account: 7)
        try await catalog.keep(Dictionary(uniqueKeysWithValues: small.map { ($0, Data([2])) }), account: 1 << 60)
        func lease(_ account: Int64, until: Date = noon.plus(60)) async throws -> [TaskLease] {
            try await catalog.leaseTasks(limit: 50, account: account, suspects: false, now: noon, until: until)
        }
        func callers(after account: Int64, limit: Int = 9) async throws -> [Int64] {
            try await catalog.callersWithDueTasks(after: account, limit: limit, now: noon)
        }
        #expect(try await callers(after: 0) == [7, 1 << 60], "the own account is not among them")
        #expect(try await callers(after: 0, limit: 1) == [7])
        #expect(try await callers(after: 7) == [1 << 60])
        let first = try await lease(0)
        #expect(first.map(\.id) == own && first.allSatisfy { $0.account == 0 })
        let many = try await lease(7)
        #expect(many.count == 50 && many.allSatisfy { $0.account == 7 })
        #expect(try await callers(after: 0) == [7, 1 << 60], "ten more are due")
        let few = try await lease(1 << 60)
        #expect(Set(few.map(\.id)) == Set(small))
        // An account whose tasks wait is not named, and its turn takes nothing.
        for lease in few { try await catalog.finish(lease, .unfinished(dueAt: noon.plus(1), createdAt: nil), now: noon) }
        #expect(try await callers(after: 0) == [7])
        #expect(try await lease(1 << 60) == [])
        #expect(try await lease(7).count == 10)
        #expect(try await callers(after: 0) == [])
        // Without their keys they are tasks of the own account.
        try await catalog.forgetSealedKeys(of: small, now: noon)
        #expect(try await lease(0).map(\.id) == small)
    }
}
