import ArchiveModel
import Catalog
import Foundation
import SizeContract
import TestSupport
import Testing

/// A catalog from elsewhere, with the right schema and any number in any column.
@Suite struct ExtremeNumbersTests {
    private let planted: PlantedCatalog

    init() async throws { planted = try await PlantedCatalog() }

    @Test(arguments: [Int64.min, Int64.max])
    func everyIntegerColumnMayHoldAnyNumber(_ number: Int64) async throws {
        let tables = try planted.numberColumns()
        #expect(tables.contains { $0.table == "task" && $0.columns.contains("deaths") })
        #expect(tables.contains { $0.table == "output" && $0.columns.contains("bytes") })
        for (table, columns) in tables {
            let changes = columns.map { "UPDATE OR IGNORE \(table) SET \($0) = \(number)" }
            let path = try planted.copy(changes)
            try await ReadEverything(path: path).run()
        }
    }

    @Test(arguments: [(Int64.min, 0, 0.0), (Int64.max, 1_000_000, 1800)])
    func anAbsurdNumberOfDeathsIsReadWithinBounds(_ deaths: Int64, _ read: Int, _ pause: TimeInterval) async throws {
        let path = try planted.copy([
            "UPDATE output SET deaths = \(deaths), attempts = \(deaths), failing_since = 0 WHERE idx = 1"
        ])
        let failing = try await SQLiteCatalog(path: path).failing(limit: 9).outputs.first { $0.id.index == 1 }?.failing
        let state = try #require(failing)
        #expect(state.deaths == read && state.tries == read)
        // Without a death, the end of the lease is no news. Otherwise the pause is 30 minutes at most.
        #expect(state.leaseEnds == (read == 0 ? nil : noon.plus(60)))
        if read > 0 { #expect(state.nextTry == noon.plus(60 + pause)) }
    }

    @Test(arguments: [
        (Int64.min, "1970-01-01T00:00:00.000Z"), (-1, "1970-01-01T00:00:00.000Z"),
        (1_000_000_000_000, "2109-05-15T00:00:00.000Z"), (Int64.max, "2109-05-15T00:00:00.000Z"),
    ])
    func aFarOutDayIsReadAsTheNearestPossibleDay(_ day: Int64, _ read: String) async throws {
        let path = try planted.copy(["UPDATE OR IGNORE tally_day SET day = \(day)"])
        #expect(try await SQLiteCatalog(path: path).fingerprint().days.keys.map(\.iso8601) == [read])
    }

    @Test func anAbsurdFileSizeIsReadWithinBounds() async throws {
        let path = try planted.copy(["UPDATE output SET bytes = \(Int64.max)"])
        let catalog = try SQLiteCatalog(path: path)
        let archived = EntryQuery(states: [.archived])
        #expect(try await catalog.entries(archived).map(\.original?.bytes) == [1_099_511_627_776])
        #expect(try await catalog.auditPage(archived, [], after: nil).entries.map(\.original?.bytes) == [1_099_511_627_776])
    }

    @Test func aRowWithTheLargestNumbersDelaysNoOther() async throws {
        let columns = ["lease_token", "deaths", "attempts", "refusals", "bytes", "overpaid_tenths", "account"]
        let changes = columns.map { "UPDATE output SET \($0) = \(Int64.max) WHERE idx = 0 AND state = 'waiting'" }
        let catalog = try SQLiteCatalog(path: try planted.copy(changes))
        let late = noon.plus(7200)
        let leases = try await catalog.leaseOutputs(limit: 9, now: late, until: late.plus(60))
        #expect(Set(leases.map(\.id.index)) == [0, 1, 2])
        for lease in leases { try await catalog.finish(lease, .postponed(.failure(dueAt: late)), now: late) }
        let again = try await catalog.leaseOutputs(limit: 9, now: late, until: late.plus(60))
        #expect(Set(again.map(\.id.index)) == [0, 1, 2])
        #expect(again.first { $0.id.index == 0 }?.attempts == 1_000_000)
        #expect(again.first { $0.id.index == 2 }?.attempts == 1)
    }

    @Test func aTaskWithTheLargestNumbersDelaysNoOther() async throws {
        let columns = ["lease_token", "deaths", "attempts", "misses", "readings", "refusals"]
        let changes = columns.map { "UPDATE task SET \($0) = \(Int64.max) WHERE id = 't-new'" }
        let catalog = try SQLiteCatalog(path: try planted.copy(changes))
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-other"), source: "test")], now: noon)
        for outcome in [
            TaskOutcome.postponed(.failure(dueAt: noon, isMiss: true)), .unfinished(dueAt: noon, createdAt: nil), .released,
        ] {
            let leases = try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60))
            #expect(Set(leases.map(\.id.text)) == ["t-new", "t-other"])
            for lease in leases { try await catalog.finish(lease, outcome, now: noon) }
        }
    }

    @Test(arguments: [Int64.min, Int64.max])
    func countersAtTheirLimitStopNoWrite(_ number: Int64) async throws {
        let path = try planted.copy([
            "UPDATE tally_day SET outputs = \(number), bytes = \(number), overpaid_tenths = \(number)",
            "UPDATE task_tally SET tasks = \(number)",
        ])
        let catalog = try SQLiteCatalog(path: path)
        _ = try await catalog.register([TaskRegistration(id: try taskID("t-other"), source: "test")], now: noon)
        #expect(try await catalog.leaseTasks(limit: 9, now: noon, until: noon.plus(60)).count == 2)
        let lease = try #require(try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60)).first)
        try await catalog.finish(lease, .ended(try record(lease.id.task, lease.id.index)), now: noon)
        _ = try await catalog.status(now: noon)
        _ = try await catalog.tallies(since: noon.plus(-1), before: nil)
        // A rebuild counts the rows again.
        try await catalog.rebuild(outputs: [], tasks: [], unfinished: [], now: noon.plus(-999))
        #expect(try await catalog.status(now: noon).outputs.values.reduce(0, +) == 4)
    }

    @Test func aHintWithTheLargestNumbersIsPostponed() async throws {
        let path = try planted.copy(["UPDATE task_hint SET received_at = \(Int64.max), attempts = \(Int64.max), due_at = 0"])
        let catalog = try SQLiteCatalog(path: path)
        let hint = try #require(try await catalog.dueHints(limit: 9, now: noon).first)
        #expect(hint.attempts == 1_000_000)
        try await catalog.postponeHints([hint.id: noon.plus(60)], countsReading: true)
        #expect(try await catalog.nextHintDue() == noon.plus(60))
    }

    @Test func anAbsurdScrubTimeIsNotSalvaged() throws {
        let whole = SalvagedCatalog(of: try planted.copy([])) { _ in true }
        #expect(whole.scrubs.map(\.readAt) == [noon])
        for number in [Int64.min, Int64.max] {
            let path = try planted.copy(["UPDATE blob_scrub SET read_at = \(number), mark = 0"])
            #expect(SalvagedCatalog(of: path) { _ in true }.scrubs == [])
        }
    }

    @Test func valuesOfAnotherTypeAreReadAsMissing() async throws {
        let path = try planted.copy([])
        try PlantedCatalog.withoutTypes(
            path,
            [
                "UPDATE output SET attempts = 'many', deaths = x'ff', bytes = 'big', width = 'wide', on_grid = 'yes', reason = x'ff'",
                "UPDATE output SET ratio_error = 'wrong', media_type = x'ff', lease_expires_at = 'soon', failing_since = 'then'",
                "UPDATE task SET attempts = 'many', deaths = 'many', source = x'ff', answer = x'ff', due_at = x'ff', misses = 'many'",
            ])
        let catalog = try SQLiteCatalog(path: path)
        let entry = try #require(try await catalog.entries(EntryQuery(states: [.archived])).first)
        #expect(entry.attempts == 0 && entry.original?.bytes == 0 && entry.reason == nil)
        #expect(entry.original?.mediaType == "application/octet-stream" && entry.judgement?.isOnGrid == nil)
        try await ReadEverything(path: path).run()
    }
}
