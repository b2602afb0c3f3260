import ArchiveModel
import ArchiveStore
import ArgumentParser
import Audit
import Catalog
import Foundation

/// Reads the selected part of the archive, with the charge of each call.
struct AuditReader {
    let catalog: any CatalogReader
    let filter: AuditFilter
    let pricing: Pricing
    /// Whether charges that were too low are deducted from the refunds.
    let isNet: Bool
    let now: Date

    /// - Parameter prices: The base prices of the settings, by model.
    init(_ archive: Archive, _ filter: AuditFilter, _ price: PriceOptions, prices: [String: Price]) async throws {
        catalog = archive.catalog
        self.filter = filter
        isNet = price.net
        now = archive.clock.now
        pricing = Pricing(price.list(prices), learned: LearnedPrices(try await archive.catalog.chargeTallies()))
    }

    /// A reader for the whole archive.
    static func whole(_ archive: Archive, prices: [String: Price]) async throws -> AuditReader {
        try await AuditReader(archive, try AuditFilter.parse([]), try PriceOptions.parse([]), prices: prices)
    }

    /// Empty totals in the unit of the prices.
    var nothing: AuditReport.Summary {
        AuditReport.Summary(money: Money(pricing, isNet: isNet), timeZone: filter.calendar.name)
    }

    /// Passes on outputs, newest first, in pages of some thousand.
    func forEachPage(
        _ states: Set<OutputState> = [.archived], _ detail: AuditDetail = [],
        _ body: ([(AuditEntry, Charge)]) async throws -> Void
    ) async throws {
        var pricing = pricing
        try await catalog.forEachAuditPage(filter.outputs(states, now: now), detail.union(.charges)) { page in
            try await body(page.entries.map { ($0, pricing.charge(of: $0)) })
        }
    }

    /// All states that totals need. A lost or waiting output has no verdict and no class, so such filters exclude it.
    var states: Set<OutputState> {
        filter.hasLosses ? [.archived, .unavailable, .waiting, .leased, .held] : [.archived]
    }

    /// Outputs that were lost, and outputs that are not archived yet.
    func unarchived() async throws -> (lost: [(AuditEntry, Charge)], open: [(AuditEntry, Charge)]) {
        guard filter.hasLosses else { return ([], []) }
        var (lost, open): ([(AuditEntry, Charge)], [(AuditEntry, Charge)]) = ([], [])
        try await forEachPage([.unavailable, .waiting, .leased, .held], .prompts) { page in
            lost += page.filter { $0.0.state == .unavailable }
            open += page.filter { $0.0.state != .unavailable }
        }
        return (lost, open)
    }

    /// Tasks without pictures: those that the upstream no longer knows, and those that failed.
    func tasks() async throws -> [(AuditTask, Charge)] {
        guard filter.hasLosses else { return [] }
        var pricing = pricing
        return try await catalog.auditTasks(filter.tasks([.unavailable, .failed, .cancelled], now: now), .charges).map {
            ($0, pricing.charge(of: $0))
        }
    }

    func summary() async throws -> AuditReport.Summary {
        var summary = nothing
        try await forEachPage(states) {
            for (entry, charge) in $0 { summary.add(entry, charge) }
        }
        for (task, charge) in try await tasks() { summary.add(task, charge) }
        return summary
    }

    /// The totals without money, from the catalog's counters.
    static func countedSummary(_ archive: Archive, _ filter: AuditFilter) async throws -> AuditReport.Summary {
        var summary = AuditReport.Summary(timeZone: filter.calendar.name)
        let now = archive.clock.now
        let query = filter.outputs([], now: now)
        for tally in try await archive.catalog.tallies(since: query.since, before: query.before) { summary.add(tally) }
        let tasks = try await archive.catalog.auditTasks(filter.tasks([.unavailable], now: now), [])
        for task in tasks { summary.add(task, nil) }
        return summary
    }

    /// A given base price that no charge agrees with, although the charges agree with another one.
    var warning: String? {
        for model in pricing.learned.models {
            guard let learned = pricing.learned.price(of: model, in: PriceList.credits),
                let given = pricing.base(of: model, in: PriceList.credits), given.origin == .computed,
                learned > given.amount * 10 || learned * 10 < given.amount
            else { continue }
            return """
                the base price of \(given.amount.plain) credits is far from the \(learned.plain) credits that the account's charges \
                of \(model.isEmpty ? "unnamed models" : model) show. If it is in money, add --currency
                """
        }
        return nil
    }
}
