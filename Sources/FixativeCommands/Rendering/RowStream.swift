import ArchiveModel
import Foundation

/// A table or sheet that is written as its rows come, so that memory does not grow with their number.
struct RowStream {
    private var table: Table
    private let format: OutputFormat
    /// Known once the first part was written: later cells that are wider stick out.
    private var widths: [Int]?
    private var hasHeadings = false
    private let sink: Sink

    init(columns: [Table.Column], format: OutputFormat, sink: Sink = .stdout) {
        table = Table(columns: columns)
        self.format = format
        self.sink = sink
    }

    mutating func append(_ row: [String]) throws {
        table.rows.append(row)
        if table.rows.count == 1000 { try flush() }
    }

    /// Writes what is left, and the headings when there was nothing.
    mutating func finish() throws { if !table.rows.isEmpty || !hasHeadings { try flush() } }

    private mutating func flush() throws {
        if format == .csv {
            sink.write((hasHeadings ? "" : table.csvHeadings) + table.csvLines)
        } else {
            let widths = widths ?? table.widths
            sink.write((hasHeadings ? "" : table.headings(widths)) + table.lines(widths))
            self.widths = widths
        }
        hasHeadings = true
        table.rows.removeAll(keepingCapacity: true)
        try sink.requireReader()
    }
}

/// A JSON array that is written as its elements come.
struct JSONArrayStream<Element: Encodable & Sendable> {
    private let depth: Int
    private var isEmpty = true
    private var elements: [Element] = []
    private let sink: Sink

    /// - Parameter depth: How many braces and brackets the array stands in.
    init(of element: Element.Type, depth: Int, sink: Sink = .stdout) {
        self.depth = depth
        self.sink = sink
    }

    mutating func append(_ element: Element) throws {
        elements.append(element)
        if elements.count == 500 { try flush() }
    }

    /// Writes what ``text(of:depth:)`` made of the next elements.
    mutating func append(text: [UInt8]) throws {
        guard !text.isEmpty else { return }
        sink.write(Data([isEmpty ? 0x5B : 0x2C] + text))
        isEmpty = false
        try sink.requireReader()
    }

    mutating func finish() throws {
        try flush()
        sink.write(isEmpty ? "[]" : "\n" + String(repeating: " ", count: 2 * depth) + "]")
        try sink.requireReader()
    }

    private mutating func flush() throws {
        try append(text: try Self.text(of: elements, depth: depth))
        elements.removeAll(keepingCapacity: true)
    }

    /// Elements as they stand in an array, without its brackets.
    static func text(of elements: [Element], depth: Int) throws -> [UInt8] {
        guard !elements.isEmpty else { return [] }
        let text = [UInt8](try JSONEncoder.archive(pretty: true).encode(elements))
        let indent = [UInt8](repeating: 0x20, count: 2 * depth)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 5 / 4)
        // Inside a JSON text a line end is never part of a value.
        var rest = text[1..<(text.count - 2)]
        while let end = rest.firstIndex(of: 0x0A) {
            bytes += rest[...end]
            bytes += indent
            rest = rest[(end + 1)...]
        }
        return bytes + rest
    }
}
