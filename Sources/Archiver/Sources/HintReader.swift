package import ArchiveModel
package import Catalog
import Foundation
package import GenerationAPI

/// Reads tasks that only a callback has named from the upstream, and registers those that exist.
///
/// Callbacks are not signed, so a task ID may be made up. Hints therefore get a small call budget and wait for the account's own
/// work. Hints of tasks that do not exist are dropped without a record or a notice.
package struct HintReader: Sendable {
    /// Maximum number of hints stored at once.
    package static let most = 1000
    /// Maximum number of calls per minute that find no task. Calls that find one are not counted.
    package static let callsPerMinute = 4
    /// Seconds after which an unconfirmed hint is dropped: the lifetime of a link.
    private static let lifetime: TimeInterval = 24 * 3600
    /// The longest time in seconds that hints wait for other due work.
    private static let maxDelay: TimeInterval = 60
    /// Seconds between checks for due hints.
    private static let interval: TimeInterval = 1

    private let hints: any TaskHints
    private let catalog: any Catalog
    private let client: @Sendable () throws -> GenerationClient
    private let register: @Sendable ([TaskRegistration]) async throws -> Void
    private let clock: any WallClock

    /// - Parameters:
    ///   - client: Returns a client with the service's current key.
    ///   - register: Registers tasks that the upstream knows; durable when it returns.
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

    /// Runs until cancelled.
    /// - Throws: ``CatalogError`` or `CancellationError`.
    package func run() async throws {
        var budget = CallBudget(perMinute: Self.callsPerMinute, now: clock.now)
        while true {
            try await clock.sleep(for: .seconds(Self.interval))
            let now = clock.now
            guard let due = try await hints.nextHintDue(), due <= now, budget.calls(now: now) > 0 else { continue }
            let isBusy = try await catalog.nextDue().map { $0 <= now } ?? false
            if isBusy, now.timeIntervalSince(due) < Self.maxDelay { continue }
            try await read(&budget)
        }
    }

    private func read(_ budget: inout CallBudget) async throws {
        let now = clock.now
        let due = try await hints.dueHints(limit: UpstreamRules.batchLimit, now: now)
        // An unconfirmed clock may be ahead, and the links of an old hint alive.
        let isClockConfirmed = try client().isClockConfirmed
        // One that was never read may have been received under a clock that was behind.
        let old = due.filter {
            isClockConfirmed && $0.attempts > 0 && now.timeIntervalSince($0.receivedAt) >= Self.lifetime
        }.map(\.id)
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
                        upstreamState: $0.upstreamState)
                })
            try await hints.dropHints(known.map(\.id))
            let missed = asked.filter { found.known[$0.id] == nil && found.asked.contains($0.id) }
            try await postpone(missed)
        } catch let error as APIError {
            // The call failed as a whole, so it says nothing about these tasks. The archiver reports refusals by the upstream.
            let next = max(error.retryAfter ?? .distantPast, clock.now.addingTimeInterval(Self.pause))
            try await hints.postponeHints(
                Dictionary(asked.map { ($0.id, next) }) { first, _ in first }, countsReading: false)
        }
    }

    private struct Answers {
        var known: [TaskID: TaskSnapshot] = [:]
        var asked: Set<TaskID> = []
    }

    /// Makes one batch call. If the upstream has no batch call, makes single calls within the budget.
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

    /// Seconds between reads. The first waits are short, since a task may be unknown for seconds after its callback.
    private static let waits: [TimeInterval] = [5, 15, 60, 300, 1800, 7200]
    /// Seconds to wait after a failed call.
    private static let pause: TimeInterval = 30

    private func postpone(_ missed: [TaskHint]) async throws {
        let now = clock.now
        let due = missed.map { hint in
            (hint.id, now.addingTimeInterval(Self.waits[min(hint.attempts, Self.waits.count - 1)]))
        }
        try await hints.postponeHints(Dictionary(due) { first, _ in first }, countsReading: true)
    }
}
