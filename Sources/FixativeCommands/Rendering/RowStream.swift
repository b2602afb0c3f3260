import ArchiveModel
import Foundation

/// A table or sheet that is written as its rows come, so that memory does not grow with their number.
struct RowStream {
    private var table: Table
    private let format: OutputFormat
    /// Known once the first part was written: later cells that are wider stick out.
    private var widths: [Int]?
    private var hasHeadings = false

    init(columns: [Table.Column], format: OutputFormat) {
        table = Table(columns: columns)
        self.format = format
    }

    mutating func append(_ row: [String]) throws {
        table.rows.append(row)
        if table.rows.count == 1000 { try flush() }
    }

    /// Writes what is left, and the headings when there was nothing.
    mutating func finish() throws { if !table.rows.isEmpty || !hasHeadings { try flush() } }

    private mutating func flush() throws {
        if format == .csv {
            Terminal.write((hasHeadings ? "" : table.csvHeadings) + table.csvLines)
        } else {
            let widths = widths ?? table.widths
            Terminal.write((hasHeadings ? "" : table.headings(widths)) + table.lines(widths))
            self.widths = widths
        }
        hasHeadings = true
        table.rows.removeAll(keepingCapacity: true)
        try Terminal.requireReader()
    }
}

/// A JSON array that is written as its elements come.
struct JSONArrayStream {
    private let indent: String
    private var text = "["
    private var isEmpty = true
    private let encoder = JSONEncoder.archive(pretty: true)

    /// - Parameter depth: How many braces and brackets the array stands in.
    init(depth: Int) { indent = String(repeating: "  ", count: depth) }

    mutating func append(_ element: some Encodable) throws {
        let lines = String(decoding: try encoder.encode(element), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        text += isEmpty ? "\n" : ",\n"
        text += lines.map { "\(indent)  \($0)" }.joined(separator: "\n")
        isEmpty = false
        if text.utf8.count > 1 << 18 { try flush() }
    }

    mutating func finish() throws {
        text += isEmpty ? "]" : "\n\(indent)]"
        try flush()
    }

    private mutating func flush() throws {
        Terminal.write(text)
        text = ""
        try Terminal.requireReader()
    }
}
