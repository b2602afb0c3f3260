import ArchiveModel
import Audit
import Foundation
import SizeContract

/// Writes an audit page by page, so that memory use does not grow with the archive.
struct AuditWriter {
    private let format: AuditFormat
    private let sink: OutputFile

    init(_ format: AuditFormat, _ sink: OutputFile) {
        self.format = format
        self.sink = sink
    }

    private var lines: OutputFormat { format == .csv ? .csv : .table }

    // MARK: Individual pictures

    /// - Returns: The totals.
    func report(_ reader: AuditReader) async throws -> AuditReport.Summary {
        let lost = try await reader.lostOutputs()
        let tasks = try await reader.tasks()
        var summary = reader.nothing
        for (entry, charge) in lost { summary.add(entry, charge) }
        for (task, charge) in tasks { summary.add(task, charge) }
        let rest = AuditReport(lost: lost.map(\.0), tasks: tasks)
        if format == .json {
            try await writeJSON(reader, rest, &summary)
        } else {
            let isSheet = format == .csv
            var rows = RowStream(columns: Self.columns + (isSheet ? Self.sheetColumns : []), format: lines, sink: sink)
            let unit = summary.money?.unit ?? ""
            try await reader.forEachPage { page in
                for (entry, charge) in page {
                    summary.add(entry, charge)
                    guard let cells = Self.cells(entry, charge) else { continue }
                    try rows.append(cells + (isSheet ? Self.sheetCells(charge, unit, "") : []))
                }
            }
            if isSheet {
                for (entry, charge) in lost {
                    try rows.append(
                        Self.lostCells(entry.id.task, entry.id.index, entry.request, "lost", charge)
                            + Self.sheetCells(charge, unit, entry.reason ?? "unknown"))
                }
                for (task, charge) in tasks where task.state == .unavailable || charge.paid > 0 {
                    let verdict = task.state == .unavailable ? "lost" : task.state.rawValue
                    try rows.append(
                        Self.lostCells(task.id, nil, task.request, verdict, charge)
                            + Self.sheetCells(charge, unit, task.reason ?? "unknown"))
                }
            }
            try rows.finish()
            if format == .table {
                sink.write("\n" + AuditText.text(summary))
                for lost in rest.lost { sink.write(AuditText.line(lost)) }
                for failure in rest.chargedFailures { sink.write(AuditText.line(failure, unit: summary.money?.unit)) }
            }
        }
        return summary
    }

    /// Writes the JSON form of an ``AuditReport``, with the same order of keys.
    private func writeJSON(_ reader: AuditReader, _ rest: AuditReport, _ summary: inout AuditReport.Summary) async throws {
        func array<Element: Encodable>(
            _ name: String, of element: Element.Type, first: Bool = false,
            _ body: (inout JSONArrayStream<Element>) async throws -> Void
        ) async throws {
            var stream = JSONArrayStream(of: element, depth: 1, sink: sink)
            sink.write((first ? "{" : ",") + "\n  \"\(name)\" : ")
            try await body(&stream)
            try stream.finish()
        }
        try await array("chargedFailures", of: AuditReport.ChargedFailure.self, first: true) {
            for failure in rest.chargedFailures { try $0.append(failure) }
        }
        try await array("lost", of: AuditReport.Lost.self) { for lost in rest.lost { try $0.append(lost) } }
        try await array("outputs", of: AuditReport.Output.self) { stream in
            // Encode one page while the next one is read.
            var text: Task<[UInt8], any Error>?
            try await reader.forEachPage { page in
                for (entry, charge) in page { summary.add(entry, charge) }
                try stream.append(text: try await text?.value ?? [])
                text = Task {
                    try JSONArrayStream.text(of: page.compactMap { AuditReport.Output($0.0, $0.1) }, depth: 1)
                }
            }
            try stream.append(text: try await text?.value ?? [])
        }
        sink.write("," + (try Rendering.json(AuditCommand.Whole(summary: summary)).drop { $0 != "\n" }))
    }

    private static let columns: [Table.Column] = [
        .init("TASK"), .init("INDEX", .right), .init("ASKED"), .init("EXPECTED"), .init("DELIVERED"), .init("FORMAT"),
        .init("VERDICT"), .init("BILLED"), .init("GOT"), .init("OVERPAID", .right), .init("PAID", .right),
        .init("REFUND", .right), .init("RATIO_ERROR", .right), .init("BYTES", .right), .init("SHA256", limit: 13),
    ]

    /// Additional CSV columns, so that the sums of a spreadsheet are correct.
    private static let sheetColumns: [Table.Column] = [
        .init("UNDELIVERED", .right), .init("ORIGIN"), .init("UNIT"), .init("REASON"),
    ]

    private static func sheetCells(_ charge: Charge, _ unit: String, _ reason: String) -> [String] {
        let isKnown = charge.origin != .unknown
        return [
            isKnown && charge.isRefundKnown ? charge.undelivered.plain : "-", charge.origin.rawValue, isKnown ? unit : "-",
            reason,
        ]
    }

    /// A row for a picture that was not delivered.
    private static func lostCells(
        _ task: TaskID, _ index: Int?, _ request: RecordedRequest?, _ verdict: String, _ charge: Charge
    ) -> [String] {
        let isKnown = charge.origin != .unknown
        var cells = Array(repeating: "-", count: columns.count)
        cells[0] = task.text
        cells[1] = index.map { "\($0)" } ?? "-"
        cells[2] = request.flatMap(\.sizeText) ?? "-"
        cells[6] = verdict
        if isKnown { (cells[10], cells[11]) = (charge.paid.plain, charge.refund.plain) }
        return cells
    }

    private static func cells(_ entry: AuditEntry, _ charge: Charge) -> [String]? {
        guard let judgement = entry.judgement else { return nil }
        let isKnown = charge.origin != .unknown
        return [
            entry.id.task.text, "\(entry.id.index)", entry.request.flatMap(\.sizeText) ?? "-",
            judgement.expected.map { "\($0)" } ?? "-", judgement.delivered.map { "\($0)" } ?? "-",
            entry.original?.format ?? "-", judgement.verdict.rawValue, judgement.billedTier?.rawValue ?? "-",
            judgement.deliveredTier?.rawValue ?? "-", judgement.overpaid.map { $0 == .zero ? "0" : "\($0)" } ?? "-",
            isKnown ? charge.paid.plain : "-", isKnown && charge.isRefundKnown ? charge.refund.plain : "-",
            judgement.ratioError.map(AuditText.fourPlaces) ?? "-", entry.original.map { "\($0.bytes)" } ?? "-",
            entry.original?.digest.hex ?? "-",
        ]
    }

    // MARK: Groups

    private struct Grouped: Encodable {
        var groups: [AuditGroup]
        var summary: AuditReport.Summary
    }

    /// - Returns: The totals.
    func groups(_ reader: AuditReader, _ grouping: AuditGrouping) async throws -> AuditReport.Summary {
        var summary = reader.nothing
        var groups = AuditGroups(grouping, pricing: reader.price.pricing)
        try await reader.forEachPage(reader.filter.hasLosses ? [.archived, .unavailable] : [.archived]) { page in
            for (entry, charge) in page {
                summary.add(entry, charge)
                groups.add(entry, charge)
            }
        }
        for (task, charge) in try await reader.tasks() {
            summary.add(task, charge)
            groups.add(task, charge)
        }
        guard format != .json else {
            sink.write(try Rendering.json(Grouped(groups: groups.all, summary: summary)))
            return summary
        }
        let verdicts = Verdict.allCases.filter { summary.byVerdict[$0.rawValue] != nil }
        var table = Table(
            columns: [.init(grouping.rawValue.uppercased()), .init("PICTURES", .right)]
                + verdicts.map { .init($0.rawValue.uppercased(), .right) }
                + ["LOST", "OVERPAID", "PAID", "UNDELIVERED", "REFUND", "UNKNOWN_COST"].map { .init($0, .right) })
        let total = AuditGroup(name: "all", summary: summary)
        // A CSV file has no row with totals, since a spreadsheet would count them twice.
        for group in groups.all + (format == .csv ? [] : [total]) {
            let money = group.summary.money
            var row = [group.name, "\(group.summary.outputs)"]
            for verdict in verdicts { row.append("\(group.summary.byVerdict[verdict.rawValue] ?? 0)") }
            row += ["\(group.summary.unavailable)", AuditText.factor(group.summary.overpaidMultiplier)]
            for amount in [money?.paid, money?.undelivered, money?.refund] {
                row.append(money?.isKnown == true ? amount?.plain ?? "-" : "-")
            }
            row.append("\(money?.origins[.unknown] ?? 0)")
            table.rows.append(row)
        }
        sink.write(format == .csv ? table.csv : table.text + "\n" + AuditText.text(summary))
        return summary
    }
}

/// The text form of an audit.
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
            text += "overpaid: \(summary.overpaidMultiplier) base prices, for pixels that were billed and not delivered\n"
        }
        if let money = summary.money { text += self.text(money) }
        return text + (summary.unavailable > 0 ? "lost: \(summary.unavailable)\n" : "")
    }

    private static func text(_ money: Money) -> String {
        let unknown = money.origins[.unknown] ?? 0
        guard money.isKnown else {
            // Without prices and recorded credits, no statement about money is possible.
            return unknown > 0 && money.basePrice != nil
                ? "paid: unknown for all \(unknown); their requests are not on record\n" : ""
        }
        let origin =
            money.basePrice.map { "computed from the requests, at a base price of \($0.plain) \(money.unit)" }
            ?? "as the upstream recorded"
        var text = "paid: \(money.paid.plain) \(money.unit), \(origin)\n"
        text +=
            "refunds to ask for: \(money.refund.plain) \(money.unit), including \(money.undelivered.plain) for undelivered pixels\n"
        if money.lost > 0 { text += "paid for lost pictures: \(money.lost.plain) \(money.unit)\n" }
        if money.refundsUnknown > 0 {
            text += "refund unknown: \(money.refundsUnknown); their requests are not on record\n"
        }
        if unknown > 0 { text += "cost unknown, not in the sums: \(unknown)\n" }
        return text
    }

    /// The line of a lost picture, shown below the total.
    static func line(_ lost: AuditReport.Lost) -> String {
        "  \(lost.taskId)\(lost.index.map { " #\($0)" } ?? ""): \(Table.plain(lost.reason))\n"
    }

    /// The line of a failed call that was charged.
    static func line(_ failure: AuditReport.ChargedFailure, unit: String?) -> String {
        "charged, but no picture: \(failure.taskId), \(failure.charge.paid.plain) \(unit ?? ""): \(Table.plain(failure.reason))\n"
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
