internal import Foundation

/// A point in time in UTC, split into parts. Independent of locale and time zone, so that galleries are identical on every
/// machine.
struct CivilTime: Sendable {
    let year: Int
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]

    /// Howard Hinnant's days-to-civil algorithm: exact, and a hundred times faster than a calendar.
    init(_ date: Date) {
        let minutes = Int((date.timeIntervalSince1970 / 60).rounded(.down))
        let (days, minuteOfDay) = (Self.floor(minutes, 1440), minutes - Self.floor(minutes, 1440) * 1440)
        let shifted = days + 719_468
        let era = Self.floor(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = minuteOfDay / 60
        minute = minuteOfDay % 60
    }

    private static func floor(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    /// `2026-11`; sortable, and used as an anchor.
    var monthKey: String { "\(year)-\(Self.padded(month))" }
    /// `November 2026`.
    var monthName: String { "\(Self.months[month - 1]) \(year)" }
    /// `22 November 2026`.
    var dayName: String { "\(day) \(monthName)" }
    /// `22 Nov 2026, 12:51 UTC`.
    var text: String { "\(day) \(Self.months[month - 1].prefix(3)) \(year), \(Self.padded(hour)):\(Self.padded(minute)) UTC" }

    /// `22 Nov, 12:51 UTC`.
    var textOfYear: String { "\(day) \(Self.months[month - 1].prefix(3)), \(Self.padded(hour)):\(Self.padded(minute)) UTC" }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Formats counts and amounts for display.
enum NumberFormat {
    /// `1,572`.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + text
    }

    /// `812 bytes`, `41 kB`, `2.4 MB`, in powers of 1000.
    static func bytes(_ count: Int) -> String {
        if count < 1000 { return count == 1 ? "1 byte" : "\(count) bytes" }
        if count < 999_500 { return "\((count + 500) / 1000) kB" }
        let tenths = (count + 50_000) / 100_000
        return "\(grouped(tenths / 10)).\(tenths % 10) MB"
    }

    static func counted(_ number: Int, _ one: String, _ many: String) -> String {
        "\(grouped(number)) \(number == 1 ? one : many)"
    }
}
