import ArchiveModel
import Foundation

/// Rows under headings: the one way that lists are shown.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        var title: String
        var alignment: Alignment = .left
        /// The most characters shown; longer cells end in `…`. A sheet holds them whole.
        var limit: Int?

        init(_ title: String, _ alignment: Alignment = .left, limit: Int? = nil) {
            self.title = title
            self.alignment = alignment
            self.limit = limit
        }
    }

    var columns: [Column]
    var rows: [[String]] = []

    /// Columns side by side, for people.
    var text: String { headings(widths) + lines(widths) }

    /// The widths that the columns need.
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
        // What stands before a cell: gaps are written when something follows them, so that no line ends in spaces.
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

    /// How many characters a text has; of one in ASCII as many as bytes, which is quick to tell.
    private static func length(_ text: String) -> Int { isPlainASCII(text) ? text.utf8.count : text.count }

    /// A sheet after RFC 4180, with cells that a spreadsheet would take for formulas defused by a leading `'`.
    var csv: String { csvHeadings + csvLines }

    var csvHeadings: String { SpreadsheetLine.text(columns.map { $0.title.lowercased() }) }
    var csvLines: String { rows.map { SpreadsheetLine.text($0.map { $0 == Self.nothing ? "" : $0 }) }.joined() }

    /// What stands for nothing where people read; a sheet leaves the cell empty.
    private static let nothing = "-"

    /// One line without control characters: a prompt may hold anything, also what would move a terminal's cursor, or turn the
    /// direction of what stands beside it.
    static func plain(_ text: String) -> String {
        if isPlainASCII(text) { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isHarmless($0) ? $0 : " " }))
    }

    /// Most text is, and to look at its bytes is quick.
    private static func isPlainASCII(_ text: String) -> Bool { text.utf8.allSatisfy { 0x20..<0x7F ~= $0 } }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        // Directions and their ends; the joiners of emoji and scripts stay.
        case .format: !(0x200E...0x200F ~= scalar.value || 0x202A...0x202E ~= scalar.value || 0x2066...0x2069 ~= scalar.value)
        default: true
        }
    }

    private static func cut(_ text: String, to limit: Int?) -> String {
        guard let limit, text.utf8.count > limit, text.count > limit else { return text }
        return text.prefix(limit - 1) + "…"
    }
}

/// How data is written.
enum OutputFormat: String, CaseIterable {
    case table, json, csv
}

/// The formats of a verb whose answer is no list.
enum TableOrJSON: String, CaseIterable {
    case table, json
}

enum Rendering {
    /// JSON with sorted keys and dates in ISO 8601 UTC, and a line end.
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
