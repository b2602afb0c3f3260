import ArchiveModel
import Audit
import Foundation
import SizeContract

/// Writes the sums of groups of pictures.
struct AuditGroupWriter {
    private let layout: AuditLayout
    private let sink: OutputFile

    init(_ layout: AuditLayout, _ sink: OutputFile) {
        self.layout = layout
        self.sink = sink
    }

    private struct Grouped: Encodable {
        var groups: [AuditGroup]
        var summary: AuditReport.Summary
    }

    /// - Returns: The totals.
    func write(_ reader: AuditReader, _ groupings: [AuditGrouping]) async throws -> AuditReport.Summary {
        var summary = reader.nothing
        var groups = AuditGroups(groupings, empty: reader.nothing, in: reader.filter.calendar)
        try await reader.forEachPage(reader.states) { page in
            for (entry, charge) in page {
                summary.add(entry, charge)
                groups.add(entry, charge)
            }
        }
        for (task, charge) in try await reader.tasks() {
            summary.add(task, charge)
            groups.add(task, charge)
        }
        switch layout.format {
        case .json: sink.write(try Rendering.json(Grouped(groups: groups.all, summary: summary)))
        case .csv: sink.write(sheet(groups.all, summary, groupings, reader.filter.calendar))
        default: sink.write(table(groups.all, summary, groupings) + "\n" + AuditText.text(summary))
        }
        return summary
    }

    /// The amounts of a group, in the order of their columns.
    private static let amounts: [(title: String, path: any KeyPath<MoneySums, Decimal> & Sendable)] = [
        ("PAID", \.paid), ("UNDELIVERED", \.undelivered), ("REFUND", \.refund), ("OVERCHARGE", \.overcharged),
        ("UNDERCHARGE", \.undercharged),
    ]

    private func headings(
        _ groupings: [AuditGrouping], _ verdicts: [Verdict], _ amounts: [String], _ rest: [String]
    ) -> [Table.Column] {
        groupings.map { .init($0.rawValue.uppercased()) } + [.init("PICTURES", .right)]
            + verdicts.map { .init($0.rawValue.uppercased(), .right) }
            + (["LOST", "OVERPAID"] + amounts).map { .init($0, .right) } + rest.map { .init($0, .right) }
    }

    private static func counts(_ names: [String], _ summary: AuditReport.Summary, _ verdicts: [Verdict]) -> [String] {
        names + ["\(summary.outputs)"] + verdicts.map { "\(summary.byVerdict[$0.rawValue] ?? 0)" } + ["\(summary.unavailable)"]
    }

    /// A CSV file has no row with totals, since a spreadsheet would count them twice.
    private func sheet(
        _ groups: [AuditGroup], _ summary: AuditReport.Summary, _ groupings: [AuditGrouping], _ calendar: AuditCalendar
    ) -> String {
        let verdicts = Verdict.allCases.filter { summary.byVerdict[$0.rawValue] != nil }
        var table = Table(
            columns: headings(groupings, verdicts, Self.amounts.map(\.title), ["UNKNOWN_COST", "UNIT", "TIME_ZONE"]),
            delimiter: layout.delimiter)
        for group in groups {
            let money = group.summary.money
            var row = Self.counts(group.names, group.summary, verdicts)
            row.append(layout.number(AuditText.factor(group.summary.overpaidMultiplier)))
            for (_, path) in Self.amounts {
                row.append(money?.isKnown == true ? money.map { layout.number($0.sums[keyPath: path].plain) } ?? "-" : "-")
            }
            row += ["\(money?.origins[.unknown] ?? 0)", money?.unit ?? "-", calendar.name]
            table.rows.append(row)
        }
        return table.csv
    }

    private func table(_ groups: [AuditGroup], _ summary: AuditReport.Summary, _ groupings: [AuditGrouping]) -> String {
        let verdicts = Verdict.allCases.filter { summary.byVerdict[$0.rawValue] != nil }
        // Columns of amounts that are rare are left out if all of their lines are 0.
        let amounts = Self.amounts.enumerated().filter { index, amount in
            index < 3 || (summary.money?.sums[keyPath: amount.path] ?? 0) > 0
        }.map(\.element)
        var table = Table(columns: headings(groupings, verdicts, amounts.map(\.title), ["UNKNOWN_COST"]))
        var sums = amounts.map { _ in CentRounding() }
        for group in groups {
            for (index, amount) in amounts.enumerated() { sums[index].add(group.summary.money?.sums[keyPath: amount.path] ?? 0) }
        }
        var lines = sums.map(\.lines)
        let total = AuditGroup(names: ["all"] + groupings.dropFirst().map { _ in "" }, summary: summary)
        for group in groups + [total] {
            let money = group.summary.money
            var row = Self.counts(group.names, group.summary, verdicts)
            row.append(AuditText.factor(group.summary.overpaidMultiplier))
            for (index, amount) in amounts.enumerated() {
                let value = money?.sums[keyPath: amount.path] ?? 0
                let text = group.names == total.names ? Cents.text(value) : lines[index].text(value)
                row.append(money?.isKnown == true ? text : "-")
            }
            row.append("\(money?.origins[.unknown] ?? 0)")
            table.rows.append(row)
        }
        return table.text
    }
}
