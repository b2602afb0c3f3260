import ArchiveModel
import ArgumentParser
import Audit
import Catalog
import Foundation

/// The part of the archive that an audit looks at, and what it cost.
struct AuditReader {
    let catalog: any Catalog
    let filter: AuditFilter
    let price: PriceOptions
    let now: Date

    /// All of an archive.
    static func whole(_ archive: OpenArchive) throws -> AuditReader {
        AuditReader(
            catalog: archive.catalog, filter: try AuditFilter.parse([]), price: try PriceOptions.parse([]), now: archive.clock.now
        )
    }

    /// Nothing yet, in the unit of the prices.
    var nothing: AuditReport.Summary { AuditReport.Summary(money: Money(price.pricing)) }

    /// Hands over what was judged, the newest first, some thousand at a time.
    func forEachPage(
        _ states: Set<OutputState> = [.archived], _ detail: AuditDetail = [],
        _ body: ([(AuditEntry, Charge)]) async throws -> Void
    ) async throws {
        var pricing = price.pricing
        try await catalog.forEachAuditPage(filter.outputs(states, now: now), detail.union(price.detail)) { page in
            try await body(page.entries.map { ($0, pricing.charge(of: $0)) })
        }
    }

    /// Outputs that can't be had.
    func lostOutputs() async throws -> [(AuditEntry, Charge)] {
        guard filter.hasLosses else { return [] }
        var lost: [(AuditEntry, Charge)] = []
        try await forEachPage([.unavailable]) { lost += $0 }
        return lost
    }

    /// Tasks without pictures: those that the upstream does not know any more, and those that failed.
    func tasks() async throws -> [(AuditTask, Charge)] {
        guard filter.hasLosses else { return [] }
        let pricing = price.pricing
        // Of a task that failed only what was charged for it matters here.
        let states: Set<TaskState> = price.basePrice == nil ? [.unavailable, .failed, .cancelled] : [.unavailable]
        return try await catalog.auditTasks(filter.tasks(states, now: now), price.detail).map { ($0, pricing.charge(of: $0)) }
    }

    func summary() async throws -> AuditReport.Summary {
        var summary = nothing
        try await forEachPage(filter.hasLosses ? [.archived, .unavailable] : [.archived]) {
            for (entry, charge) in $0 { summary.add(entry, charge) }
        }
        for (task, charge) in try await tasks() { summary.add(task, charge) }
        return summary
    }

    /// What it all comes to but for money, from the catalog's counters.
    func countedSummary() async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary()
        let query = filter.outputs([], now: now)
        for tally in try await catalog.tallies(since: query.since, before: query.before) { summary.add(tally) }
        for task in try await catalog.auditTasks(filter.tasks([.unavailable], now: now), []) { summary.add(task, nil) }
        return summary
    }
}
