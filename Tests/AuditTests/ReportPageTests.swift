import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

@Suite struct ReportPageTests {
    private static let hostile = "<script>alert(1)</script>\" onerror='x' {{figure}} </style> \u{202E}desrever \u{1F98A}"

    private func page(_ count: Int, prompt: String = "a fox") async throws -> String {
        var prices = try pricing("0.05")
        var page = ReportPage(empty: AuditReport.Summary(money: Money(prices)))
        for number in 0..<count {
            var entry = AuditEntry(id: OutputID(task: try #require(TaskID("task-\(number)")), index: 0), state: .archived)
            entry.request = RecordedRequest(prompt: prompt, size: number % 2 == 0 ? "1:1" : "auto", resolution: "4K")
            entry.judgement = SizeContract.gptImage2.judge(
                delivered: PixelSize(width: 1254, height: 1254),
                request: try SizeContract.gptImage2.request(size: number % 2 == 0 ? "1:1" : "auto", resolution: "4K"))
            page.add(entry, prices.charge(of: entry))
        }
        let bytes = try await page.html(title: "T & T", scope: "All.", now: Date(timeIntervalSince1970: 0)) { row in
            ReportPage.Attachment(
                thumbnail: ([1, 2, 3], "image/webp", 4, 3), link: "blobs/\(row.entry.id.task.fileStem)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func thePageShowsItsFiguresAndLoadsNothing() async throws {
        let html = try await page(4)
        for text in [
            "T &amp; T", "0.36 <em>USD</em>", "0.16 <em>USD</em>", "2 of 4", "data:image/webp;base64,AQID",
            "href=\"blobs/task-0\"", "<svg ",
        ] {
            #expect(html.contains(text), "\(text)")
        }
        for text in ["http:", "https:", "@import", "url(", "<link", "src=\"/"] { #expect(!html.contains(text), "\(text)") }
        #expect(html.contains("default-src 'none'"))
    }

    @Test func promptsAreEscaped() async throws {
        let html = try await page(1, prompt: Self.hostile)
        #expect(!html.contains("<script>alert"))
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onerror=&#39;x&#39; {{figure}} &lt;/style&gt;"))
    }

    @Test func anEmptyReportSaysThatNothingWasJudged() async throws {
        let html = try await page(0)
        #expect(html.contains("No picture was judged"))
        #expect(!html.contains("<table"))
    }

    @Test func aLongTableIsShortenedWithANote() async throws {
        let html = try await page(2600)
        #expect(html.split(separator: "<tr data-verdict").count - 1 == ReportPage.mostRows)
        #expect(html.contains("1,000 of 2,600: mismatches first"))
        #expect(!html.contains("data-verdict=\"accepted\""), "the 1,300 mismatches come first")
    }
}
