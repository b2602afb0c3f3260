package import ArchiveModel
package import Catalog
import Foundation
package import GenerationAPI

/// Asks the upstream about tasks that only a callback has named, and enters those that it knows.
///
/// A callback carries no signature, so its task may be an invention. Inventions get a small budget of calls, they wait for whatever the
/// account itself has listed, and they end without a record or a notice.
package struct HintReader: Sendable {
    /// The most hints that are kept at once.
    package static let most = 1000
    /// The most calls a minute that find no task. A call that finds one costs nothing of this budget.
    package static let callsPerMinute = 4
    /// Seconds after which a hint that no reading has confirmed is dropped: the life of a link.
    private static let lifetime: TimeInterval = 24 * 3600
    /// The longest time in seconds that a busy account keeps hints waiting.
    private static let patience: TimeInterval = 60
    /// Seconds between looks at the table.
    private static let interval: TimeInterval = 1

    private let hints: any TaskHints
    private let catalog: any Catalog
    private let client: @Sendable () throws -> GenerationClient
    private let register: @Sendable ([TaskRegistration]) async throws -> Void
    private let clock: any WallClock

    /// - Parameters:
    ///   - client: Reads with the service's own key, as it is now.
    ///   - register: Enters tasks that the upstream knows; durable when it returns.
    package init(
        hints: any TaskHints, catalog: any Catalog, client: @escaping @Sendable () throws -> GenerationClient,
        clock: any WallClock,
        register: @escaping @Sendable ([TaskRegistration]) async throws -> Void
    ) {
        self.hints = hints
        self.catalog = catalog
        self.client = client
        self.clock = clock
        self.register = register
    }

    /// Works until it is cancelled.
    /// - Throws: ``CatalogError`` or `CancellationError`.
    package func run() async throws {
        var budget = CallBudget(perMinute: Self.callsPerMinute, now: clock.now)
        while true {
            try await clock.sleep(for: .seconds(Self.interval))
            let now = clock.now
            guard let due = try await hints.nextHintDue(), due <= now, budget.calls(now: now) > 0 else { continue }
            let isBusy = try await catalog.nextDue().map { $0 <= now } ?? false
            if isBusy, now.timeIntervalSince(due) < Self.patience { continue }
            try await read(&budget)
        }
    }

    private func read(_ budget: inout CallBudget) async throws {
        let now = clock.now
        let due = try await hints.dueHints(limit: GenerationClient.batchLimit, now: now)
        let old = due.filter { now.timeIntervalSince($0.receivedAt) >= Self.lifetime }.map(\.id)
        try await hints.dropHints(old)
        let asked = due.filter { !old.contains($0.id) }
        guard !asked.isEmpty else { return }
        do {
            let found = try await tasks(asked.map(\.id), &budget)
            let known = asked.compactMap { found.known[$0.id] }
            try await register(
                known.map {
                    TaskRegistration(
                        id: $0.id, source: "webhook", createdAt: $0.createdAt, hasEnded: true, isAlive: true,
                        standing: $0.standing)
                })
            try await hints.dropHints(known.map(\.id))
            let missed = asked.filter { found.known[$0.id] == nil && found.asked.contains($0.id) }
            try await postpone(missed)
        } catch let error as APIError {
            // The call failed as a whole, so it says nothing about these tasks. The archiver reports what the upstream refuses.
            let next = max(error.retryAfter ?? .distantPast, clock.now.addingTimeInterval(Self.pause))
            try await hints.postponeHints(
                Dictionary(asked.map { ($0.id, next) }) { first, _ in first }, countsReading: false)
        }
    }

    private struct Answers {
        var known: [TaskID: TaskSnapshot] = [:]
        var asked: Set<TaskID> = []
    }

    /// One batch call, or single calls as far as the budget goes where the upstream has no batch call.
    private func tasks(_ ids: [TaskID], _ budget: inout CallBudget) async throws -> Answers {
        let client = try client()
        budget.spend()
        do {
            let known = try await client.tasks(ids).tasks
            if !known.isEmpty { budget.giveBack() }
            return Answers(known: known, asked: Set(ids))
        } catch let error as APIError where [.notFound, .refused, .forbidden].contains(error.code) {
            var answers = Answers()
            for id in ids where budget.calls(now: clock.now) > 0 || answers.asked.isEmpty {
                budget.spend()
                answers.asked.insert(id)
                do {
                    answers.known[id] = try await client.task(id)
                    budget.giveBack()
                } catch let error as APIError where error.code == .notFound || error.code == .forbidden {
                    continue
                }
            }
            return answers
        }
    }

    /// A task may be unknown for seconds after its callback, so the first waits are short.
    private static let waits: [TimeInterval] = [5, 15, 60, 300, 1800, 7200]
    /// Seconds after a call that failed.
    private static let pause: TimeInterval = 30

    private func postpone(_ missed: [TaskHint]) async throws {
        let now = clock.now
        let due = missed.map { hint in
            (hint.id, now.addingTimeInterval(Self.waits[min(hint.attempts, Self.waits.count - 1)]))
        }
        try await hints.postponeHints(Dictionary(due) { first, _ in first }, countsReading: true)
    }
}

/// Calls that may still be made: at most a minute's worth, refilled evenly.
private struct CallBudget {
    private let perMinute: Int
    private var left: Double
    private var date: Date

    init(perMinute: Int, now: Date) {
        self.perMinute = perMinute
        left = Double(perMinute)
        date = now
    }

    mutating func calls(now: Date) -> Int {
        left = min(Double(perMinute), left + max(0, now.timeIntervalSince(date)) * Double(perMinute) / 60)
        date = now
        return Int(left)
    }

    mutating func spend() { left -= 1 }
    mutating func giveBack() { left = min(Double(perMinute), left + 1) }
}
