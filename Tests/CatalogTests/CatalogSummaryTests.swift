import ArchiveModel
import Catalog
import Foundation
import SizeContract
import TestSupport
import Testing

@Suite struct CatalogSummaryTests {
    /// What the counters should say: the rows themselves, counted one by one.
    private func counted(_ catalog: any CatalogMaintenance, since: Date?, before: Date?) async throws -> Set<OutputTally> {
        var tallies: [OutputTally: OutputTally] = [:]
        for entry in try await catalog.entries(EntryQuery(since: since, before: before)) {
            let judgement = entry.judgement
            let model = try await catalog.task(entry.id.task)?.request?.model
            let key = OutputTally(
                state: entry.state, verdict: judgement?.verdict, billedTier: judgement?.billedTier,
                deliveredTier: judgement?.deliveredTier, model: model, outputs: 0)
            var tally = tallies[key] ?? key
            tally.outputs += 1
            tally.bytes += Int64(entry.original?.bytes ?? 0)
            tally.overpaid = tally.overpaid + (judgement?.overpaid ?? .zero)
            tallies[key] = tally
        }
        return Set(tallies.values)
    }

    private func expectRight(_ catalog: any CatalogMaintenance, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let day = 86400.0
        // Midnight, beside it, within one day, and across several.
        let spans: [(Date?, Date?)] = [
            (nil, nil), (noon, nil), (nil, noon), (noon.plus(-12 * 3600), nil), (noon.plus(-12 * 3600 + 0.001), noon.plus(60)),
            (noon.plus(-3 * day), noon.plus(-day)), (noon.plus(-day), noon.plus(-day + 1)), (noon.plus(9e12), nil),
            (.distantPast, .distantFuture),
        ]
        for (since, before) in spans {
            let expected = try await counted(catalog, since: since, before: before)
            let tallies = try await catalog.tallies(since: since, before: before)
            #expect(
                Set(tallies) == expected, "\(String(describing: since)) \(String(describing: before))",
                sourceLocation: sourceLocation)
        }
    }

    private func request(_ number: Int) -> RecordedRequest {
        RecordedRequest(
            model: number.isMultiple(of: 3) ? "gpt-image-2" : "other", prompt: "picture \(number)", size: "16:9",
            resolution: ["1K", "2K", "4K"][number % 3], recordedAt: noon)
    }

    @Test(arguments: CatalogKind.allCases)
    func theCountersFollowEveryChange(_ kind: CatalogKind) async throws {
        let (catalog, other) = try kind.make()
        for number in 0..<24 {
            let created = noon.plus(Double(number) * -20_000)
            _ = try await catalog.register(
                [TaskRegistration(id: try taskID("t-\(number)"), source: "test", createdAt: number % 4 == 0 ? nil : created)],
                now: noon)
        }
        #expect(try await catalog.status(now: noon).tasks == [.waiting: 24])
        for lease in try await catalog.leaseTasks(limit: 24, now: noon, until: noon.plus(60)) {
            let number = Int(lease.id.text.dropFirst(2)) ?? 0
            try await catalog.finish(
                lease,
                number == 23
                    ? .ended(.failed, reason: "no", cause: nil, createdAt: nil, json: nil)
                    : .resolved(
                        results: .links(["https://a.example/0", "https://a.example/1"]),
                        createdAt: noon.plus(Double(number) * -20_000),
                        deadline: noon.plus(9999), model: nil, reason: nil, json: .object([:])), now: noon)
        }
        #expect(try await catalog.status(now: noon).tasks == [.resolved: 23, .failed: 1])
        try await expectRight(catalog)
        let leases = try await catalog.leaseOutputs(limit: 30, now: noon, until: noon.plus(60))
        try await expectRight(catalog)
        for (number, lease) in leases.enumerated() {
            switch number % 4 {
            case 0: try await other.finish(lease, .released, now: noon)
            case 1:
                try await other.finish(lease, .ended(try record(lease.id.task, lease.id.index, state: .unavailable)), now: noon)
            default: try await other.finish(lease, .ended(try record(lease.id.task, lease.id.index, prompt: nil)), now: noon)
            }
        }
        try await expectRight(catalog)
        // What was asked becomes known, and what is archived is judged by it.
        for lease in leases where lease.id.index == 0 {
            let number = Int(lease.id.task.text.dropFirst(2)) ?? 0
            _ = try await catalog.register(
                [TaskRegistration(id: lease.id.task, source: "manifest", request: request(number), reopens: true)], now: noon)
            var judged = try record(lease.id.task, 0)
            let contract = SizeContract.gptImage2
            judged.judgement = contract.judge(
                delivered: PixelSize(width: 1672, height: 941), request: request(number).sizeRequest(in: contract))
            try await catalog.update(judged)
        }
        try await expectRight(catalog)
        try await catalog.rebuild(outputs: [try record(try taskID("t-1"))], tasks: [], unfinished: [], now: noon)
        try await expectRight(catalog)
    }

    @Test func aRebuiltCatalogHasTheSameDump() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "life-\(UUID().uuidString).sqlite").path
        let catalog = try SQLiteCatalog(path: path)
        var records: [ArchiveRecord] = []
        var tasks: [TaskRecord] = []
        for number in 0..<12 {
            let id = try taskID("t-\(number)")
            // Three of one time each, some of whose time nobody knows.
            let created = number < 3 ? nil : noon.plus(Double(number / 3) * -3600)
            let request = number.isMultiple(of: 2) ? request(number) : nil
            _ = try await catalog.register(
                [TaskRegistration(id: id, source: "test", request: request, createdAt: created)], now: noon.plus(Double(number)))
            let lease = try #require(
                try await catalog.leaseTasks(limit: 1, now: noon.plus(60), until: noon.plus(120)).first)
            let json = JSONValue.object(["id": .string(id.text), "model": .string(request?.model ?? "told-later")])
            if number > 9 {
                let state: TaskState = number == 10 ? .failed : .unavailable
                try await catalog.finish(
                    lease, .ended(state, reason: "no", cause: nil, createdAt: created, json: json), now: noon)
                tasks.append(
                    TaskRecord(
                        task: id, state: state, reason: "no", source: "test", discoveredAt: lease.discoveredAt,
                        createdAt: created,
                        request: request, taskJSON: json))
                continue
            }
            let links = (0..<1 + number % 3).map { "https://a.example/\($0)?s=1" }
            try await catalog.finish(
                lease,
                .resolved(
                    results: .links(links), createdAt: created, deadline: noon.plus(86400),
                    model: request?.model ?? "told-later", reason: nil, json: json),
                now: noon)
            for output in try await catalog.leaseOutputs(limit: 9, now: noon, until: noon.plus(60)) {
                let state: ArchiveRecord.State = output.id.index == 2 ? .unavailable : .archived
                var ended = try record(id, output.id.index, state: state, prompt: nil, created: created)
                ended.discoveredAt = output.discoveredAt
                ended.request = request
                ended.taskJSON = json
                try await catalog.finish(output, .ended(ended), now: noon)
                records.append(ended)
            }
        }
        let before = try dump(path)
        #expect(before.count { $0.hasPrefix("output ") } == records.count)
        #expect(before.contains { $0.hasPrefix("word t-0 pictur") })
        try await catalog.rebuild(outputs: records, tasks: tasks, unfinished: [], now: noon.plus(999))
        let again = try dump(path)
        #expect(again == before)
        let fresh = path + ".fresh"
        try await SQLiteCatalog(path: fresh).rebuild(
            outputs: records.reversed(), tasks: tasks.reversed(), unfinished: [], now: noon.plus(999))
        let anew = try dump(fresh)
        #expect(anew == before)
    }
}
