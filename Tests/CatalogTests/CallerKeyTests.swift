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
}
