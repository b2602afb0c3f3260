import ArchiveModel
import Audit
import Foundation
import SizeContract
import Testing

/// The example by hand of docs/audit.md, as a claim.
@Suite struct ClaimTests {
    private func scope(account: Int64? = nil) throws -> ClaimScope {
        ClaimScope(
            archive: "archive", since: try #require(Date(iso8601: "2026-10-01T00:00:00Z")),
            until: try #require(Date(iso8601: "2026-11-01T00:00:00Z")), calendar: .utc, account: account)
    }

    /// Task, requested resolution, charge, delivered sides: the rows A to H.
    private static let example: [(task: String, resolution: String?, credits: String, delivered: (Int, Int)?)] = [
        ("a", "1K", "4", (1254, 1254)), ("b", "4K", "10.4", (1254, 1254)), ("c", "1K", "10.4", (1254, 1254)),
        ("d", "2K", "10.4", (1254, 1254)), ("e", "4K", "4", (1254, 1254)), ("f", "2K", "4", (2048, 2048)),
        ("g", nil, "10.4", (1254, 1254)), ("h", "1K", "5", nil),
    ]

    private func claim(
        _ pricing: Pricing, account: Int64? = nil, claimed: [ClaimSubject: ClaimID] = [:], reversed: Bool = false
    ) throws -> Claim {
        var pricing = pricing
        var collector = ClaimCollector(
            try scope(account: account), empty: AuditReport.Summary(money: Money(pricing)), claimed: claimed)
        for row in reversed ? Self.example.reversed() : Self.example {
            var entry = try output(
                row.task, size: row.resolution.map { _ in "1:1" }, resolution: row.resolution, delivered: row.delivered,
                credits: row.credits)
            entry.account = row.task == "b" ? 7 : 0
            entry.createdAt = Date(iso8601: "2026-10-05T10:00:00Z")
            collector.add(entry, pricing.charge(of: entry))
        }
        return collector.claim
    }

    private var credits: Pricing { get throws { try pricing("4", "credits") } }

    @Test func theExampleByHandIsClaimed() throws {
        let claim = try claim(try credits)
        #expect(claim.lines.map(\.subject.task.text) == ["b", "c", "d", "g", "h"])
        let sums = try #require(claim.sums.first)
        #expect(claim.sums.count == 1 && claim.calls == 8)
        #expect(try sums.chargedInPeriod == decimal("58.6") && sums.owed == decimal("30.6"))
        // 10.4 + 10.4 + 10.4 + 10.4 + 5
        #expect(try sums.charged == decimal("46.6"))
        #expect(sums.reasons.map(\.reason) == [.overcharged, .undelivered, .noPicture])
        #expect(sums.reasons.map(\.lines) == [2, 3, 1])
        #expect(sums.reasons.map(\.owed) == [try decimal("10"), try decimal("15.6"), try decimal("5")])
    }

    /// 30.6 credits at 0.0147 are 0.44982 USD: 0.45. The parts are 0.147, 0.22932 and 0.0735: 0.15, 0.23 and 0.07 add up.
    @Test func linesAndReasonsAddUpToTheCent() throws {
        let price = Price(try decimal("0.0147"), "USD")
        let claim = try claim(Pricing(PriceList(base: Price(4, "credits"), credit: price)))
        let letter = ClaimLetter(claim).markdown
        #expect(letter.contains("| Charged above the requested class | 2 | 0.15 USD |"))
        #expect(letter.contains("| Smaller picture than charged | 3 | 0.23 USD |"))
        #expect(letter.contains("| No picture in the delivered bytes | 1 | 0.07 USD |"))
        #expect(letter.contains("| Owed |  | 0.45 USD |"))
        let cells = ClaimSheet(claim).text.split(separator: "\r\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        // Each of b, c, d and g is 6.4 x 0.0147 = 0.09408, and h is 0.0735; two of the first four are rounded up.
        #expect(cells.map { $0[11] }.sorted() == ["0.07", "0.09", "0.09", "0.10", "0.10"])
    }

    @Test func theIDDependsOnWhatIsClaimedAlone() throws {
        let (one, other) = (try claim(try credits), try claim(try credits, reversed: true))
        #expect(one.id == other.id && ClaimSheet(one).text == ClaimSheet(other).text)
        #expect(try claim(try pricing("5", "credits")).id != one.id)
        #expect(ClaimID(one.id.text) == one.id)
    }

    @Test func claimedOutputsAndOtherAccountsAreLeftOut() throws {
        let before = ClaimID(over: "before")
        let task = try #require(TaskID("c"))
        let claim = try claim(try credits, account: 0, claimed: [ClaimSubject(task: task, index: 0): before])
        #expect(claim.lines.map(\.subject.task.text) == ["d", "g", "h"])
        #expect(try claim.earlier == [before: 1] && claim.sums.first?.earlier == decimal("6.4"))
        // 58.6 without the 10.4 of account 7.
        #expect(try claim.sums.first?.chargedInPeriod == decimal("48.2"))
        let letter = ClaimLetter(claim).markdown
        #expect(letter.contains("| Claimed before | 1 output of this period, 6.40 credits: \(before)."))
    }

    @Test func onlyWhatTheVendorCausedIsClaimed() throws {
        var pricing = try credits
        var collector = ClaimCollector(try scope(), empty: AuditReport.Summary(money: Money(pricing)), claimed: [:])
        for (name, cause) in [("v", FailureCause.vendor), ("o", .ours), ("p", .person), ("u", .unknown)] {
            var entry = try output(name, size: "1:1", delivered: nil, credits: "4", state: .unavailable)
            entry.cause = cause
            collector.add(entry, pricing.charge(of: entry))
        }
        let waiting = try output("w", size: "1:1", delivered: nil, credits: "4", state: .waiting)
        collector.add(waiting, pricing.charge(of: waiting))
        let claim = collector.claim
        #expect(claim.lines.map(\.subject.task.text) == ["v"])
        #expect(claim.open.map(\.subject.task.text) == ["w"])
        #expect(ClaimSheet(claim).openText.contains("w,0,,,0,,1:1 1K,4.00,credits,"))
        #expect(ClaimLetter(claim).markdown.contains("We still try to fetch 1 output of this period."))
    }

    @Test func foreignTextIsEscaped() throws {
        var pricing = try credits
        var collector = ClaimCollector(try scope(), empty: AuditReport.Summary(money: Money(pricing)), claimed: [:])
        var entry = try output("x", size: "1:1", resolution: "4K", delivered: (1024, 1024), credits: "10.4")
        entry.model = "<script>|*a*"
        entry.request?.prompt = "=1+1"
        collector.add(entry, pricing.charge(of: entry))
        let claim = collector.claim
        let letter = ClaimLetter(claim)
        #expect(letter.markdown.contains(#"\<script\>\|\*a\*"#))
        let html = String(decoding: try letter.html(), as: UTF8.self)
        #expect(!html.contains("<script>") && html.contains("&lt;script&gt;|*a*"))
        #expect(ClaimSheet(claim).text.contains(",'=1+1,"))
    }

    @Test func aRecordIsReadBackAndDamageIsFound() throws {
        let claim = try claim(try credits)
        let record = claim.record(markedAt: Date(milliseconds: 1_795_348_800_000))
        let bytes = try record.bytes()
        #expect(try ClaimRecord(file: bytes, id: claim.id) == record)
        #expect(record.sums == [.init(unit: "credits", charged: "46.6", owed: "30.6")])
        #expect(throws: RecordFileError.self) { try ClaimRecord(file: bytes, id: ClaimID(over: "")) }
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[index] ^= 1
            #expect(throws: RecordFileError.self) { try ClaimRecord(file: changed, id: claim.id) }
        }
        #expect(throws: RecordFileError.self) { try ClaimRecord(file: Array(bytes.prefix(40)), id: claim.id) }
    }
}
