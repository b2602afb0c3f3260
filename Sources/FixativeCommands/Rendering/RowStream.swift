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
    private let indent: [UInt8]
    private var bytes = Array("[".utf8)
    private var isEmpty = true
    private let encoder = JSONEncoder.archive(pretty: true)

    /// - Parameter depth: How many braces and brackets the array stands in.
    init(depth: Int) { indent = Array(repeating: 0x20, count: 2 * depth) }

    mutating func append(_ element: some Encodable) throws {
        bytes += Array((isEmpty ? "\n  " : ",\n  ").utf8) + indent
        // Inside a JSON text a line end is never part of a value.
        for byte in try encoder.encode(element) {
            bytes.append(byte)
            if byte == 0x0A { bytes += [0x20, 0x20] + indent }
        }
        isEmpty = false
        if bytes.count > 1 << 18 { try flush() }
    }

    mutating func finish() throws {
        if !isEmpty { bytes += [0x0A] + indent }
        bytes.append(0x5D)
        try flush()
    }

    private mutating func flush() throws {
        Terminal.write(Data(bytes))
        bytes.removeAll(keepingCapacity: true)
        try Terminal.requireReader()
    }
}
