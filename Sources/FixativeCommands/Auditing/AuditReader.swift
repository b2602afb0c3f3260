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
        let list = price.list(prices)
        // Nothing needs to be learned if every model has a price in credits.
        let tallies = list.base?.unit == PriceList.credits ? [] : try await archive.catalog.chargeTallies()
        pricing = Pricing(list, learned: LearnedPrices(tallies))
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

    /// Set if most charges are no multiple of a given base price.
    func warning(_ summary: AuditReport.Summary) -> String? {
        guard let given = pricing.list.base, let findings = summary.money?.findings else { return nil }
        let priced = [PriceFinding.asPriced, .overcharged, .undercharged].reduce(0) { $0 + (findings[$1] ?? 0) }
        let unexplained = findings[.unexplained] ?? 0
        guard unexplained >= LearnedPrices.leastCharges, unexplained > priced * 9 else { return nil }
        return """
            \(unexplained) of \(unexplained + priced) charges are the price of no class, at a base price of \
            \(given.amount.plain) \(given.unit). If the price is in money, add --currency
            """
    }
}
