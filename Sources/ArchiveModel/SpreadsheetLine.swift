/// Lines of a CSV file (RFC 4180).
package enum SpreadsheetLine {
    /// One line including its CRLF. Line breaks and tabs in a cell are kept; other control characters are removed.
    /// - Parameter delimiter: An ASCII character between the cells.
    package static func text(_ cells: [String], delimiter: Character = ",") -> String {
        let byte = delimiter.asciiValue ?? 0x2C
        return cells.map { cell($0, byte) }.joined(separator: String(delimiter)) + "\r\n"
    }

    private static func cell(_ text: String, _ delimiter: UInt8) -> String {
        let plain = withoutControls(text)
        let safe = isFormula(plain) && Double(plain) == nil ? "'" + plain : plain
        guard safe.utf8.contains(where: { $0 == delimiter || [0x22, 0x0A, 0x0D].contains($0) }) else { return safe }
        // By scalars: with a combining mark after it, a quotation mark is another `Character`, but it still ends the cell.
        return "\"" + String(String.UnicodeScalarView(safe.unicodeScalars.flatMap { $0 == "\"" ? ["\"", "\""] : [$0] })) + "\""
    }

    private static func withoutControls(_ text: String) -> String {
        if text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }))
    }

    /// Whether a spreadsheet may interpret a cell as a formula. A leading `'` prevents that. Some programs skip leading blanks,
    /// and some accept full-width signs. By scalars, since a combining mark makes another `Character` of a sign.
    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        if first == "\t" || first == "\n" || first == "\r" { return true }
        let sign = text.unicodeScalars.first { !$0.properties.isWhitespace && $0.properties.generalCategory != .format }
        return sign.map { "=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains($0) } ?? false
    }
}
