import ArchiveModel
import Catalog
import Foundation
import TestSupport
import Testing

@Suite struct CatalogFingerprintTests {
    @Test(arguments: CatalogKind.allCases)
    func theMarkChangesWithWritesAndTheDaysWithEnds(_ kind: CatalogKind) async throws {
        let (catalog, other) = try kind.make()
        let midnight = noon.plus(-12 * 3600)
        let empty = try await catalog.fingerprint()
        #expect(empty.days.isEmpty)
        #expect(try await catalog.fingerprint() == empty, "reading does not count as a write")

        try await catalog.resolve(try taskID("t-1"), outputs: 2)
        let waiting = try await catalog.fingerprint()
        #expect(waiting.changeToken != empty.changeToken && waiting.days.isEmpty)

        let leases = try await other.leaseOutputs(limit: 2, now: noon, until: noon.plus(60))
        let leased = try await catalog.fingerprint()
        #expect(leased.changeToken != waiting.changeToken, "another process wrote")
        try await other.finish(leases[0], .ended(try record(leases[0].id.task, leases[0].id.index)), now: noon)
        let one = try await catalog.fingerprint()
        #expect(one.changeToken != leased.changeToken)
        #expect(Array(one.days.keys) == [midnight])
        try await catalog.finish(
            leases[1], .ended(try record(leases[1].id.task, leases[1].id.index, state: .unavailable)), now: noon)
        let two = try await catalog.fingerprint()
        #expect(two.changeToken != one.changeToken)
        #expect(Array(two.days.keys) == [midnight] && two.days != one.days)

        // Another thumbnail changes no sum, and is a write all the same.
        var changed = try record(leases[0].id.task, leases[0].id.index)
        changed.derivatives.removeAll { $0.role == .preview }
        try await other.update(changed)
        let updated = try await catalog.fingerprint()
        #expect(updated.changeToken != two.changeToken && updated.days == two.days)
        #expect(try await catalog.fingerprint() == updated)

        #expect(try await other.fingerprint().days == catalog.fingerprint().days, "each process has the same sums")
    }

    @Test(arguments: CatalogKind.allCases)
    func theOutputsOfADayMatchItsList(_ kind: CatalogKind) async throws {
        let (catalog, _) = try kind.make()
        let midnight = noon.plus(-12 * 3600)
        // The last and the first moment of days, and a task of unknown age, which counts by its discovery.
        let times = [midnight.plus(-0.001), midnight, midnight.plus(86_399.999), midnight.plus(86_400), nil]
        for (number, created) in times.enumerated() {
            let id = try taskID("t-\(number)")
            _ = try await catalog.register([TaskRegistration(id: id, source: "test", createdAt: created)], now: noon)
            for lease in try await catalog.leaseTasks(limit: 1, now: noon, until: noon.plus(60)) {
                try await catalog.finish(
                    lease,
                    .resolved(
                        results: .links(["https://a.example/0"]), createdAt: created, deadline: nil, model: nil, reason: nil,
                        json: .object([:])),
                    now: noon)
            }
            for lease in try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)) {
                try await catalog.finish(lease, .ended(try record(id, created: created)), now: noon)
            }
        }
        let days = try await catalog.fingerprint().days
        #expect(Set(days.keys) == [midnight.plus(-86_400), midnight, midnight.plus(86_400)])
        var counts: [Int] = []
        for day in days.keys.sorted() {
            counts.append(try await catalog.entries(EntryQuery(since: day, before: day.plus(86_400))).count)
        }
        #expect(counts == [1, 3, 1])
    }
}
