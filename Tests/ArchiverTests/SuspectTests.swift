import ArchiveModel
import Archiver
import Catalog
import Foundation
import Hummingbird
import Synchronization
import Testing

/// An output that was in hand when the process died, and a host that has no time for it.
@Suite struct SuspectTests {
    /// The pause comes from another output's try, so the suspect is put back before it is asked for.
    @Test(arguments: [429, 503])
    func anOverloadedHostAddsNoDeathToASuspect(status: Int) async throws {
        // At the pace of the wall's clock, a busy machine does not bring the suspect forward.
        let archive = try TestArchive(clock: JumpClock(factor: 1))
        let begun = archive.clock.now - 3600
        let asked = Mutex<[String]>([])
        try await withStorageHost { request in
            asked.withLock { $0.append(request.uri.path) }
            return Response(status: .init(code: status), headers: [.retryAfter: "290"])
        } _: { host in
            for name in ["suspect", "other"] {
                let task = try #require(TaskID(name))
                _ = try await archive.catalog.register(
                    [TaskRegistration(id: task, source: "test", createdAt: begun)], now: begun)
                let lease = try #require(try await archive.catalog.leaseTasks(limit: 1, now: begun, until: begun + 60).first)
                let result = NamedResult(index: 0, link: "\(host)/\(name).png?sig=abcdefgh", name: "\(host)/\(name).png")
                try await archive.catalog.finish(
                    lease,
                    .resolved(
                        results: [result], createdAt: begun, deadline: begun + 86_400, model: nil, reason: nil, json: .object([:])
                    ), now: begun)
            }
            // Two leases ran out before the start. The third runs out 40 s after it, and is then waited for 40 s longer.
            let start = archive.clock.now
            let id = OutputID(task: try #require(TaskID("suspect")), index: 0)
            for (from, end) in [(-300.0, -200.0), (-200, -100), (-90, 40)] {
                let leases = try await archive.catalog.leaseOutputs([id], now: start + from, until: start + end)
                try #require(leases.count == 1)
            }
            let summary = try await archive.run(host) { $0.patience = 120 }
            #expect(summary.waiting == 2)
        }
        #expect(asked.withLock { $0 } == ["/other.png"])
        let postponed = archive.events.compactMap { event in
            if case .postponed(let subject, let error, _) = event { "\(subject): \(error)" } else { nil }
        }
        #expect(postponed.contains { $0.contains("suspect") && $0.contains("requested a pause") }, "\(postponed)")
        let queued = try await archive.catalog.queuedOutputs(limit: 9, now: begun + 20_000)
        #expect(queued.first { $0.id.task.text == "suspect" }?.deaths == 3)
    }
}
