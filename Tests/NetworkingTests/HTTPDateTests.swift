import Foundation
import Networking
import Testing

@Suite struct HTTPDateTests {
    /// 2026-11-22T12:00:00Z, by `date -u -d 2026-11-22T12:00:00 +%s`.
    private let now = Date(timeIntervalSince1970: 1_795_348_800)

    /// The standard's own example in its three forms (RFC 9110, section 5.6.7), and others by `date -u -d ... +%s`.
    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Friday, 20-Nov-76 12:00:00 GMT", 3_373_099_200), ("Sunday, 20-Nov-77 12:00:00 GMT", 248_875_200),
        ] as [(String, Int)])
    func allThreeDateFormatsAreRead(_ text: String, _ seconds: Int) {
        #expect(HTTPDate.parse(text, now: now) == Date(timeIntervalSince1970: TimeInterval(seconds)))
    }

    @Test(
        arguments: [
            "120", "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
            "sun, 06 nov 1994 08:49:37 gmt", "Sun, 6 Nov 1994 08:49:37 GMT", "Mon, 06 Nov 1994 08:49:37 GMT",
            "Wed, 30 Feb 2000 00:00:00 GMT", "Thu, 29 Feb 2001 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT, and more",
            "1994-11-06T08:49:37Z", "Sun, 06 Nov 0000 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
        ])
    func otherTextIsNotAnHTTPDate(_ text: String) { #expect(HTTPDate.parse(text, now: now) == nil) }

    @Test func retryAfterAcceptsOnlyDigitsAndHTTPDates() {
        for text in ["1e3", "0x10", "inf", "+5", "5 s", "Sun, 22 Nov 2026 12:00:30 +0000"] {
            #expect(RetryPolicy.retryAfter(text, now: now) == nil, "\(text)")
        }
        #expect(RetryPolicy.retryAfter("Sunday, 22-Nov-26 12:00:30 GMT", now: now) == now.addingTimeInterval(30))
        #expect(RetryPolicy.retryAfter("999999999999", now: now) == now.addingTimeInterval(1e7))
    }
}
