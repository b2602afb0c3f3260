import ArchiveModel
import BlobStore
import Catalog
import Foundation
import SizeContract

/// Measures a large catalog: `catalog-scale [--rows N] [--program PATH] [--tries N] [--keep FOLDER]`. The last line is the proof's.
@main struct CatalogScale {
    private var rows = 1_000_000
    private var tries = 200
    private var program: String?
    private var folder = FileManager.default.temporaryDirectory.appending(path: "catalog-scale-\(UUID().uuidString)").path
    /// Whether the archive stays there afterwards.
    private var keeps = false
    private let now = Date(timeIntervalSince1970: 1_795_348_800)
    private var random = SeededGenerator(state: 2)
    private var measurements: [Measurement] = []
    private var rounds = 0
    private var wrong = 0
    private var lost = 0

    static func main() async throws {
        var scale = try CatalogScale()
        do {
            try await scale.run()
        } catch {
            if !scale.keeps { try? FileManager.default.removeItem(atPath: scale.folder) }
            throw error
        }
        if !scale.keeps { try FileManager.default.removeItem(atPath: scale.folder) }
        let isGood = scale.wrong == 0 && scale.lost == 0
        say("proof scale rounds \(scale.rounds) lost \(scale.lost) wrong \(scale.wrong) \(isGood ? "pass" : "fall")")
        exit(isGood ? 0 : 1)
    }

    private init() throws {
        var arguments = CommandLine.arguments.dropFirst()
        while let option = arguments.popFirst() {
            guard let value = arguments.popFirst() else { throw Failure("\(option) wants a value") }
            switch (option, Int(value)) {
            case ("--rows", let number?) where number >= 1000: rows = number
            case ("--tries", let number?) where number >= 100: tries = number
            case ("--program", _): program = value
            case ("--keep", _): (folder, keeps) = (value, true)
            default:
                throw Failure(
                    "usage: catalog-scale [--rows N] [--program PATH] [--tries N] [--keep FOLDER]; not \(option) \(value)")
            }
        }
    }

    private mutating func run() async throws {
        let archive = try ArchiveFolder(path: folder, creating: true, now: now)
        let catalog = try SQLiteCatalog(path: archive.path + "/catalog.sqlite")
        let stock = PromptStock(words: 30_000, using: &random)
        try time("generating \(rows) outputs") {
            var generator = try CatalogGenerator(path: archive.path + "/catalog.sqlite")
            try generator.fillArchive(rows, end: now, stock: stock)
        }
        let size = try FileManager.default.attributesOfItem(atPath: (archive.path + "/catalog.sqlite"))[.size] as? Int ?? 0
        say("the catalog has \(size / 1_000_000) MB; figures: 50th and 99th percentile, and the longest")
        let counted = try await catalog.tallies(since: nil, before: nil).reduce(0) { $0 + $1.outputs }
        lost += rows - counted
        try await measureLists(catalog)
        try await measureSearch(catalog, stock)
        try await measureSummaries(catalog)
        try await measureQueue(catalog, name: "claim of 16, beside the archive")
        if let program { try measure(program, archive.path) }
        try await measureFullQueue()
    }

    private func time(_ name: String, _ body: () throws -> Void) rethrows {
        let elapsed = try ContinuousClock().measure(body)
        say("\(name): \(elapsed.components.seconds) s")
    }

    private mutating func measure(_ name: String, limit: Double = 50, _ body: (inout SeededGenerator) async throws -> Void)
        async throws
    {
        var measurement = Measurement(name: name, limit: limit)
        for _ in 0..<tries {
            let start = ContinuousClock.now
            try await body(&random)
            let elapsed = ContinuousClock.now - start
            measurement.milliseconds.append(
                Double(elapsed.components.seconds) * 1000 + Double(elapsed.components.attoseconds) / 1e15)
        }
        note(measurement)
    }

    private mutating func note(_ measurement: Measurement) {
        say(measurement.line)
        rounds += measurement.milliseconds.count
        if measurement.isWrong { wrong += 1 }
    }

    private mutating func measureLists(_ catalog: SQLiteCatalog) async throws {
        let now = now
        func date(_ random: inout SeededGenerator) -> Date { now.addingTimeInterval(-Double(random.next() % (364 * 86400))) }
        try await measure("list, first page") { _ in _ = try await catalog.page(EntryQuery(limit: 50), after: nil) }
        try await measure("list, first page of 500") { _ in _ = try await catalog.page(EntryQuery(), after: nil) }
        var cursors: [ListCursor] = []
        for _ in 0..<tries {
            let page = try await catalog.page(EntryQuery(before: date(&random), limit: 1), after: nil)
            cursors += [page.next].compactMap { $0 }
        }
        try await measure("list, deep page by cursor") { random in
            let cursor = cursors.randomElement(using: &random)
            guard try await catalog.page(EntryQuery(limit: 50), after: cursor).entries.count > 0 else { throw Failure("no page") }
        }
        func filter(_ random: inout SeededGenerator) -> EntryQuery {
            var query = EntryQuery(limit: 50)
            while query.verdict == nil && query.states == nil && query.deliveredTier == nil && query.model == nil {
                if random.next() % 2 == 0 { query.verdict = Verdict.allCases.randomElement(using: &random) }
                if random.next() % 3 == 0 {
                    query.states = [[OutputState.archived, .waiting, .unavailable][Int(random.next() % 3)]]
                }
                if random.next() % 3 == 0 { query.deliveredTier = Tier.allCases.randomElement(using: &random) }
                if random.next() % 4 == 0 { query.model = ["gpt-image-2", "other-model", "none"][Int(random.next() % 3)] }
            }
            if random.next() % 3 == 0 { query.since = date(&random) }
            return query
        }
        try await measure("list, filtered page") { random in _ = try await catalog.page(filter(&random), after: nil) }
        try await measure("list, filtered deep page") { random in
            _ = try await catalog.page(filter(&random), after: cursors.randomElement(using: &random))
        }
    }

    private mutating func measureSearch(_ catalog: SQLiteCatalog, _ stock: PromptStock) async throws {
        func words(_ range: Range<Int>, _ random: inout SeededGenerator) -> String {
            stock.words[range.lowerBound + Int(random.next() % UInt64(range.count))]
        }
        func search(_ text: String) async throws { _ = try await catalog.page(EntryQuery(text: text, limit: 50), after: nil) }
        try await measure("search, a common word") { random in try await search(words(0..<20, &random)) }
        try await measure("search, a middling word") { random in try await search(words(20..<1000, &random)) }
        try await measure("search, a rare word") { random in try await search(words(1000..<30_000, &random)) }
        try await measure("search, two words") { random in
            try await search(words(0..<100, &random) + " " + words(0..<2000, &random))
        }
        try await measure("search, the beginning of a word") { random in
            try await search(String(words(0..<5000, &random).prefix(1 + Int(random.next() % 6))))
        }
        try await measure("search, two beginnings of words") { random in
            try await search(words(0..<5000, &random).prefix(4) + " " + words(0..<5000, &random).prefix(3))
        }
        try await measure("search, with a verdict and a time") { random in
            let since = Date(timeIntervalSince1970: 1_795_348_800 - Double(random.next() % 31_000_000))
            let query = EntryQuery(text: words(0..<500, &random), verdict: .resized, since: since, limit: 50)
            _ = try await catalog.page(query, after: nil)
        }
    }

    private mutating func measureSummaries(_ catalog: SQLiteCatalog) async throws {
        let now = now
        try await measure("audit summary, all") { _ in _ = try await catalog.tallies(since: nil, before: nil) }
        try await measure("audit summary, since a time") { random in
            let since = now.addingTimeInterval(-Double(random.next() % (364 * 86400)))
            _ = try await catalog.tallies(since: since, before: nil)
        }
        try await measure("status") { _ in _ = try await catalog.status(now: now) }
        try await measureRisks(catalog, name: "what is at risk")
        try await measure("when is work due") { _ in _ = try await catalog.nextDue() }
    }

    /// What the disk takes for a commit of its own: a claim waits for one.
    private func measureDisk() throws {
        var measurement = Measurement(name: "(the disk: 4 KiB and fsync)", limit: .infinity)
        let path = folder + "/disk"
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        for _ in 0..<tries {
            let start = ContinuousClock.now
            try file.write(contentsOf: Data(count: 4096))
            try file.synchronize()
            let elapsed = ContinuousClock.now - start
            measurement.milliseconds.append(Double(elapsed.components.attoseconds) / 1e15)
        }
        say(measurement.line)
    }

    private mutating func measureQueue(_ catalog: SQLiteCatalog, name: String) async throws {
        let now = now
        try measureDisk()
        try await measure(name) { _ in
            let queued = try await catalog.queuedOutputs(limit: 16, now: now)
            let leases = try await catalog.leaseOutputs(queued.map(\.id), now: now, until: now.addingTimeInterval(30))
            guard leases.count > 0 else { throw Failure("nothing to claim") }
        }
    }

    private mutating func measureRisks(_ catalog: SQLiteCatalog, name: String) async throws {
        let now = now
        try await measure(name) { _ in
            _ = try await catalog.atRisk(
                deadlineBefore: now.addingTimeInterval(7200), createdBefore: now.addingTimeInterval(-79200), limit: 100)
        }
    }

    private mutating func measureFullQueue() async throws {
        let now = now
        let path = folder + "/queue.sqlite"
        let catalog = try SQLiteCatalog(path: path)
        try time("generating \(rows) outputs that wait") {
            var generator = try CatalogGenerator(path: path)
            try generator.fillQueue(rows, now: now)
        }
        try await measureQueue(catalog, name: "claim of 16 outputs, all waiting")
        try await measure("claim of 16 tasks") { _ in
            _ = try await catalog.leaseTasks(
                limit: 16, account: 0, suspects: false, now: now, until: now.addingTimeInterval(30))
        }
        try await measure("claim, and put back") { _ in
            let queued = try await catalog.queuedOutputs(limit: 1, now: now)
            let leases = try await catalog.leaseOutputs(queued.map(\.id), now: now, until: now.addingTimeInterval(30))
            guard let lease = leases.first else { throw Failure("nothing to claim") }
            try await catalog.finish(lease, .released, now: now)
        }
        try await measure("a plan over 1,000 of the queue") { _ in _ = try await catalog.queuedOutputs(limit: 1000, now: now) }
        try await measureRisks(catalog, name: "what is at risk, all waiting")
        try await measure("status, all waiting") { _ in _ = try await catalog.status(now: now) }
    }

    private mutating func measure(_ program: String, _ archive: String) throws {
        let commands: [(arguments: [String], seconds: Double?)] = [
            (["status"], 2), (["list", "--limit", "50"], 2), (["list", "--lost", "--limit", "50"], 2),
            (["audit", "--summary"], 2), (["list", "--format", "csv"], nil), (["audit", "--format", "json"], nil),
        ]
        for command in commands {
            let run = try ProgramRun(program, command.arguments + ["--storage", archive])
            let isWrong = run.seconds >= command.seconds ?? .infinity || run.peakMegabytes >= 200
            rounds += 1
            if isWrong { wrong += 1 }
            let name = "fixative \(command.arguments.joined(separator: " "))".padding(toLength: 34, withPad: " ", startingAt: 0)
            say(name + String(format: "%8.2f s%8.1f MB", run.seconds, run.peakMegabytes) + (isWrong ? "  OVER" : ""))
        }
    }
}

/// A line on stdout, at once: a run takes minutes.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
