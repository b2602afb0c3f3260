import Foundation
import Testing

@testable import ContentCredentials

@Suite struct CivilTimeTests {
    /// Seconds as `date -u +%s` of GNU prints them.
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0.0), ("1969-12-31T23:59:59Z", -1), ("2000-02-29T12:00:00Z", 951_825_600),
        ("2000-03-01T00:00:00Z", 951_868_800), ("2026-11-26T00:00:00Z", 1_795_651_200), ("2100-02-28T23:59:59Z", 4_107_542_399),
        ("2100-03-01T00:00:00Z", 4_107_542_400), ("1900-01-01T00:00:00Z", -2_208_988_800),
        ("1600-02-29T00:00:00Z", -11_670_998_400), ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("0000-01-01T00:00:00Z", -62_167_219_200), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func datesAreThoseOfTheCalendar(text: String, seconds: Double) throws {
        let time = try #require(CivilTime(internetTime: text))
        #expect(time.date.timeIntervalSince1970 == seconds)
        #expect(time.text == text)
    }

    @Test(arguments: [
        "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-12-31T23:59:60Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00+", "202６-01-01T00:00Z", "", "-026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z",
    ])
    func otherTextsAreNoTime(text: String) {
        #expect(CivilTime(internetTime: text) == nil)
    }

    @Test func theTwoDigitYearsAreThoseOfRFC5280() {
        #expect(CivilTime(utcTime: Array("491231235959Z".utf8)[...])?.text == "2049-12-31T23:59:59Z")
        #expect(CivilTime(utcTime: Array("500101000000Z".utf8)[...])?.text == "1950-01-01T00:00:00Z")
        for text in ["4912312359Z", "491231235959", "491231235959+0000", "49123123595aZ", "Z", ""] {
            #expect(CivilTime(utcTime: Array(text.utf8)[...]) == nil)
        }
    }

    @Test func fractionsAreKeptAsWritten() throws {
        let time = try #require(
            CivilTime(generalizedTime: Array("20260506100243.408688Z".utf8)[...], allowsFraction: true))
        #expect(time.text == "2026-05-06T10:02:43.408688Z")
        #expect(abs(time.date.timeIntervalSince1970 - 1_778_061_763.408688) < 0.000_001)
        // DER wants no trailing zeros, and certificates no fraction (X.690, 11.7; RFC 5280, 4.1.2.5.2).
        for text in ["20260506100243.50Z", "20260506100243.Z", "20260506100243,5Z", "20260506100243.5aZ", "20260506100243"] {
            #expect(CivilTime(generalizedTime: Array(text.utf8)[...], allowsFraction: true) == nil)
        }
        #expect(CivilTime(generalizedTime: Array("20260506100243.4Z".utf8)[...], allowsFraction: false) == nil)
    }
}
