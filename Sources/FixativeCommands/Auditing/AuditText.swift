import ArchiveModel
import Audit
import Foundation
import SizeContract

/// The text form of an audit, for people: amounts have two places.
enum AuditText {
    /// The totals as a few lines of text.
    static func text(_ summary: AuditReport.Summary) -> String {
        var text = "\(Rendering.count(summary.outputs, "picture")) judged"
        let counts = Verdict.allCases.compactMap { verdict in
            summary.byVerdict[verdict.rawValue].map { "\($0) \(verdict.rawValue)" }
        }
        if !counts.isEmpty { text += ": " + counts.joined(separator: ", ") }
        text += "\n"
        // This figure treats each picture as a separate call. A call with several results is charged once, so show the figure
        // only if the charges are unknown.
        if summary.money?.isKnown != true {
            text += "overpaid: \(summary.overpaidMultiplier) base prices, for pixels that were requested and not delivered\n"
        }
        if let money = summary.money { text += self.text(money) }
        if summary.unavailable > 0 { text += "lost: \(summary.unavailable)\n" }
        return text + (summary.timeZone.map { "times are in \($0)\n" } ?? "")
    }

    private static func text(_ money: Money) -> String {
        let unknown = money.origins[.unknown] ?? 0
        guard money.isKnown else {
            // Without prices and recorded charges, no statement about money is possible.
            return unknown > 0 && money.basePrice != nil
                ? "paid: unknown for all \(unknown); their requests are not on record\n" : ""
        }
        var text = sums(money.sums, money.unit, isNet: money.isNet)
        for (unit, sums) in money.otherUnits.sorted(by: { $0.key < $1.key }) {
            text += self.sums(sums, unit, isNet: money.isNet)
        }
        text += prices(money) + findings(money) + losses(money)
        if money.refundsUnknown > 0 {
            text += "refund unknown: \(money.refundsUnknown); the base price of their model is unknown\n"
        }
        if unknown > 0 { text += "cost unknown, not in the sums: \(unknown)\n" }
        return text
    }

    private static func sums(_ sums: MoneySums, _ unit: String, isNet: Bool) -> String {
        func amount(_ value: Decimal) -> String { "\(Cents.text(value)) \(unit)" }
        func parts(_ parts: [(words: String, amount: Decimal)]) -> [String] {
            var rounding = CentRounding()
            for part in parts { rounding.add(part.amount) }
            var lines = rounding.lines
            return parts.map { ($0, lines.text($0.amount)) }.filter { $0.0.amount > 0 }.map { "\($0.1) \($0.0.words)" }
        }
        let origins = parts(Origin.allCases.map { ($0.rawValue, sums.paidByOrigin[$0] ?? 0) })
        var text = "paid: \(amount(sums.paid))" + (origins.isEmpty ? "" : " (\(origins.joined(separator: ", ")))") + "\n"
        let reasons = parts([
            ("for undelivered pixels", sums.undelivered), ("charged above the requested class", sums.overcharged),
            ("for calls without a picture", sums.refund - sums.undelivered - sums.overcharged),
        ])
        let refundOrigins = parts(Origin.allCases.map { ($0.rawValue, sums.refundByOrigin[$0] ?? 0) })
        text += "refunds to ask for: \(amount(sums.refund))"
        if sums.refund > 0 { text += ": \(reasons.joined(separator: ", ")) (\(refundOrigins.joined(separator: ", ")))" }
        text += "\n"
        if isNet {
            text += "net of charges that were too low: \(amount(sums.net))\n"
        }
        if sums.undercharged > 0 {
            text += "charged too low: \(amount(sums.undercharged))" + (isNet ? "\n" : ", not deducted\n")
        }
        if sums.lost > 0 { text += "paid for lost pictures: \(amount(sums.lost))\n" }
        if sums.open > 0 { text += "paid for pictures that still wait, not in the sums: \(amount(sums.open))\n" }
        return text
    }

    private static func prices(_ money: Money) -> String {
        let words = money.basePrices.map { price in
            let model = price.model ?? "unnamed model"
            guard let amount = price.price, let unit = price.unit else { return "\(model) unknown" }
            return "\(model) \(amount) \(unit) (\(price.origin == .learned ? "learned from the account's charges" : "given"))"
        }
        return words.isEmpty ? "" : "base price: " + words.joined(separator: ", ") + "\n"
    }

    private static func findings(_ money: Money) -> String {
        let counts = PriceFinding.allCases.compactMap { finding in
            money.findings[finding].flatMap { $0 > 0 ? "\($0) \(finding.rawValue)" : nil }
        }
        return counts.isEmpty ? "" : "charges: " + counts.joined(separator: ", ") + "\n"
    }

    private static func losses(_ money: Money) -> String {
        let counts = LossCause.allCases.compactMap { cause in
            money.losses[cause].flatMap { $0 > 0 ? "\($0) \(cause.rawValue)" : nil }
        }
        return counts.isEmpty ? "" : "without a picture, by cause: " + counts.joined(separator: ", ") + "\n"
    }

    /// The line of a call without a picture, shown below the totals.
    /// - Parameter amounts: What was paid and what is to be refunded; `nil` if that is unknown.
    static func line(_ row: AuditRow, _ amounts: (paid: String, refund: String)?) -> String {
        let cause = row.charge.cause.map { ", cause: \($0.rawValue)" } ?? ""
        let money = amounts.map { ", paid \($0.paid), refund \($0.refund)" } ?? ""
        switch row.subject {
        case .output(let entry):
            return "  \(entry.id.task) #\(entry.id.index): \(Table.plain(entry.reason ?? "unknown"))\(cause)\(money)\n"
        case .task(let task):
            let words = task.state == .unavailable ? "  \(task.id)" : "charged, but no picture: \(task.id)"
            return "\(words): \(Table.plain(task.reason ?? "unknown"))\(cause)\(money)\n"
        }
    }

    /// The line of a lost picture without its amounts.
    static func line(_ lost: AuditReport.Lost) -> String {
        "  \(lost.taskId)\(lost.index.map { " #\($0)" } ?? ""): \(Table.plain(lost.reason))\n"
    }

    static func factor(_ multiplier: PriceMultiplier) -> String { multiplier == .zero ? "0" : "\(multiplier)" }

    /// `0.0187`. Faster than a format string; an archive may need a hundred thousand calls.
    static func fourPlaces(_ value: Double) -> String {
        guard value >= 0, value < 1e9 else { return "\(value)" }
        let scaled = (value * 10000).rounded(.toNearestOrEven)
        let (whole, rest) = Int(scaled).quotientAndRemainder(dividingBy: 10000)
        let digits = String(rest)
        return "\(whole)." + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
