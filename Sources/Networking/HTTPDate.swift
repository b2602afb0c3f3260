package import Foundation

/// Strict parser and formatter for HTTP dates (RFC 9110, section 5.6.7).
package enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Parses the three formats: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37
    /// 1994`.
    ///
    /// - Parameter now: Determines the century of a two-digit year, which is at most 50 years in the future.
    /// - Returns: `nil` for any other text, for a date that does not exist, and for a wrong weekday.
    package static func parse(_ text: String, now: Date) -> Date? {
        guard text.utf8.count <= 40, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        if let match = text.wholeMatch(of: /([A-Z][a-z]{2}), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9:]{8}) GMT/) {
            return date(year: Int(match.4), match.3, Int(match.2), match.5, weekday: days.firstIndex(of: String(match.1)))
        }
        if let match = text.wholeMatch(of: /([A-Z][a-z]{5,8}), ([0-9]{2})-([A-Z][a-z]{2})-([0-9]{2}) ([0-9:]{8}) GMT/) {
            guard let short = Int(match.4) else { return nil }
            let (thisYear, _, _) = civil(Int((now.timeIntervalSince1970 / 86_400).rounded(.down)))
            let near = thisYear / 100 * 100 + short
            let year = near > thisYear + 50 ? near - 100 : near
            return date(year: year, match.3, Int(match.2), match.5, weekday: longDays.firstIndex(of: String(match.1)))
        }
        if let match = text.wholeMatch(of: /([A-Z][a-z]{2}) ([A-Z][a-z]{2}) ([ 0-9][0-9]) ([0-9:]{8}) ([0-9]{4})/) {
            let day = Int(match.3.drop { $0 == " " })
            return date(year: Int(match.5), match.2, day, match.4, weekday: days.firstIndex(of: String(match.1)))
        }
        return nil
    }

    /// Formats a date: `Sun, 22 Nov 2026 13:08:52 GMT`.
    package static func text(_ date: Date) -> String {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let number = floored(seconds, 86_400)
        let (year, month, day) = civil(number)
        let time = seconds - number * 86_400
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let clock = "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))"
        // 1 January 1970 was a Thursday.
        return "\(days[((number + 4) % 7 + 7) % 7]), \(two(day)) \(months[month - 1]) \(year) \(clock) GMT"
    }

    private static func date(year: Int?, _ month: Substring, _ day: Int?, _ time: Substring, weekday: Int?) -> Date? {
        guard let year, let day, let weekday, let month = months.firstIndex(of: String(month)),
            let clock = time.wholeMatch(of: /([0-9]{2}):([0-9]{2}):([0-9]{2})/),
            let hour = Int(clock.1), let minute = Int(clock.2), let second = Int(clock.3)
        else { return nil }
        // Second 60 is a leap second.
        guard year > 0, (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        let number = days(year: year, month: month + 1, day: day)
        // 1 January 1970 was a Thursday.
        guard civil(number) == (year, month + 1, day), ((number + 4) % 7 + 7) % 7 == weekday else { return nil }
        return Date(timeIntervalSince1970: TimeInterval(number * 86_400 + hour * 3600 + minute * 60 + second))
    }

    /// Days from 1970-01-01 to a Gregorian date. Years begin in March, so that the leap day is the last day of the year.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + floored(shifted, 4) - floored(shifted, 100) + floored(shifted, 400) + dayOfYear - 719_468
    }

    /// The date that is the given number of days after 1970-01-01.
    private static func civil(_ number: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = floored(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }

    private static func floored(_ number: Int, _ divisor: Int) -> Int {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}
