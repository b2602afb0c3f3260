package import Foundation

/// JSON as it was read from bytes that somebody else wrote: the value, and how far the bytes were the JSON of RFC 8259.
///
/// The reader passes over the bytes once, with bounded depth and memory. A field that is no JSON costs that field, and a broken row
/// of a list costs that row:
/// - Half a surrogate pair and bytes that are no UTF-8 become U+FFFD. Control characters in texts stay.
/// - A number that no `Int64`, `UInt64` or `Double` holds exactly enough becomes its own text. `NaN` and `Infinity` too.
/// - What is nested too deep becomes a text that says so. Of members with one name the last counts.
/// - Of bytes that end too soon, the objects on the outside are kept; an item of a list that is cut is left out.
package struct JSONReading: Sendable {
    /// How the bytes differ from JSON that this program can hold.
    package struct Findings: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// The bytes end inside the value.
        package static let cut = Findings(rawValue: 1)
        /// Rows of the outermost list could not be read and are missing.
        package static let lost = Findings(rawValue: 2)
        /// Something was read that is no JSON, such as `None` or a comma too many.
        package static let repaired = Findings(rawValue: 4)
        /// Something follows the value.
        package static let trailing = Findings(rawValue: 8)
        /// Something was nested too deep.
        package static let deep = Findings(rawValue: 16)
        /// There are more values than the limit; the later ones are missing.
        package static let many = Findings(rawValue: 32)
        /// A character was replaced by U+FFFD.
        package static let replaced = Findings(rawValue: 64)
        /// A number is kept as a text.
        package static let number = Findings(rawValue: 128)

        /// Parts of the value are missing, so that it says nothing of what it does not name.
        package static let incomplete: Findings = [.cut, .lost, .many]
        /// The bytes are no JSON as RFC 8259 has it, or not all of it is in the value.
        package static let inexact: Findings = [.cut, .lost, .repaired, .trailing, .deep, .many]
    }

    package struct Limits: Sendable {
        /// Lists and objects inside each other.
        package var depth: Int
        /// Values of any kind; a bound on memory.
        package var values: Int

        package init(depth: Int = 100, values: Int = 1_000_000) {
            self.depth = depth
            self.values = values
        }

        /// For files of the program's own, which may hold another's JSON with its full depth.
        package static let ownFiles = Limits(depth: 500, values: 10_000_000)
    }

    package let value: JSONValue
    package let findings: Findings
    /// How many bytes were looked at, each time counted.
    package let work: Int

    /// - Throws: ``JSONReadingError`` for bytes of which no value can be had.
    package init(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONReadingError) {
        var reader = JSONReader(Self.utf8(bytes), limits: limits)
        value = try reader.document()
        findings = reader.findings
        work = reader.work
    }

    package init(_ data: Data, limits: Limits = Limits()) throws(JSONReadingError) { try self.init(Array(data), limits: limits) }

    /// The bytes in UTF-8 without a byte order mark.
    private static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        let encoding: String.Encoding? =
            if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
                .utf16
            } else if bytes.count >= 4, bytes[0] == 0, bytes[1] != 0 {
                .utf16BigEndian
            } else if bytes.count >= 4, bytes[1] == 0, bytes[0] != 0 {
                .utf16LittleEndian
            } else {
                nil
            }
        guard let encoding, let text = String(data: Data(bytes), encoding: encoding) else { return bytes }
        return Array(text.utf8)
    }
}

/// Bytes that are no JSON at all.
package struct JSONReadingError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// - Returns: `nil` for a text that is not one whole JSON value.
    package init?(text: String) {
        guard let reading = try? JSONReading(Array(text.utf8)), reading.findings.isDisjoint(with: [.cut, .lost, .trailing]) else {
            return nil
        }
        self = reading.value
    }
}
