import Foundation
import TestSupport
import Testing

/// The audit of an account that charges wrongly, as a finance person uses it.
@Suite(.serialized) struct AuditMoneyCommandTests {
    /// The folder of a demo's archive, made once; it stays until the process ends.
    private static let demo = Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "fixative-billing-\(UUID().uuidString)").path
        let made = try Program.run(
            "demo", "--tasks", "40", "--seed", "5", "--faults", "real", "--billing", "wrong", "--storage", path + "/s",
            "--format",
            "json")
        try #require(made.status == 0, "\(made.errors)")
        return path
    }

    private func run(_ arguments: String...) throws -> Program.Outcome {
        try Program.start(["audit"] + arguments + ["--storage", try Self.demo.get() + "/s"]).finish()
    }

    private func json(_ outcome: Program.Outcome) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    private func money(_ arguments: String...) throws -> [String: Any] {
        let outcome = try Program.start(
            ["audit", "--format", "json"] + arguments + ["--storage", try Self.demo.get() + "/s"]
        ).finish()
        return try #require((try json(outcome)["summary"] as? [String: Any])?["money"] as? [String: Any])
    }

    private func decimal(_ value: Any?) throws -> Decimal {
        try #require(Decimal(string: value as? String ?? "", locale: Locale(identifier: "en_US_POSIX")))
    }

    /// Python reads the records alone: see `Tests/Interop/billing.py`.
    @Test(
        arguments: [
            [], ["--base-price", "4"], ["--base-price", "4", "--net"], ["--credit-price", "0.0147"],
            ["--base-price", "5", "--credit-price", "0.013", "--currency", "EUR"],
        ])
    func anotherProgramAgreesWithEveryFigure(_ prices: [String]) throws {
        let storage = try Self.demo.get() + "/s"
        let audit = try Program.start(["audit", "--format", "json"] + prices + ["--storage", storage]).finish()
        let file = try Self.demo.get() + "/audit-\(prices.count).json"
        try audit.output.write(toFile: file, atomically: true, encoding: .utf8)
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Interop/billing.py").path
        let options = prices.joined(separator: " ")
        #expect(try shell("python3 '\(script)' '\(storage)' '\(file)' \(options)").contains("differ 0 "))
    }

    @Test func recordedCreditsStayWhenAPriceIsGiven() throws {
        let (plain, priced) = (try money(), try money("--credit-price", "0.0147", "--currency", "eur"))
        #expect(plain["unit"] as? String == "credits" && priced["unit"] as? String == "EUR")
        let recorded = try decimal((plain["paidByOrigin"] as? [String: Any])?["recorded"])
        #expect(recorded > 0)
        #expect(
            try decimal((priced["paidByOrigin"] as? [String: Any])?["recorded"]) == recorded * (try decimal("0.0147")))
        #expect(try decimal(try money("--base-price", "4")["paid"]) == decimal(plain["paid"]))
    }

    @Test func aPriceInAnotherUnitIsNoticed() throws {
        #expect(try run("--base-price", "0.05", "--summary").errors.contains("If the price is in money, add --currency"))
        #expect(try !run("--base-price", "4", "--summary").errors.contains("WARNING"))
    }

    @Test func netDeductsWhatWasChargedTooLow() throws {
        let money = try money("--net")
        let (refund, under) = (try decimal(money["refund"]), try decimal(money["undercharged"]))
        #expect(under > 0)
        #expect(try decimal(money["net"]) == max(0, refund - under))
        #expect(try self.money()["net"] == nil)
    }

    /// Excel of a European finance department.
    @Test func aSheetHasTheChosenFormAndColumns() throws {
        let folder = try Self.demo.get()
        let names = "created,task,model,requested_tier,billed,got,charged,refund,finding,reason,time_zone"
        let options = ["--format", "csv", "--columns", names, "--delimiter", ";", "--decimal", ",", "--time-zone", "Asia/Tokyo"]
        let sheet = try Program.start(["audit"] + options + ["--storage", folder + "/s"]).finish()
        try sheet.output.write(toFile: folder + "/sheet.csv", atomically: true, encoding: .utf8)
        let sum = try shell(
            """
            python3 - <<'END'
            import csv
            from decimal import Decimal as D
            rows = list(csv.DictReader(open('\(folder)/sheet.csv', newline=''), delimiter=';'))
            assert list(rows[0]) == '\(names)'.split(','), rows[0]
            assert all('.' not in row['charged'] and row['time_zone'] == 'Asia/Tokyo' for row in rows)
            assert all(row['created'].endswith('+09:00') for row in rows)
            print(sum(D(row['charged'].replace(',', '.')) for row in rows if row['charged']))
            END
            """)
        // What is only known in dollars is not in the sum of credits.
        let money = try money()
        let others = (money["otherUnits"] as? [[String: Any]] ?? []).map { $0["paid"] as? String ?? "0" }
        let paid = try others.reduce(try decimal(money["paid"])) { $0 + (try decimal($1)) }
        #expect(Decimal(string: sum.trimmingCharacters(in: .whitespacesAndNewlines)) == paid)
    }

    @Test func linesOfATableAddUpToItsTotal() throws {
        for grouping in ["size", "month,finding", "week", "account", "model,verdict"] {
            let table = try run("--group-by", grouping, "--credit-price", "0.0147").output
            let lines = table.split(separator: "\n\n").first?.split(separator: "\n").map(String.init) ?? []
            let cells = lines.map { $0.split(separator: " ").map(String.init) }
            // From the right, since a group's name may have spaces.
            let headings = try #require(cells.first)
            let fromRight = headings.count - 1 - (try #require(headings.firstIndex(of: "REFUND")))
            let amounts = try cells.dropFirst().map { row in
                let text = row[row.count - 1 - fromRight].replacing(",", with: "")
                return try decimal(text == "-" ? "0" : text)
            }
            #expect(amounts.count == lines.count - 1 && amounts.count > 1)
            #expect(amounts.dropLast().reduce(0, +) == amounts.last, "\(grouping)\n\(table)")
        }
    }

    @Test func peopleReadTwoPlaces() throws {
        let table = try run("--credit-price", "0.0147").output
        #expect(table.firstMatch(of: /\d\.\d{3,} USD/) == nil)
        #expect(table.contains(/paid: \d+\.\d\d USD \(.*recorded/))
        #expect(table.contains("times are in UTC\n"))
        let page = try Self.demo.get() + "/page.html"
        _ = try run("--credit-price", "0.0147", "--format", "html", "-o", page)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.contains(/<strong>\d+\.\d\d <em>USD<\/em><\/strong><span>paid/))
    }

    @Test func anOverchargeFailsTheAuditOnRequest() throws {
        #expect(try run("--fail-on", "overcharged", "--summary").status == 1)
        #expect(try run("--fail-on", "overcharged", "--model", "none", "--summary").status == 0)
    }

    @Test func pricesComeFromTheArchivesFile() throws {
        let folder = try Folder()
        _ = try shell("cp -a '\(try Self.demo.get())/s' '\(folder.path)/s'")
        let storage = folder.path + "/s"
        try #"{"prices":["gpt-image-2-beta=8 credits"]}"#.write(
            toFile: storage + "/fixative.json", atomically: true, encoding: .utf8)
        let report = try json(try Program.run("audit", "--format", "json", "--storage", storage))
        let money = try #require((report["summary"] as? [String: Any])?["money"] as? [String: Any])
        let prices = try #require(money["basePrices"] as? [[String: Any]])
        #expect(prices.contains { $0["price"] as? String == "8" && $0["origin"] as? String == "computed" })
        try #"{"prices":["gpt-image-2-beta=cheap"]}"#.write(
            toFile: storage + "/fixative.json", atomically: true, encoding: .utf8)
        let wrong = try Program.run("audit", "--storage", storage)
        #expect(wrong.status == 2 && wrong.errors.contains("is not a price; example: gpt-image-2-beta=4 credits"))
    }
}
