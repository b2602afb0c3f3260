import ArchiveModel
import ArgumentParser
import Audit
import Catalog
import Foundation
import SizeContract

/// One or two groupings, separated by a comma.
struct AuditGroupings: ExpressibleByArgument {
    let all: [AuditGrouping]

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        all = names.compactMap { AuditGrouping(rawValue: $0.trimmingCharacters(in: .whitespaces)) }
        guard all.count == names.count, 1...2 ~= all.count, Set(all).count == all.count else { return nil }
    }
}

/// A time zone by its name.
struct ZoneArgument: ExpressibleByArgument {
    let calendar: AuditCalendar

    init?(argument: String) {
        guard let calendar = AuditCalendar(argument) else { return nil }
        self.calendar = calendar
    }
}

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

    @Option(help: ArgumentHelp("Only pictures requested in this price class: 1K, 2K or 4K.", valueName: "tier"))
    var tier: Tier?

    @Option(
        name: .customLong("time-zone"),
        help: ArgumentHelp(
            "The time zone of days, weeks, months and times, such as Europe/Berlin (default: UTC).", valueName: "zone"))
    var zone: ZoneArgument?

    var calendar: AuditCalendar { zone?.calendar ?? .utc }

    /// Whether only the time range is restricted, so that the catalog's counters can provide the totals.
    var isTimeAlone: Bool { model == nil && query == nil && verdict == nil && tier == nil }

    /// Whether lost outputs are included. They have no verdict and no price class, so these filters exclude them.
    var hasLosses: Bool { verdict == nil && tier == nil }

    func since(_ now: Date) -> Date? { since?.date(from: now, midnight: calendar.start) }
    func until(_ now: Date) -> Date? { until?.date(from: now, midnight: calendar.start) }

    func outputs(_ states: Set<OutputState>, now: Date) -> EntryQuery {
        EntryQuery(
            text: query, verdict: verdict, states: states, billedTier: tier, model: model, since: since(now), before: until(now))
    }

    func tasks(_ states: Set<TaskState>, now: Date) -> EndedTaskQuery {
        EndedTaskQuery(states: states, text: query, model: model, since: since(now), before: until(now))
    }
}

/// Options for the price of calls.
struct PriceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The price of a 1K picture in credits, such as 4; with --currency and without --credit-price, in that currency. Default: the setting 'prices', or the price that the account's charges show.",
            valueName: "price"))
    var basePrice: Amount?

    @Option(
        help: ArgumentHelp(
            "The price of one credit, such as 0.0147: sums are then in --currency (default: USD).", valueName: "price"))
    var creditPrice: Amount?

    @Option(help: "The currency of --credit-price; without it, of --base-price.")
    var currency: String?

    @Flag(help: "Deduct charges that were too low from the refunds.")
    var net = false

    func validate() throws {
        guard currency == nil || basePrice != nil || creditPrice != nil else {
            throw ValidationError("--currency needs --base-price or --credit-price; give both")
        }
        guard (currency ?? "USD").wholeMatch(of: /[A-Za-z]{1,8}/) != nil else {
            throw ValidationError("--currency takes a short name in letters, such as USD")
        }
    }

    /// Whether any of these options is given.
    var isGiven: Bool { basePrice != nil || creditPrice != nil || net }

    func list(_ prices: [String: Price]) -> PriceList {
        let unit = currency.map(Amount.unit)
        return PriceList(
            base: basePrice.map { Price($0.value, creditPrice == nil ? unit ?? PriceList.credits : PriceList.credits) },
            bases: prices, credit: creditPrice.map { Price($0.value, unit ?? PriceList.upstreamCurrency) })
    }
}

/// A price: a positive decimal number.
struct Amount: ExpressibleByArgument {
    let value: Decimal

    init?(argument: String) {
        guard let value = Decimal(plain: argument), value > 0, value < 1_000_000_000 else { return nil }
        self.value = value
    }

    /// `credits`, or the name of a currency in capitals.
    static func unit(_ name: String) -> String {
        ["credit", PriceList.credits].contains(name.lowercased()) ? PriceList.credits : name.uppercased()
    }
}

/// What makes an audit fail: verdicts, price findings and `lost`, separated by commas, or `none`.
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
            } else if let finding = PriceFinding(rawValue: String(name)), finding != .asPriced {
                rule.findings.insert(finding)
            } else {
                return nil
            }
        }
        self.rule = rule
    }
}
