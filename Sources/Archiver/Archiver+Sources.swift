import ArchiveModel
import BlobStore
package import Catalog
import Foundation
import GenerationAPI
import Telemetry

extension Archiver {
    /// How often a list whose total changes is read from its start.
    private static let listingTries = 3

    /// Enters every task of the account that is young enough.
    ///
    /// Rows move while pages are read: new tasks push them down, which only shows some twice, and tasks that vanish pull them up,
    /// which would hide some. So a list whose total changes is read again.
    ///
    /// - Returns: Why the source stopped, or `nil`.
    func sweep() async throws -> APIError? {
        guard let since = options.since else { return nil }
        do {
            for _ in 0..<Self.listingTries {
                if try await readList(since: clock.now.addingTimeInterval(-since)) {
                    metrics.swept(.good, at: clock.now.timeIntervalSince1970)
                    return nil
                }
            }
            return nil
        } catch let error as APIError {
            metrics.swept(.failed, at: clock.now.timeIntervalSince1970)
            if error.stopsSource || !options.watch { return error }
            report(.note("the sweep of the account failed, and comes again in \(Int(options.sweepInterval)) s: \(error)"))
            return nil
        }
    }

    /// - Returns: Whether the list held still while it was read.
    private func readList(since: Date) async throws -> Bool {
        var totals: Set<Int> = []
        var seen: Set<TaskID> = []
        var number = 1
        while true {
            let page = try await client.page(number)
            if let total = page.total { totals.insert(total) }
            let young = page.tasks.filter { ($0.createdAt ?? .distantFuture) >= since }
            try await register(young.map { TaskRegistration(id: $0.id, source: "sweep", createdAt: $0.createdAt) })
            // A page of rows that can't be read is no end, and neither is a short one: only an empty one is.
            // A page of nothing but rows that were shown before is one too, or a list that does not turn its pages would have none.
            let known = seen.count
            seen.formUnion(page.tasks.map(\.id))
            let isPast = !page.tasks.isEmpty && (young.isEmpty || seen.count == known)
            if page.rows == 0 || isPast { return totals.count <= 1 }
            number += 1
        }
    }

    /// Enters tasks, and judges again what was archived before its request became known.
    package func register(_ tasks: [TaskRegistration]) async throws {
        guard !tasks.isEmpty else { return }
        let summary: RegistrationSummary
        do {
            summary = try await catalog.register(tasks, now: clock.now)
        } catch {
            metrics.note(failure: error)
            throw error
        }
        if !summary.new.isEmpty || !summary.newlyRequested.isEmpty {
            report(.discovered(named: tasks.count, new: summary.new.count))
        }
        for id in summary.newlyRequested { try await judgeAgain(id) }
    }

    func judgeAgain(_ id: TaskID) async throws {
        guard let request = try await catalog.task(id)?.request else { return }
        for entry in try await catalog.entries(EntryQuery(states: [.archived, .unavailable], task: id)) {
            var known = try await record(of: entry)
            while let standing = known {
                var record = standing
                record.request = request
                if record.judgement != nil {
                    record.judgement = judge(record.picture, request: request, model: record.taskJSON?["model"]?.string)
                }
                known = try await records.write(record, over: standing)
                if known == nil { try await catalog.update(record) }
            }
        }
    }

    private func record(of entry: OutputEntry) async throws -> ArchiveRecord? {
        guard let task = try await catalog.task(entry.id.task) else { return nil }
        return try await records.record(of: entry.id, day: task.createdAt ?? task.discoveredAt)
    }
}
