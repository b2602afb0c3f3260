/// Lines of a sheet after RFC 4180.
package enum SpreadsheetLine {
    /// One line, with its end. Line ends and tabs in a cell are data; other control characters are left out.
    package static func text(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") + "\r\n" }

    private static func cell(_ text: String) -> String {
        let plain = withoutControls(text)
        let safe = isFormula(plain) && Double(plain) == nil ? "'" + plain : plain
        guard safe.utf8.contains(where: { [0x2C, 0x22, 0x0A, 0x0D].contains($0) }) else { return safe }
        // By scalars: a quotation mark with a combining mark behind it is another character, and still ends the cell.
        return "\"" + String(String.UnicodeScalarView(safe.unicodeScalars.flatMap { $0 == "\"" ? ["\"", "\""] : [$0] })) + "\""
    }

    private static func withoutControls(_ text: String) -> String {
        if text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }))
    }

    /// Whether a spreadsheet may take a cell for a formula, which a leading `'` prevents. Some skip blanks before it, and some read
    /// full-width signs as plain ones. By scalars, since a combining mark makes another character of a sign.
    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        if first == "\t" || first == "\n" || first == "\r" { return true }
        let sign = text.unicodeScalars.first { !$0.properties.isWhitespace && $0.properties.generalCategory != .format }
        return sign.map { "=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains($0) } ?? false
    }
}
