import Foundation
import Testing

@testable import Gallery

struct NumberFormatTests {
    @Test(arguments: [
        (0, "1 Jan 1970, 00:00 UTC"), (951_782_400, "29 Feb 2000, 00:00 UTC"), (1_795_351_860, "22 Nov 2026, 12:51 UTC"),
        (-1, "31 Dec 1969, 23:59 UTC"), (4_102_444_799, "31 Dec 2099, 23:59 UTC"),
    ])
    func timesAreInUTC(seconds: Int, text: String) {
        #expect(CivilTime(Date(timeIntervalSince1970: Double(seconds))).text == text)
    }

    @Test func everyDayOfACenturyAgreesWithTheCalendar() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: 0, to: 36_525, by: 17) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let time = CivilTime(date)
            #expect([time.year, time.month, time.day] == [parts.year, parts.month, parts.day])
        }
    }

    @Test(arguments: [
        (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (41_300, "41 kB"), (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_449_999, "2.4 MB"), (1_234_567_890, "1,234.6 MB"),
    ])
    func byteCountsAreReadable(count: Int, text: String) { #expect(NumberFormat.bytes(count) == text) }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
    func numbersAreGrouped(number: Int, text: String) { #expect(NumberFormat.grouped(number) == text) }

    /// The hash that ThumbHash's own documentation shows.
    @Test func aThumbHashBecomesASmallPNG() throws {
        let address = try #require(TinyPlaceholder.dataURL(thumbHash: "1QcSHQRnh493V4dIh4eXh1h4kJUI"))
        let prefix = "data:image/png;base64,"
        #expect(address.hasPrefix(prefix))
        let png = try #require(Data(base64Encoded: String(address.dropFirst(prefix.count))))
        #expect(png.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        // Signature, header, one stored block of 4 rows of 13 bytes, end.
        #expect(png.count == 8 + 25 + 12 + 2 + 5 + 52 + 4 + 12)
    }

    @Test(arguments: ["", "AAAA", "not base64!", "1QcSHQ=="]) func anInvalidThumbHashGivesNoPlaceholder(text: String) {
        #expect(TinyPlaceholder.dataURL(thumbHash: text) == nil)
    }
}
