package import Foundation

/// A JSON value parsed from bytes of an external source, with a report of how the bytes deviate from RFC 8259.
///
/// The parser reads the bytes once, with bounded depth and memory. Invalid JSON in a field loses only that field, and a broken
/// row of a list loses only that row:
/// - A lone surrogate and bytes that are not valid UTF-8 become U+FFFD. Control characters in strings are kept.
/// - A number that no `Int64`, `UInt64` or `Double` represents exactly enough becomes a string, and so do `NaN` and `Infinity`.
/// - A value that is nested too deeply becomes a string that says so. If a name is repeated, the last member counts.
/// - If the input is truncated, the open objects are kept, and an incomplete item of a list is omitted.
package struct JSONReading: Sendable {
    /// How the bytes deviate from JSON that this program can represent.
    package struct Findings: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// The input ends inside the value.
        package static let cut = Findings(rawValue: 1)
        /// Rows of the outermost list could not be read and are missing.
        package static let lost = Findings(rawValue: 2)
        /// Something invalid was accepted, such as `None` or a superfluous comma.
        package static let repaired = Findings(rawValue: 4)
        /// There are more bytes after the value.
        package static let trailing = Findings(rawValue: 8)
        /// A value was nested too deeply.
        package static let deep = Findings(rawValue: 16)
        /// There are more values than the limit; the later ones are missing.
        package static let many = Findings(rawValue: 32)
        /// A character was replaced by U+FFFD.
        package static let replaced = Findings(rawValue: 64)
        /// A number was kept as a string.
        package static let number = Findings(rawValue: 128)

        /// Parts of the value are missing, so a missing member or row proves nothing.
        package static let incomplete: Findings = [.cut, .lost, .many]
        /// The bytes are not valid JSON by RFC 8259, or the value does not contain all of them.
        package static let inexact: Findings = [.cut, .lost, .repaired, .trailing, .deep, .many]
    }

    package struct Limits: Sendable {
        /// The maximum nesting depth of lists and objects.
        package var depth: Int
        /// The maximum number of values of any kind; it limits the memory used.
        package var values: Int

        package init(depth: Int = 100, values: Int = 1_000_000) {
            self.depth = depth
            self.values = values
        }

        /// For this program's own files, which may embed external JSON of full depth.
        package static let ownFiles = Limits(depth: 500, values: 10_000_000)
    }

    package let value: JSONValue
    package let findings: Findings
    /// The total number of bytes read, including repeated reads.
    package let work: Int

    /// - Throws: ``JSONReadingError`` if no value can be parsed from the bytes.
    package init(_ bytes: [UInt8], limits: Limits = Limits()) throws(JSONReadingError) {
        var reader = JSONReader(Self.utf8(bytes), limits: limits)
        value = try reader.document()
        findings = reader.findings
        work = reader.work
    }

    package init(_ data: Data, limits: Limits = Limits()) throws(JSONReadingError) { try self.init(Array(data), limits: limits) }

    /// Converts the bytes to UTF-8 and removes a byte order mark.
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

/// The bytes contain no JSON value.
package struct JSONReadingError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// - Returns: `nil` if the text is not exactly one complete JSON value.
    package init?(text: String) {
        guard let reading = try? JSONReading(Array(text.utf8)), reading.findings.isDisjoint(with: [.cut, .lost, .trailing]) else {
            return nil
        }
        self = reading.value
    }
}
