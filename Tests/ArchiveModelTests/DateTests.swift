import ArchiveModel
import Foundation
import Testing

@Suite struct DateTests {
    /// Milliseconds by `date -u -d TEXT +%s.%N`.
    @Test(arguments: [
        ("2026-11-22T12:51:00.250Z", Int64(1_795_351_860_250)), ("2026-11-22T12:51:00Z", 1_795_351_860_000),
        ("2026-11-22T12:51:00.2Z", 1_795_351_860_200), ("2026-11-22T12:51:00.008Z", 1_795_351_860_008),
        ("2026-11-22T12:51:00.250123Z", 1_795_351_860_250),
        ("2026-11-22T13:51:00+01:00", 1_795_351_860_000), ("2026-11-22T13:51:00.250+01:00", 1_795_351_860_250),
        ("2026-11-22T23:59:59.999Z", 1_795_391_999_999), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("1970-01-01T00:00:00.001Z", 1),
    ])
    func iso8601IsReadWithAndWithoutFractions(text: String, milliseconds: Int64) throws {
        #expect(try #require(Date(iso8601: text)).milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "now", "2026-11-22", "12:51:00Z", "2026-13-45T12:51:00Z", "1795351860", "2026-11-22T12:51:00",
        "10000-01-01T00:00:00Z", "999999999-01-01T00:00:00Z", "99999999999999999999-01-01T00:00:00Z",
    ])
    func otherTextIsNotADate(text: String) { #expect(Date(iso8601: text) == nil) }

    @Test(arguments: [
        (Int64(1_795_351_860_250), "2026-11-22T12:51:00.250Z"), (1_795_351_860_000, "2026-11-22T12:51:00.000Z"),
        (1_795_438_260_008, "2026-11-23T12:51:00.008Z"), (1_795_611_060_024, "2026-11-25T12:51:00.024Z"),
        (1_709_164_800_001, "2024-02-29T00:00:00.001Z"), (1_795_391_999_999, "2026-11-22T23:59:59.999Z"),
        (0, "1970-01-01T00:00:00.000Z"),
    ])
    func aDateIsWrittenInUTCWithItsMilliseconds(milliseconds: Int64, text: String) {
        #expect(Date(milliseconds: milliseconds).iso8601 == text)
    }

    @Test func everyMillisecondSurvivesTextAndNumber() throws {
        for step in 0..<10_000 {
            let milliseconds = 1_795_351_860_000 + Int64(step) * 86_400_007
            let date = Date(milliseconds: milliseconds)
            try #require(date.milliseconds == milliseconds)
            try #require(date.wholeMilliseconds == date)
            try #require(Date(iso8601: date.iso8601) == date)
        }
    }

    @Test func theSystemClockCountsInWholeMilliseconds() {
        let now = SystemClock().now
        #expect(now == Date(milliseconds: now.milliseconds))
        #expect(abs(now.timeIntervalSinceNow) < 60)
    }

    @Test(arguments: [
        (Duration.seconds(1), 1.0), (.milliseconds(250), 0.25), (.zero, 0), (.seconds(-2), -2), (.microseconds(1), 1e-6),
    ])
    func aDurationConvertsToSeconds(duration: Duration, seconds: Double) {
        #expect(abs(TimeInterval(duration) - seconds) < 1e-15)
    }

    @Test(.timeLimit(.minutes(1))) func waitingForThePastReturnsAtOnce() async throws {
        try await SystemClock().sleep(until: .distantPast)
        try await SystemClock().sleep(for: .seconds(-1))
    }
}
