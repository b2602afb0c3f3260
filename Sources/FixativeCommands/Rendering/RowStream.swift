import ArchiveModel
import Foundation

/// Writes a table or CSV row by row, so that memory use does not grow with the number of rows.
struct RowStream {
    private var table: Table
    private let format: OutputFormat
    /// Set when the first part is written. Wider cells in later rows are not aligned.
    private var widths: [Int]?
    private var hasHeadings = false
    private let sink: OutputFile

    init(columns: [Table.Column], format: OutputFormat, delimiter: Character = ",", sink: OutputFile = .stdout) {
        table = Table(columns: columns, delimiter: delimiter)
        self.format = format
        self.sink = sink
    }

    mutating func append(_ row: [String]) throws {
        table.rows.append(row)
        if table.rows.count == 1000 { try flush() }
    }

    /// Writes the remaining rows, and the headings if there were no rows.
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

/// Writes a JSON array element by element.
struct JSONArrayStream<Element: Encodable & Sendable> {
    private let depth: Int
    private var isEmpty = true
    private var elements: [Element] = []
    private let sink: OutputFile

    /// - Parameter depth: Nesting depth of the array, for indentation.
    init(of element: Element.Type, depth: Int, sink: OutputFile = .stdout) {
        self.depth = depth
        self.sink = sink
    }

    mutating func append(_ element: Element) throws {
        elements.append(element)
        if elements.count == 500 { try flush() }
    }

    /// Writes elements that ``text(of:depth:)`` has encoded.
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

    /// Encodes elements as they appear inside an array, without its brackets.
    static func text(of elements: [Element], depth: Int) throws -> [UInt8] {
        guard !elements.isEmpty else { return [] }
        let text = [UInt8](try JSONEncoder.archive(pretty: true).encode(elements))
        let indent = [UInt8](repeating: 0x20, count: 2 * depth)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 5 / 4)
        // JSON escapes line breaks in strings, so each line feed here is formatting.
        var rest = text[1..<(text.count - 2)]
        while let end = rest.firstIndex(of: 0x0A) {
            bytes += rest[...end]
            bytes += indent
            rest = rest[(end + 1)...]
        }
        return bytes + rest
    }
}
