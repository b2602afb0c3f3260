import ArchiveModel
import Foundation

/// Rows with headings; used for every list.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        var title: String
        var alignment: Alignment = .left
        /// Maximum number of characters shown; longer cells end in `…`. CSV contains the full text.
        var limit: Int?

        init(_ title: String, _ alignment: Alignment = .left, limit: Int? = nil) {
            self.title = title
            self.alignment = alignment
            self.limit = limit
        }
    }

    var columns: [Column]
    /// Between the cells of a CSV line.
    var delimiter: Character = ","
    var rows: [[String]] = []

    /// The rows in aligned columns.
    var text: String { headings(widths) + lines(widths) }

    /// The column widths needed for all rows.
    var widths: [Int] {
        let cells = cells
        return columns.indices.map { index in
            max(Self.length(columns[index].title), cells.map { Self.length($0[index]) }.max() ?? 0)
        }
    }

    func headings(_ widths: [Int]) -> String { line(columns.map(\.title), widths) }
    func lines(_ widths: [Int]) -> String { cells.map { line($0, widths) }.joined() }

    private var cells: [[String]] { rows.map { row in zip(columns, row).map { Self.cut(Self.plain($1), to: $0.limit) } } }

    private func line(_ texts: [String], _ widths: [Int]) -> String {
        var line = ""
        // Spaces before the next cell. They are only written if a cell follows, so that no line ends in spaces.
        var gap = 0
        for (index, text) in texts.enumerated() {
            let rest = max(0, widths[index] - Self.length(text))
            let isRight = columns[index].alignment == .right
            gap += isRight ? rest : 0
            if !text.isEmpty {
                line += String(repeating: " ", count: gap) + text
                gap = 0
            }
            gap += (isRight ? 0 : rest) + 2
        }
        return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)]) + "\n"
    }

    /// Number of characters. For plain ASCII this is the number of bytes, which is faster to compute.
    private static func length(_ text: String) -> Int { isPlainASCII(text) ? text.utf8.count : text.count }

    /// CSV according to RFC 4180. A leading `'` prevents spreadsheets from reading a cell as a formula.
    var csv: String { csvHeadings + csvLines }

    var csvHeadings: String { SpreadsheetLine.text(columns.map { $0.title.lowercased() }, delimiter: delimiter) }
    var csvLines: String {
        rows.map { SpreadsheetLine.text($0.map { $0 == Self.nothing ? "" : $0 }, delimiter: delimiter) }.joined()
    }

    /// Marks an empty cell in a table; in CSV the cell is left empty.
    private static let nothing = "-"

    /// Replaces line breaks, control characters and bidirectional controls with spaces. A prompt may contain anything, including
    /// characters that move the cursor or reverse the text next to it.
    static func plain(_ text: String) -> String {
        if isPlainASCII(text) { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isHarmless($0) ? $0 : " " }))
    }

    /// A fast check, since most text is plain ASCII.
    private static func isPlainASCII(_ text: String) -> Bool { text.utf8.allSatisfy { 0x20..<0x7F ~= $0 } }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        // Bidirectional controls are removed; the joiners of emoji and scripts stay.
        case .format: !(0x200E...0x200F ~= scalar.value || 0x202A...0x202E ~= scalar.value || 0x2066...0x2069 ~= scalar.value)
        default: true
        }
    }

    private static func cut(_ text: String, to limit: Int?) -> String {
        guard let limit, text.utf8.count > limit, text.count > limit else { return text }
        return text.prefix(limit - 1) + "…"
    }
}

/// Output formats of lists.
enum OutputFormat: String, CaseIterable {
    case table, json, csv
}

/// Output formats of commands whose result is not a list.
enum TableOrJSON: String, CaseIterable {
    case table, json
}

enum Rendering {
    /// JSON with sorted keys, ISO 8601 dates in UTC, and a trailing line break.
    static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder.archive(pretty: true).encode(value), as: UTF8.self) + "\n"
    }

    /// `1.6 MB`, in decimal units.
    static func bytes(_ count: Int64) -> String {
        var value = Double(count)
        var unit = "B"
        for larger in ["kB", "MB", "GB", "TB"] where value >= 1000 {
            value /= 1000
            unit = larger
        }
        return unit == "B" ? "\(count) B" : "\(rounded(value)) \(unit)"
    }

    private static func rounded(_ value: Double) -> String {
        value.formatted(
            .number.precision(.fractionLength(value < 10 ? 1 : 0)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }

    /// `2026-11-22 12:51`, in UTC.
    static func minute(_ date: Date?) -> String {
        guard let date else { return "-" }
        return String(date.iso8601.prefix(16)).replacing("T", with: " ")
    }

    /// `3 pictures`, `1 picture`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
