import Audit
import Foundation
import Testing

@Suite struct CentTests {
    @Test(
        arguments: [
            ("0", "0.00"), ("3.961666", "3.96"), ("1234.5", "1,234.50"), ("999.995", "1,000.00"), ("0.005", "0.00"),
            ("0.015", "0.02"), ("1234567.891", "1,234,567.89"), ("-0.5", "-0.50"), ("100", "100.00"),
        ])
    func peopleReadTwoPlaces(_ exact: String, _ text: String) throws {
        #expect(Cents.text(try decimal(exact)) == text)
    }

    @Test(
        arguments: [
            // 0.333… three times is 1.00: the first line gets the missing hundredth.
            (["0.333334", "0.333333", "0.333333"], ["0.34", "0.33", "0.33"], "1.00"),
            // The largest remainders get them: 0.007 and 0.006 of 0.007, 0.002, 0.006.
            (["1.007", "1.002", "1.006"], ["1.01", "1.00", "1.01"], "3.02"),
            // Whole hundredths stay.
            (["2.46", "0.004", "0.004", "0.004"], ["2.46", "0.01", "0.00", "0.00"], "2.47"), ([], [], "0.00"),
        ] as [([String], [String], String)])
    func theLinesAddUpToTheTotal(_ exact: [String], _ texts: [String], _ total: String) throws {
        var rounding = CentRounding()
        for amount in exact { rounding.add(try decimal(amount)) }
        var lines = rounding.lines
        #expect(try exact.map { lines.text(try decimal($0)) } == texts)
        #expect(Cents.text(count: rounding.roundedTotal) == total)
    }

    @Test func noLineIsOffByAHundredth() throws {
        var generator = SystemRandomNumberGenerator()
        let amounts = (0..<500).map { _ in Decimal(Int.random(in: 0...99_999_999, using: &generator)) / 1_000_000 }
        var rounding = CentRounding()
        for amount in amounts { rounding.add(amount) }
        var lines = rounding.lines
        var sum = 0
        for amount in amounts {
            let cents = lines.cents(amount)
            sum += cents
            #expect(abs(Decimal(cents) / 100 - amount) < Decimal(1) / 100)
        }
        #expect(sum == rounding.roundedTotal)
    }
}

/// Offsets and weeks from `TZ=Europe/Berlin date -d … +%G-W%V`.
@Suite struct AuditCalendarTests {
    @Test(
        arguments: [
            ("UTC", "2026-10-31T23:30:00Z", "2026-10-31", "2026-W44", "2026-10", "2026-10-31T23:30:00Z"),
            ("Europe/Berlin", "2026-10-31T23:30:00Z", "2026-11-01", "2026-W44", "2026-11", "2026-11-01T00:30:00+01:00"),
            ("Europe/Berlin", "2026-07-01T22:30:00Z", "2026-07-02", "2026-W27", "2026-07", "2026-07-02T00:30:00+02:00"),
            ("America/New_York", "2027-01-01T03:00:00Z", "2026-12-31", "2026-W53", "2026-12", "2026-12-31T22:00:00-05:00"),
            ("UTC", "2027-01-03T12:00:00Z", "2027-01-03", "2026-W53", "2027-01", "2027-01-03T12:00:00Z"),
        ])
    func daysWeeksAndMonthsAreInTheZone(
        zone: String, date: String, day: String, week: String, month: String, time: String
    ) throws {
        let calendar = try #require(AuditCalendar(zone))
        let date = try #require(ISO8601DateFormatter().date(from: date))
        #expect([calendar.day(date), calendar.week(date), calendar.month(date)] == [day, week, month])
        #expect(calendar.time(date).replacing(".000", with: "") == time)
    }

    @Test func aDayBeginsAtMidnightOfTheZone() throws {
        let berlin = try #require(AuditCalendar("Europe/Berlin"))
        #expect(berlin.start(of: "2026-11-01") == ISO8601DateFormatter().date(from: "2026-10-31T23:00:00Z"))
        #expect(berlin.start(of: "2026-07-01") == ISO8601DateFormatter().date(from: "2026-06-30T22:00:00Z"))
        #expect(AuditCalendar("Nowhere/City") == nil)
    }
}
