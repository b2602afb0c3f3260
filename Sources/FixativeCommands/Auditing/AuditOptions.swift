import ArchiveModel
import ArgumentParser
import Audit
import Catalog
import Foundation
import SizeContract

extension AuditGrouping: ExpressibleByArgument {}
extension AuditRule.Tolerance: ExpressibleByArgument {}

/// Selects the part of the archive to audit.
struct AuditFilter: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only pictures created since this time: 24h or 7d ago, or a date such as 2026-11-01.", valueName: "span"))
    var since: TimeSpan?

    @Option(
        help: ArgumentHelp(
            "Only pictures created before this time: 24h or 7d ago, or a date such as 2026-11-01.", valueName: "span"))
    var until: TimeSpan?

    @Option(help: "Only pictures of this model.")
    var model: String?

    @Option(help: ArgumentHelp("Only pictures whose prompt contains these words.", valueName: "words"))
    var query: String?

    @Option(help: "Only pictures with this verdict.")
    var verdict: Verdict?

    @Option(help: ArgumentHelp("Only pictures billed in this price class: 1K, 2K or 4K.", valueName: "tier"))
    var tier: Tier?

    /// Whether only the time range is restricted, so that the catalog's counters can provide the totals.
    var isTimeAlone: Bool { model == nil && query == nil && verdict == nil && tier == nil }

    /// Whether lost outputs are included. They have no verdict and no price class, so these filters exclude them.
    var hasLosses: Bool { verdict == nil && tier == nil }

    func outputs(_ states: Set<OutputState>, now: Date) -> EntryQuery {
        EntryQuery(
            text: query, verdict: verdict, states: states, billedTier: tier, model: model, since: since?.date(from: now),
            before: until?.date(from: now))
    }

    func tasks(_ states: Set<TaskState>, now: Date) -> EndedTaskQuery {
        EndedTaskQuery(states: states, text: query, model: model, since: since?.date(from: now), before: until?.date(from: now))
    }
}

/// Options for the price of calls.
struct PriceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The price of a 1K picture, such as 0.05; 2K and 4K cost a multiple. Default: the credits that the upstream recorded.",
            valueName: "price"))
    var basePrice: Amount?

    @Option(help: "The currency of --base-price (default: USD).")
    var currency: String?

    func validate() throws {
        guard currency == nil || basePrice != nil else { throw ValidationError("--currency needs --base-price; give both") }
        guard (currency ?? "USD").wholeMatch(of: /[A-Za-z]{1,8}/) != nil else {
            throw ValidationError("--currency takes a short name in letters, such as USD")
        }
    }

    var pricing: Pricing {
        Pricing(basePrice.map { .basePrice($0.value, currency: (currency ?? "USD").uppercased()) } ?? .recordedCredits)
    }

    /// The details that must be read to compute prices.
    var detail: AuditDetail { basePrice == nil ? .credits : [] }
}

/// A price: a positive decimal number.
struct Amount: ExpressibleByArgument {
    let value: Decimal

    init?(argument: String) {
        guard let value = Decimal(plain: argument), value > 0, value < 1_000_000_000 else { return nil }
        self.value = value
    }
}

/// The findings that make an audit fail: verdicts and `lost`, separated by commas, or `none`.
struct Failures: ExpressibleByArgument {
    let rule: AuditRule

    init?(argument: String) {
        var rule = AuditRule(verdicts: [], failsWhenLost: false)
        let names = argument.lowercased().split(separator: ",", omittingEmptySubsequences: false)
        guard names != ["none"] else {
            self.rule = rule
            return
        }
        for name in names {
            if name == "lost" {
                rule.failsWhenLost = true
            } else if let verdict = Verdict(rawValue: String(name)) {
                rule.verdicts.insert(verdict)
            } else {
                return nil
            }
        }
        self.rule = rule
    }
}
