package import Foundation

/// A day in UTC, such as `2026-11-26`.
package struct SealDay: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01.
    private let number: Int64

    private static let length: Int64 = 86_400_000

    /// The day of a moment.
    package init(of date: Date) {
        let time = date.milliseconds
        number = (time - (time % Self.length + Self.length) % Self.length) / Self.length
    }

    /// Parses `2026-11-26`; `nil` for another text.
    package init?(_ text: String) {
        guard text.utf8.count == 10, let date = Date(iso8601: text + "T00:00:00Z") else { return nil }
        self.init(of: date)
        guard self.text == text else { return nil }
    }

    /// The first moment of the day.
    package var start: Date { Date(milliseconds: number * Self.length) }
    /// The first moment after the day.
    package var end: Date { Date(milliseconds: (number + 1) * Self.length) }

    package func contains(_ date: Date) -> Bool { start <= date && date < end }

    package var text: String { start.formatted(Date.ISO8601FormatStyle().year().month().day()) }

    package static func < (one: SealDay, other: SealDay) -> Bool { one.number < other.number }
}

extension SealDay: CustomStringConvertible {
    package var description: String { text }
}

extension SealDay: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let day = SealDay(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text.prefix(20))' is not a day"))
        }
        self = day
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
