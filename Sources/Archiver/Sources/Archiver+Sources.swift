import ArchiveModel
import BlobStore
package import Catalog
import Foundation
import GenerationAPI
import Telemetry

extension Archiver {
    /// The result of a sweep.
    struct Swept: Sendable {
        var mark: SweepMark
        /// Why the source stopped.
        var stop: APIError?
        /// Whether the API does not provide the list, so that asking again soon is useless.
        var isRefused = false
        /// Whether the API answered with the list.
        var isRead = false
    }

    /// Registers every recent task of the account.
    func sweep(_ mark: SweepMark, span: TimeInterval) async throws -> Swept {
        var mark = mark
        let reach = mark.next(span: span, now: clock.now)
        let news = SweepNews()
        do {
            let before = try await catalog.newestListed(before: clock.now)
            let sweep = try await AccountSweep.run(
                since: reach.start, page: { try await client.page($0) },
                register: { tasks in
                    let named = tasks.map {
                        TaskRegistration(
                            id: $0.id, source: "sweep", createdAt: $0.createdAt, isAlive: reach.isDeep,
                            upstreamState: $0.upstreamState)
                    }
                    let new = Set(try await registerNew(named))
                    // The own key reads these tasks, whoever named them first.
                    try await catalog.forgetSealedKeys(of: named.map(\.id).filter { !new.contains($0) }, now: clock.now)
                    news.record(
                        tasks.filter { new.contains($0.id) }, before: clock.now.addingTimeInterval(options.riskTime))
                })
            if sweep.unreadable > 0 {
                report(.warning("\(sweep.unreadable) rows of the account's list have no valid task ID; they are skipped"))
            }
            client.monitor.recordList(gap: sweep.gap)
            try await client.checkList(sweep.head, before: before, now: clock.now)
            if sweep.isWhole {
                mark.record(reach, newest: sweep.newest, now: clock.now)
            } else {
                report(
                    .note(
                        "the account's list was cut off or changed during the sweep; the next sweep reads the same period again"
                    ))
            }
            if !news.urgent.isEmpty {
                let named = news.urgent.prefix(5).map(\.text).joined(separator: ", ") + (news.urgent.count > 5 ? ", …" : "")
                let hours = String(format: "%g", options.riskTime / 3600)
                report(
                    .warning("the sweep found new tasks with less than \(hours) h left, \(news.urgent.count) in total: \(named)"))
            }
            mark.refusals = 0
            metrics.swept(sweep.gap == nil ? .good : .failed, at: clock.now.timeIntervalSince1970)
            report(.swept(tasks: sweep.count, new: news.count, isDeep: reach.isDeep))
            return Swept(mark: mark, isRead: true)
        } catch let error as APIError {
            metrics.swept(.failed, at: clock.now.timeIntervalSince1970)
            let isRefused = error.code == .notFound || error.code == .forbidden
            if !options.watch || (error.stopsSource && !isRefused) { return Swept(mark: mark, stop: error) }
            mark.refusals = isRefused ? mark.refusals + 1 : 0
            let isPaused = mark.refusals >= SweepMark.mostRefusals
            let wait = isPaused ? SweepMark.deepInterval : options.sweepInterval
            report(.sweepFailed(reason: error.description, isRefused: isPaused, until: clock.now.addingTimeInterval(wait)))
            return Swept(mark: mark, isRefused: isPaused)
        }
    }

    /// Registers tasks. Judges archived outputs again if their request has become known.
    package func register(_ tasks: [TaskRegistration]) async throws { _ = try await registerNew(tasks) }

    /// - Returns: The tasks that were unknown before.
    func registerNew(_ tasks: [TaskRegistration]) async throws -> [TaskID] {
        // A task ID becomes a file name and appears on every page, so reject IDs that contain a secret.
        let redact = Redactor(secrets: client.secrets)
        let safe = tasks.filter { !redact.findsSecret(in: $0.id.text) }
        if safe.count < tasks.count {
            report(.warning("\(tasks.count - safe.count) task IDs contain the API key or another secret; they are skipped"))
        }
        let tasks = safe.map { task in
            var task = task
            task.request = task.request?.fitting()
            return task
        }
        guard !tasks.isEmpty else { return [] }
        let summary: RegistrationSummary
        do {
            summary = try await catalog.register(tasks, now: clock.now)
        } catch {
            metrics.record(failure: error)
            throw error
        }
        if !summary.new.isEmpty || !summary.newlyRequested.isEmpty {
            report(.discovered(named: tasks.count, new: summary.new))
        }
        for id in summary.newlyRequested { try await judgeAgain(id) }
        return summary.new
    }

    func judgeAgain(_ id: TaskID) async throws {
        guard let request = try await catalog.task(id)?.request else { return }
        for entry in try await catalog.entries(EntryQuery(states: [.archived, .unavailable], task: id)) {
            var known = try await record(of: entry)
            while let existing = known {
                var record = existing
                record.request = request
                if record.judgement != nil {
                    record.judgement = RecordFiler.judge(
                        record, request: request, model: record.taskJSON?["model"]?.string)
                }
                known = try await records.write(record, over: existing)
                if known == nil { try await catalog.update(record) }
            }
        }
    }

    private func record(of entry: OutputEntry) async throws -> ArchiveRecord? {
        guard let task = try await catalog.task(entry.id.task) else { return nil }
        return try await records.record(of: entry.id, day: task.createdAt ?? task.discoveredAt)
    }
}

/// New tasks found by a sweep, collected page by page.
private final class SweepNews {
    private(set) var count = 0
    /// Tasks with less than the risk time left.
    private(set) var urgent: [TaskID] = []

    func record(_ tasks: [TaskSnapshot], before date: Date) {
        count += tasks.count
        urgent += tasks.filter { $0.deadline.map { $0 < date } ?? false }.map(\.id)
    }
}
