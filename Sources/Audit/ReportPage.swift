package import ArchiveModel
package import Foundation
import Markup
import Mustache
import SizeContract

/// The audit as one self-contained HTML page with figures, a plot, and a table with thumbnails. The page loads nothing from a
/// server.
package struct ReportPage {
    /// One row of the table.
    package struct Row: Sendable {
        package var entry: AuditEntry
        package var charge: Charge
    }

    /// The data of a row that is not in the catalog.
    package struct Attachment: Sendable {
        /// The thumbnail: its bytes, media type and size in pixels.
        package var thumbnail: (bytes: [UInt8], mediaType: String, width: Int, height: Int)?
        /// The URL of the original.
        package var link: String?

        package init(thumbnail: (bytes: [UInt8], mediaType: String, width: Int, height: Int)? = nil, link: String? = nil) {
            self.thumbnail = thumbnail
            self.link = link
        }
    }

    /// The maximum number of rows in the table; mismatches come first.
    package static let mostRows = 1000

    private let calendar: AuditCalendar
    private var summary: AuditReport.Summary
    private var sizes: AuditGroups
    private var plot = ScatterPlot()
    private var mismatched: [Row] = []
    private var clean: [Row] = []
    private var lost: [(name: String, reason: String)] = []

    /// - Parameter empty: The summary of no outputs, with the prices.
    package init(empty: AuditReport.Summary, calendar: AuditCalendar = .utc) {
        self.calendar = calendar
        summary = empty
        sizes = AuditGroups([.size], empty: empty, in: calendar)
    }

    // MARK: Adding outputs

    /// Adds an output. Outputs must be added newest first.
    package mutating func add(_ entry: AuditEntry, _ charge: Charge) {
        summary.add(entry, charge)
        sizes.add(entry, charge)
        switch entry.state {
        case .archived:
            plot.add(entry)
            guard let verdict = entry.judgement?.verdict else { return }
            if verdict.isClean {
                if clean.count < Self.mostRows { clean.append(Row(entry: entry, charge: charge)) }
            } else if mismatched.count < Self.mostRows {
                mismatched.append(Row(entry: entry, charge: charge))
            }
        case .unavailable: lost.append(("\(entry.id)", entry.reason ?? "unknown"))
        case .waiting, .leased, .held: break
        }
    }

    package mutating func add(_ task: AuditTask, _ charge: Charge) {
        summary.add(task, charge)
        sizes.add(task, charge)
        if task.state == .unavailable {
            lost.append(("\(task.id)", task.reason ?? "unknown"))
        } else if charge.paid > 0 {
            lost.append(
                ("\(task.id)", "charged \(Cents.text(charge.paid)) \(charge.unit), but no picture: \(task.reason ?? "unknown")"))
        }
    }

    /// The rows shown in the table.
    package var rows: [Row] { mismatched + clean.prefix(Self.mostRows - mismatched.count) }

    /// The summary of all outputs and tasks.
    package var total: AuditReport.Summary { summary }

    // MARK: Writing

    /// Renders the page.
    ///
    /// - Parameters:
    ///   - title: The title of the page.
    ///   - scope: A description of the part of the archive that the page covers.
    ///   - attachment: Returns the thumbnail and link for each row of ``rows``.
    package func html(title: String, scope: String, now: Date, attachment: (Row) async -> Attachment) async throws -> [UInt8] {
        Templates.registerEscaping()
        let template = try MustacheTemplate(string: String(decoding: PackageResources.report_mustache, as: UTF8.self))
        var lines: [[String: Any]] = []
        var rounding = Rounding(rows.map(\.charge), unit: summary.money?.unit)
        for row in rows { lines.append(line(row, await attachment(row), &rounding)) }
        let contract = SizeContract.gptImage2
        let context: [String: Any] = [
            "title": title, "scope": scope, "when": "\(calendar.minute(now)) \(calendar.name)",
            "style": String(decoding: Palette.css + PackageResources.report_css, as: UTF8.self),
            "script": String(decoding: PackageResources.report_js, as: UTF8.self),
            "cards": cards, "isEmpty": summary.outputs == 0, "verdicts": verdicts, "hasPlot": !plot.isEmpty,
            "plot": plot.svg(contract), "plotNote": plotNote, "hasSizes": !sizes.all.isEmpty, "sizes": sizeLines,
            "hasMoney": hasMoney, "rows": lines, "rowsNote": rowsNote, "hasLost": !lost.isEmpty,
            "lost": lost.prefix(Self.mostRows).map { ["name": $0.name, "reason": $0.reason] },
            "lostNote": lost.count > Self.mostRows ? "And \(Self.count(lost.count - Self.mostRows)) more." : "",
            "origins": origins,
        ]
        return Array(template.render(context).utf8)
    }

    private var hasMoney: Bool { summary.money?.isKnown == true }

    private var cards: [[String: Any]] {
        func card(_ figure: String, _ label: String, _ tone: String = "", unit: String = "", note: String = "") -> [String: Any] {
            ["figure": figure, "unit": unit, "label": label, "tone": tone, "note": note]
        }
        func count(_ verdict: Verdict) -> Int { summary.byVerdict[verdict.rawValue] ?? 0 }
        let asRequested = count(.exact) + count(.accepted)
        // Files that are not decoded here are not counted as mismatches.
        let requested = summary.outputs - count(.unrequested) - count(.unread)
        let mismatched = requested - asRequested
        var cards = [card(Self.count(summary.outputs), summary.outputs == 1 ? "picture judged" : "pictures judged")]
        if requested > 0 {
            let share = String(format: "%.1f", Double(asRequested) / Double(requested) * 100)
            cards.append(
                card(
                    share, "as requested", asRequested == requested ? "good" : "", unit: "%",
                    note: "\(Self.count(asRequested)) of \(Self.count(requested))"))
            cards.append(card(Self.count(mismatched), "not as requested", mismatched > 0 ? "bad" : "good"))
        }
        if count(.unread) > 0 { cards.append(card(Self.count(count(.unread)), "not read", note: "files that are not decoded")) }
        cards.append(card(Self.count(summary.unavailable), "lost", summary.unavailable > 0 ? "bad" : "good"))
        if let money = summary.money, hasMoney {
            cards.append(card(Cents.text(money.paid), "paid", unit: money.unit))
            let isMixed = money.refund != money.undelivered
            cards.append(
                card(
                    Cents.text(money.claim), money.isNet ? "net refunds to ask for" : "refunds to ask for",
                    money.claim > 0 ? "bad" : "good", unit: money.unit,
                    note: isMixed ? "including \(Cents.text(money.undelivered)) for undelivered pixels" : ""))
            let over = money.findings[.overcharged] ?? 0
            if over > 0 { cards.append(card(Self.count(over), "charged above the requested class", "bad")) }
        } else {
            cards.append(
                card("\(summary.overpaidMultiplier)", "base prices overpaid", summary.overpaidMultiplier > .zero ? "bad" : "good")
            )
        }
        return cards
    }

    private var verdicts: [[String: Any]] {
        Verdict.allCases.compactMap { verdict in
            guard let count = summary.byVerdict[verdict.rawValue] else { return nil }
            let words = VerdictLabel(verdict)
            return [
                "id": words.id, "label": words.label, "tone": words.tone.rawValue, "count": Self.count(count), "share": count,
                "explanation": words.explanation,
            ]
        }
    }

    private var sizeLines: [[String: Any]] {
        let groups = sizes.all
        var rounding = Rounding(groups.map { ($0.summary.money?.paid ?? 0, $0.summary.money?.refund ?? 0) })
        return groups.map { line($0, &rounding) }
    }

    private func line(_ group: AuditGroup, _ rounding: inout Rounding) -> [String: Any] {
        let summary = group.summary
        let amounts = rounding.texts(summary.money?.paid ?? 0, summary.money?.refund ?? 0)
        let asRequested = [Verdict.exact, .accepted].reduce(0) { $0 + (summary.byVerdict[$1.rawValue] ?? 0) }
        let unrequested = summary.byVerdict[Verdict.unrequested.rawValue] ?? 0
        let unread = summary.byVerdict[Verdict.unread.rawValue] ?? 0
        let isKnown = summary.money?.isKnown == true
        return [
            "name": group.name, "outputs": Self.count(summary.outputs), "clean": Self.count(asRequested),
            "mismatched": Self.count(summary.outputs - asRequested - unrequested - unread),
            "unrequested": Self.count(unrequested), "unread": Self.count(unread),
            "lost": Self.count(summary.unavailable), "hasMoney": hasMoney,
            "paid": isKnown ? amounts.paid : "-", "refund": isKnown ? amounts.refund : "-",
            "unknown": Self.count(summary.money?.origins[.unknown] ?? 0),
        ]
    }

    private func line(_ row: Row, _ attachment: Attachment, _ rounding: inout Rounding) -> [String: Any] {
        let (entry, judgement) = (row.entry, row.entry.judgement)
        let words = judgement.map { VerdictLabel($0.verdict) }
        let isKnown = row.charge.origin != .unknown
        let created = entry.createdAt.map(calendar.time) ?? "-"
        let tiers = [row.charge.billedTier, judgement?.deliveredTier].map { $0?.rawValue ?? "-" }
        let amounts = rounding.texts(row.charge)
        var line: [String: Any] = [
            "verdict": words?.id ?? "", "label": words?.label ?? "", "tone": words?.tone.rawValue ?? "",
            "created": created, "day": created.prefix(10), "time": created.dropFirst(11).prefix(5),
            "asked": entry.request.flatMap(\.sizeText) ?? "not on record",
            "expected": judgement?.expected.map { "\($0)" } ?? "-",
            "delivered": judgement?.delivered.map { "\($0)" } ?? (judgement?.verdict == .unread ? "not read" : "no picture"),
            "expectedPixels": judgement?.expected.map { "\($0.pixels)" } ?? "",
            "deliveredPixels": judgement?.delivered.map { "\($0.pixels)" } ?? "",
            "billed": tiers[0] == tiers[1] ? tiers[0] : "\(tiers[0]), got \(tiers[1])", "hasMoney": hasMoney,
            "finding": row.charge.finding == .unknown ? "" : row.charge.finding.rawValue,
            "paid": isKnown ? amounts.paid : "-", "refund": isKnown && row.charge.isRefundKnown ? amounts.refund : "-",
            "task": "\(entry.id)", "prompt": entry.request?.prompt ?? "", "link": attachment.link ?? "",
        ]
        if let thumbnail = attachment.thumbnail {
            line["thumbnail"] = "data:\(thumbnail.mediaType);base64,\(Data(thumbnail.bytes).base64EncodedString())"
            line["width"] = thumbnail.width
            line["height"] = thumbnail.height
        }
        return line
    }

    private var plotNote: String {
        plot.leftOut > 0 ? "Not drawn: \(Self.count(plot.leftOut)) pairs of sizes that occur less often." : ""
    }

    private var rowsNote: String {
        let shown = rows.count
        guard shown < summary.outputs else {
            return "Mismatches first, in each part the newest first. Each picture links to its original."
        }
        return
            "\(Self.count(shown)) of \(Self.count(summary.outputs)): mismatches first, in each part the newest first. 'fixative audit --format csv' lists all. Each picture links to its original."
    }

    private var origins: String {
        let base = "sizes and verdicts from the delivered files and the requests on record"
        guard let money = summary.money else { return base + "." }
        let counts = [
            (Origin.recorded, "recorded by the upstream"), (.computed, "computed from the request and a given price"),
            (.learned, "computed from the request and a learned price"), (.unknown, "unknown (not in the sums)"),
        ].compactMap { origin, words in money.origins[origin].map { "\(Self.count($0)) \(words)" } }
        let prices = money.basePrices.compactMap { price in
            price.price.map { "\($0) \(price.unit ?? "") (\(price.origin == .learned ? "learned" : "given"))" }
        }
        let price = prices.isEmpty ? "" : ", base price: " + Set(prices).sorted().joined(separator: ", ")
        return counts.isEmpty ? base + "." : base + "; charges: " + counts.joined(separator: ", ") + price + "."
    }

    /// The two columns of amounts, whose lines add up to their rounded totals.
    private struct Rounding {
        private let unit: String?
        private var paid: CentRounding.Lines
        private var refund: CentRounding.Lines

        init(_ charges: [Charge], unit: String?) {
            let same = charges.filter { $0.unit == unit }
            self.init(same.map { ($0.paid, $0.refund) }, unit: unit)
        }

        init(_ amounts: [(paid: Decimal, refund: Decimal)], unit: String? = nil) {
            self.unit = unit
            var (first, second) = (CentRounding(), CentRounding())
            for amount in amounts {
                first.add(amount.paid)
                second.add(amount.refund)
            }
            (paid, refund) = (first.lines, second.lines)
        }

        mutating func texts(_ paid: Decimal, _ refund: Decimal) -> (paid: String, refund: String) {
            (self.paid.text(paid), self.refund.text(refund))
        }

        mutating func texts(_ charge: Charge) -> (paid: String, refund: String) {
            guard charge.unit == unit else {
                return ("\(Cents.text(charge.paid)) \(charge.unit)", "\(Cents.text(charge.refund)) \(charge.unit)")
            }
            return texts(charge.paid, charge.refund)
        }
    }

    /// Formats a number as `12,345`.
    private static func count(_ number: Int) -> String {
        number.formatted(.number.locale(Locale(identifier: "en_US")))
    }
}
