import ArchiveModel
import ArchiveStore
import ArgumentParser
import Audit
import Catalog
import Foundation

/// Reads the selected part of the archive, with the cost of each call.
struct AuditReader {
    let catalog: any CatalogReader
    let filter: AuditFilter
    let price: PriceOptions
    let now: Date

    /// A reader for the whole archive.
    static func whole(_ archive: Archive) throws -> AuditReader {
        AuditReader(
            catalog: archive.catalog, filter: try AuditFilter.parse([]), price: try PriceOptions.parse([]), now: archive.clock.now
        )
    }

    /// Empty totals in the unit of the prices.
    var nothing: AuditReport.Summary { AuditReport.Summary(money: Money(price.pricing)) }

    /// Passes on judged outputs, newest first, in pages of some thousand.
    func forEachPage(
        _ states: Set<OutputState> = [.archived], _ detail: AuditDetail = [],
        _ body: ([(AuditEntry, Charge)]) async throws -> Void
    ) async throws {
        var pricing = price.pricing
        try await catalog.forEachAuditPage(filter.outputs(states, now: now), detail.union(price.detail)) { page in
            try await body(page.entries.map { ($0, pricing.charge(of: $0)) })
        }
    }

    /// Outputs that were lost.
    func lostOutputs() async throws -> [(AuditEntry, Charge)] {
        guard filter.hasLosses else { return [] }
        var lost: [(AuditEntry, Charge)] = []
        try await forEachPage([.unavailable]) { lost += $0 }
        return lost
    }

    /// Tasks without pictures: those that the upstream no longer knows, and those that failed.
    func tasks() async throws -> [(AuditTask, Charge)] {
        guard filter.hasLosses else { return [] }
        let pricing = price.pricing
        // Failed tasks matter only for their recorded charges.
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

    /// The totals without money, from the catalog's counters.
    func countedSummary() async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary()
        let query = filter.outputs([], now: now)
        for tally in try await catalog.tallies(since: query.since, before: query.before) { summary.add(tally) }
        for task in try await catalog.auditTasks(filter.tasks([.unavailable], now: now), []) { summary.add(task, nil) }
        return summary
    }
}
