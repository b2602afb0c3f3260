import ArchiveModel
import ArgumentParser
import Audit
import Catalog
import Foundation
import SizeContract

/// The form of an audit's tables.
struct AuditLayout {
    var format = AuditFormat.table
    /// `nil` for the default columns.
    var columns: [AuditColumn]?
    var delimiter: Character = ","
    /// The decimal sign of numbers in CSV.
    var decimal: Character = "."

    var lines: OutputFormat { format == .csv ? .csv : .table }

    /// A number as CSV shows it.
    func number(_ text: String) -> String { decimal == "." ? text : text.replacing(".", with: String(decimal)) }
}

/// Writes an audit page by page, so that memory use does not grow with the archive.
struct AuditWriter {
    private let layout: AuditLayout
    private let sink: OutputFile

    init(_ layout: AuditLayout, _ sink: OutputFile) {
        self.layout = layout
        self.sink = sink
    }

    private var isSheet: Bool { layout.format == .csv }
    private var columns: [AuditColumn] { layout.columns ?? (isSheet ? AuditColumn.allCases : AuditColumn.ofTable) }

    /// The facts that the columns need.
    private var detail: AuditDetail { columns.contains(.prompt) ? .prompts : [] }

    /// Calls without a picture that are lines of their own.
    private struct Rest {
        var lost: [(AuditEntry, Charge)]
        var tasks: [(AuditTask, Charge)]

        var report: AuditReport { AuditReport(lost: lost, tasks: tasks) }

        var rows: [AuditRow] {
            lost.map { AuditRow(subject: .output($0.0), charge: $0.1) }
                + tasks.filter { $0.0.state == .unavailable || $0.1.paid > 0 }.map {
                    AuditRow(subject: .task($0.0), charge: $0.1)
                }
        }
    }

    /// - Returns: The totals.
    func report(_ reader: AuditReader) async throws -> AuditReport.Summary {
        let (lost, open) = try await reader.unarchived()
        let rest = Rest(lost: lost, tasks: try await reader.tasks())
        var summary = reader.nothing
        for (entry, charge) in lost + open { summary.add(entry, charge) }
        for (task, charge) in rest.tasks { summary.add(task, charge) }
        switch layout.format {
        case .json: try await writeJSON(reader, rest.report, &summary)
        case .csv: try await writeSheet(reader, rest, &summary)
        default: try await writeTable(reader, rest, &summary)
        }
        return summary
    }

    // MARK: CSV

    private func writeSheet(_ reader: AuditReader, _ rest: Rest, _ summary: inout AuditReport.Summary) async throws {
        let (columns, calendar) = (columns, reader.filter.calendar)
        var rows = RowStream(columns: columns.map(\.heading), format: .csv, delimiter: layout.delimiter, sink: sink)
        func cells(_ row: AuditRow) -> [String] {
            columns.map { column in
                if column.isAmount { return column.amount(row.charge).map { layout.number($0.plain) } ?? "-" }
                let text = row.text(column, in: calendar)
                return column.isFraction ? layout.number(text) : text
            }
        }
        try await reader.forEachPage([.archived], detail) { page in
            for (entry, charge) in page {
                summary.add(entry, charge)
                guard entry.judgement != nil else { continue }
                try rows.append(cells(AuditRow(subject: .output(entry), charge: charge)))
            }
        }
        for row in rest.rows { try rows.append(cells(row)) }
        try rows.finish()
    }

    // MARK: Table

    /// Amounts are rounded so that the lines add up to the totals. So all amounts are read before the first line is written.
    private func writeTable(_ reader: AuditReader, _ rest: Rest, _ summary: inout AuditReport.Summary) async throws {
        let (columns, calendar) = (columns, reader.filter.calendar)
        let unit = reader.pricing.unit
        var sums: [AuditColumn: CentRounding] = [:]
        for column in columns + [.paid, .refund] where column.isAmount { sums[column] = CentRounding() }
        func collect(_ charge: Charge) {
            guard charge.unit == unit else { return }
            for column in sums.keys { if let amount = column.amount(charge) { sums[column]?.add(amount) } }
        }
        try await reader.forEachPage { for (entry, charge) in $0 where entry.judgement != nil { collect(charge) } }
        for row in rest.rows { collect(row.charge) }
        var lines = sums.mapValues(\.lines)
        func text(_ column: AuditColumn, _ charge: Charge) -> String {
            guard let amount = column.amount(charge) else { return "-" }
            guard charge.unit == unit else { return "\(Cents.text(amount)) \(charge.unit)" }
            return lines[column]?.text(amount) ?? "-"
        }

        var rows = RowStream(columns: columns.map(\.heading), format: .table, sink: sink)
        try await reader.forEachPage([.archived], detail) { page in
            for (entry, charge) in page {
                summary.add(entry, charge)
                guard entry.judgement != nil else { continue }
                let row = AuditRow(subject: .output(entry), charge: charge)
                try rows.append(columns.map { $0.isAmount ? text($0, charge) : row.text($0, in: calendar) })
            }
        }
        try rows.finish()
        sink.write("\n" + AuditText.text(summary))
        for row in rest.rows {
            let amounts = row.charge.origin == .unknown ? nil : (text(.paid, row.charge), text(.refund, row.charge))
            sink.write(AuditText.line(row, amounts))
        }
    }

    // MARK: JSON

    /// The number of outputs that are encoded at once. It bounds the memory of the encoder.
    private static let encodedOutputs = 250

    private static func json(_ page: [(AuditEntry, Charge)]) throws -> [[UInt8]] {
        try stride(from: 0, to: page.count, by: encodedOutputs).map { start in
            let part = page[start..<min(start + encodedOutputs, page.count)]
            return try JSONArrayStream.text(of: part.compactMap { AuditReport.Output($0.0, $0.1) }, depth: 1)
        }
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
            var text: Task<[[UInt8]], any Error>?
            try await reader.forEachPage([.archived], .prompts) { page in
                for (entry, charge) in page { summary.add(entry, charge) }
                for part in try await text?.value ?? [] { try stream.append(text: part) }
                text = Task { try Self.json(page) }
            }
            for part in try await text?.value ?? [] { try stream.append(text: part) }
        }
        sink.write("," + (try Rendering.json(AuditCommand.Whole(summary: summary)).drop { $0 != "\n" }))
    }
}
